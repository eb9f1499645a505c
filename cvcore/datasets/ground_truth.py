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

from cvcore.datasets import json_lines
from cvcore.datasets.json_lines import Record
from cvcore.datasets.layouts import Parts, parts, shown
from cvcore.datasets.tables import Row, Table
from cvcore.errors import InvalidInput

SOURCE = "source-ref"
METADATA = "-metadata"
SINGLE, SEVERAL = "groundtruth/image-classification", "groundtruth/image-classification-multilabel"
TRAINING, EVALUATION = "rekognition-custom-labels-training", "rekognition-custom-labels-evaluation"


def is_manifest(data: bytes) -> bool:
    """Whether any line can name an image: other programs write JSON Lines, too.

    >>> is_manifest(b'{"source-ref": "s3://roses/1.jpg"}'), is_manifest(b'{"prompt": ""}')
    (True, False)
    """
    return f'"{SOURCE}"'.encode() in data


def read(data: bytes, name: str) -> Table:
    """The rows of a manifest, with the paths in `source-ref`; and the lines that cannot be read, with the reason.

    A line with one unreadable label keeps its other labels, and is in both lists.

    Raises:
        ArchiveRefused: it is too large.
    """
    rows: list[Row] = []
    broken: list[tuple[int, str]] = []
    for line, record in json_lines.read(data, name):
        if isinstance(record, str):
            broken.append((line, record))
        elif not (source := json_lines.text(record.get(SOURCE))):
            broken.append((line, f"a line must name its image in {SOURCE}, this one does not: correct it"))
        else:
            tags, reasons = _labels(record)
            rows.append(Row(line, parts(source), tags))
            broken += [(line, reason) for reason in reasons]
    return rows, broken


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


class Matches:
    """Finds the image that a `source-ref` names: the one whose path shares the longest end with it.

    If several share it, the image whose entire path is that end; if there is no such image, the lookup fails.
    """

    def __init__(self, paths: Iterable[Parts]) -> None:
        self._places: dict[Parts, int | None] = {}
        entire: dict[Parts, int] = {}
        for place, path in enumerate(paths):
            entire.setdefault(path, place)
            for start in range(1, len(path)):
                end = path[start:]
                self._places[end] = None if end in self._places else place
        self._places |= entire
        self._longest = max(map(len, self._places), default=0)

    def find(self, source: Parts) -> int:
        """The index of the image among the paths.

        Raises:
            InvalidInput: no image matches, or several do.

        >>> Matches([("a", "1.jpg"), ("b", "1.jpg")]).find(("s3:", "roses", "b", "1.jpg"))
        1
        """
        name = shown("/".join(source))
        for length in range(min(len(source), self._longest), 0, -1):
            if (end := source[-length:]) not in self._places:
                continue
            if (place := self._places[end]) is not None:
                return place
            raise InvalidInput(f"a line must name one image, {name!r} matches several: give the path with its folders")
        raise InvalidInput(
            f"a line must name an image in the folder or zip, {name!r} is not there: add it or correct the name"
        )


def _labels(record: Record) -> tuple[tuple[str, ...], list[str]]:
    tags: list[str] = []
    reasons: list[str] = []
    for key, metadata in record.items():
        # A model's prediction is not a label.
        if not key.endswith(METADATA) or key.startswith(EVALUATION):
            continue
        attribute = key.removesuffix(METADATA)
        try:
            tags += _tags(attribute, record.get(attribute), metadata if isinstance(metadata, dict) else {})
        except InvalidInput as refusal:
            reasons.append(str(refusal))
    return tuple(dict.fromkeys(tags)), reasons


def _tags(attribute: str, value: Any, metadata: Record) -> list[str]:
    name, kind = shown(attribute), metadata.get("type")
    if "failure-reason" in metadata:
        raise InvalidInput(f"a label must be complete, {name!r} failed at Ground Truth: tag the image in Tagwise")
    if kind == SINGLE:
        tags = [json_lines.text(metadata.get("class-name"))]
    elif kind == SEVERAL:
        classes = metadata.get("class-map")
        numbers = value if isinstance(value, list) else [None]
        tags = [json_lines.text(classes.get(str(number))) if isinstance(classes, dict) else "" for number in numbers]
    else:
        raise InvalidInput(
            f"a label must be for the entire image, {name!r} has the type {shown(str(kind))!r}: "
            "the image is imported without it"
        )
    if not all(tags):
        raise InvalidInput(f"a label must have a class name, {name!r} has none: correct the line")
    return tags
