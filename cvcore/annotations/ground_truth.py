"""Manifests of SageMaker Ground Truth, which Rekognition Custom Labels also reads and writes.

One line of JSON per image: `source-ref` names the image, and each pair of an attribute and its `…-metadata` gives it
one tag, or several tags by `class-map`. For one tag the attribute's own value, a number, is ignored. The images in a
manifest called `test.…` are test images.

https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/md-create-manifest-file-classification.html
https://docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from cvcore.annotations import cells
from cvcore.annotations.documents import Document, Row, parts, shown
from cvcore.annotations.parsing.json_lines import Record
from cvcore.errors import InvalidInput
from cvcore.languages import t, tn

SOURCE = "source-ref"
METADATA = "-metadata"
SINGLE, SEVERAL = "groundtruth/image-classification", "groundtruth/image-classification-multilabel"
FAILURE = "failure-reason"
# What a label without its metadata is called.
LIKE_LABELS = frozenset({"label", "labels", "class", "class-name", "class_name", "category", "tag", "tags"})
TRAINING, EVALUATION = "rekognition-custom-labels-training", "rekognition-custom-labels-evaluation"


def read(lines: Iterable[tuple[int, Record | str]]) -> Document:
    """The rows of a manifest, with the paths in `source-ref`; and the lines that cannot be read, with the reason.

    lines: each line's number with its object, or with the reason why it has none. A line with one unreadable label
    keeps its other labels, and is in both lists.
    """
    rows: list[Row] = []
    broken: list[tuple[int, str]] = []
    for line, record in lines:
        if isinstance(record, str):
            broken.append((line, record))
        elif not (source := cells.name(record.get(SOURCE))):
            reason = t("a line must name its image in {column}, this one does not: correct it", column=SOURCE)
            broken.append((line, reason))
        else:
            tags, reasons = _labels(record)
            rows.append(Row(line, parts(source), tags))
            broken += [(line, reason) for reason in reasons]
    told = {line for line, _ in broken}
    bare = [row.line for row in rows if not row.tags and row.line not in told]
    notes = []
    if bare:
        notes.append(
            tn(
                len(bare),
                "{n} line of the manifest, first line {line}, without a label: no tags.",
                "{n} lines of the manifest, first line {line}, without a label: no tags.",
                line=bare[0],
            )
        )
    return Document(t("Ground Truth manifest"), tuple(rows), tuple(broken), tuple(notes))


def line(source: str, tags: Sequence[str], date: str) -> str:
    """The line of an image with these tags, or without tags."""
    record: Record = {SOURCE: source}
    for number, tag in enumerate(tags):
        record |= label(f"label-{number}", tag, job="tagwise", date=date)
    return json.dumps(record, ensure_ascii=False)


def label(
    attribute: str, tag: str, *, job: str, date: str, confidence: float = 1.0, is_by_hand: bool = True
) -> dict[str, Any]:
    """The two fields of a line that give an image one tag; `date` is as `timestamp` writes it."""
    return {
        attribute: 1,
        attribute + METADATA: {
            "confidence": confidence,
            "job-name": job,
            "class-name": tag,
            "human-annotated": "yes" if is_by_hand else "no",
            "creation-date": date,
            "type": SINGLE,
        },
    }


def timestamp(moment: datetime) -> str:
    """A time in UTC without an offset, as AWS writes it.

    >>> timestamp(datetime(2026, 1, 2, tzinfo=UTC))
    '2026-01-02T00:00:00.000000'
    """
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def _labels(record: Record) -> tuple[tuple[str, ...], list[str]]:
    tags: list[str] = []
    reasons: list[str] = []
    attributes = [key.removesuffix(METADATA) for key in record if key.endswith(METADATA)]
    for attribute in attributes:
        metadata = record[attribute + METADATA]
        # A model's prediction is no label, nor is what Rekognition notes about the line itself.
        is_note = attribute not in record and not (isinstance(metadata, dict) and {"type", FAILURE} & metadata.keys())
        if is_note or attribute.startswith(EVALUATION):
            continue
        try:
            tags += _tags(attribute, record.get(attribute), metadata if isinstance(metadata, dict) else {})
        except InvalidInput as refusal:
            reasons.append(str(refusal))
    others = [key for key in record if key != SOURCE and not key.endswith(METADATA) and key not in attributes]
    if not tags and not reasons and (unread := [key for key in others if key.casefold() in LIKE_LABELS]):
        key = unread[0]
        reasons.append(
            t(
                "a label must have its {field} beside it, {key} ({value}) has none: add it, or tag the image in "
                "Tagwise",
                field=key + METADATA,
                key=shown(key),
                value=repr(shown(str(record[key]))),
            )
        )
    return tuple(dict.fromkeys(tags)), reasons


def _tags(attribute: str, value: Any, metadata: Record) -> list[str]:
    name, kind = shown(attribute), metadata.get("type")
    if FAILURE in metadata:
        raise InvalidInput(
            t("a label must be complete, {name} failed at Ground Truth: tag the image in Tagwise", name=repr(name))
        )
    if kind == SINGLE or (kind is None and "class-name" in metadata):
        tags = [cells.name(metadata.get("class-name"))]
    elif kind == SEVERAL or (kind is None and "class-map" in metadata):
        classes = metadata.get("class-map")
        numbers = value if isinstance(value, list) else [None]
        tags = [cells.name(classes.get(str(number))) if isinstance(classes, dict) else "" for number in numbers]
    else:
        raise InvalidInput(
            t(
                "a label must be for the entire image, {name} has the type {type}: the image is imported without it",
                name=repr(name),
                type=repr(shown(str(kind))),
            )
        )
    if not all(tags):
        raise InvalidInput(t("a label must have a class name, {name} has none: correct the line", name=repr(name)))
    return tags
