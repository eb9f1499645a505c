"""Manifests of SageMaker Ground Truth, as Rekognition Custom Labels reads and writes them too.

A line of JSON for each picture: `source-ref` says which it is, each pair of an attribute and its `…-metadata` gives
it a tag, or several at once under `class-map`. Of one tag the attribute's own value, a number, means nothing here. In
a manifest that is called `test.…` the pictures are for testing.

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
from cvcore.datasets.labels_csv import Row, Table
from cvcore.datasets.layouts import Parts, parts, shown
from cvcore.errors import InvalidInput

SOURCE = "source-ref"
METADATA = "-metadata"
SINGLE, SEVERAL = "groundtruth/image-classification", "groundtruth/image-classification-multilabel"
TRAINING, EVALUATION = "rekognition-custom-labels-training", "rekognition-custom-labels-evaluation"


def is_manifest(data: bytes) -> bool:
    """Whether any line could name a picture; other programs write JSON by lines, too.

    >>> is_manifest(b'{"source-ref": "s3://roses/1.jpg"}'), is_manifest(b'{"prompt": ""}')
    (True, False)
    """
    return f'"{SOURCE}"'.encode() in data


def read(data: bytes, name: str) -> Table:
    """The rows of a manifest, and of what could not be read the line and the reason; paths are as `source-ref` says.

    A line of which one label cannot be read keeps the others, and is in both.

    Raises:
        ArchiveRefused: it is far too large.
    """
    rows: list[Row] = []
    broken: list[tuple[int, str]] = []
    for line, record in json_lines.read(data, name):
        if isinstance(record, str):
            broken.append((line, record))
        elif not (source := json_lines.text(record.get(SOURCE))):
            broken.append((line, f"a line must say in {SOURCE} which picture it is of, this one does not: correct it"))
        else:
            tags, reasons = _labels(record)
            rows.append(Row(line, parts(source), tags))
            broken += [(line, reason) for reason in reasons]
    return rows, broken


def line(source: str, tags: Sequence[str], date: str) -> str:
    """The line of a picture with these tags, which may be none."""
    record: Record = {SOURCE: source}
    for number, tag in enumerate(tags):
        record |= label(f"label-{number}", tag, job="tagwise", date=date)
    return json.dumps(record, ensure_ascii=False)


def label(
    attribute: str, tag: str, *, job: str, date: str, confidence: float = 1.0, is_by_hand: bool = True
) -> dict[str, Any]:
    """An attribute and what is known of it; `date` is as `timestamp` writes it."""
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
    """UTC without saying so, as AWS writes it.

    >>> timestamp(datetime(2026, 1, 2, tzinfo=UTC))
    '2026-01-02T00:00:00.000000'
    """
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


class Matches:
    """Finds the picture that a `source-ref` means: the one whose path shares the longest end with it.

    Of several that share as much, the one whose whole path it is, else none.
    """

    def __init__(self, paths: Iterable[Parts]) -> None:
        self._places: dict[Parts, int | None] = {}
        whole: dict[Parts, int] = {}
        for place, path in enumerate(paths):
            whole.setdefault(path, place)
            for start in range(1, len(path)):
                end = path[start:]
                self._places[end] = None if end in self._places else place
        self._places |= whole
        self._longest = max(map(len, self._places), default=0)

    def find(self, source: Parts) -> int:
        """The place of the picture among the paths.

        Raises:
            InvalidInput: there is none, or there are several.

        >>> Matches([("a", "1.jpg"), ("b", "1.jpg")]).find(("s3:", "roses", "b", "1.jpg"))
        1
        """
        name = shown("/".join(source))
        for length in range(min(len(source), self._longest), 0, -1):
            if (end := source[-length:]) not in self._places:
                continue
            if (place := self._places[end]) is not None:
                return place
            raise InvalidInput(f"a line must name one picture, {name!r} could be several: keep their folders apart")
        raise InvalidInput(f"a line must name a picture that is here, {name!r} is not: add it or correct the name")


def _labels(record: Record) -> tuple[tuple[str, ...], list[str]]:
    tags: list[str] = []
    reasons: list[str] = []
    for key, told in record.items():
        # What a model answered is no label.
        if not key.endswith(METADATA) or key.startswith(EVALUATION):
            continue
        attribute = key.removesuffix(METADATA)
        try:
            tags += _tags(attribute, record.get(attribute), told if isinstance(told, dict) else {})
        except InvalidInput as refusal:
            reasons.append(str(refusal))
    return tuple(dict.fromkeys(tags)), reasons


def _tags(attribute: str, value: Any, told: Record) -> list[str]:
    name, kind = shown(attribute), told.get("type")
    if "failure-reason" in told:
        raise InvalidInput(f"a label must be finished, {name!r} failed at Ground Truth: label the picture here")
    if kind == SINGLE:
        found = [json_lines.text(told.get("class-name"))]
    elif kind == SEVERAL:
        classes = told.get("class-map")
        given = value if isinstance(value, list) else [None]
        found = [json_lines.text(classes.get(str(each))) if isinstance(classes, dict) else "" for each in given]
    else:
        raise InvalidInput(
            f"a label must be of the whole picture, {name!r} is of the type {shown(str(kind))!r}: "
            "the picture comes in without it"
        )
    if not all(found):
        raise InvalidInput(f"a label must have its class's name, {name!r} lacks it: correct the line")
    return found
