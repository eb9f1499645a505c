"""Entries of datasets: the lines of a manifest, as they are read and as they are listed. Pure.

https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/md-create-manifest-file-classification.html has the
format, tm-debugging-json-line-errors the codes of errors. A class map with several labels, as SageMaker Ground Truth
itself writes it, is read too, and a line without a label is an image without one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cvcore import buckets
from cvcore.annotations import ground_truth
from cvcore.annotations.ground_truth import METADATA, SOURCE
from cvcore.annotations.parsing import json_lines
from cvcore.errors import InvalidInput

# An entry has at most 100,000 letters, with its errors.
LINE_LETTERS = 99_000
BOXES = "groundtruth/object-detection"
IMAGE_LEVEL = frozenset({ground_truth.SINGLE, ground_truth.SEVERAL})

MESSAGES = {
    "ERROR_INVALID_JSON_LINE": "The JSON Line has an invalid format.",
    "ERROR_MISSING_SOURCE_REF": "The source-ref key is missing.",
    "ERROR_INVALID_SOURCE_REF_FORMAT": "The format of the source-ref value is invalid.",
    "ERROR_NO_LABEL_ATTRIBUTES": "No label attributes found.",
    "ERROR_NO_VALID_LABEL_ATTRIBUTES": "No valid label attributes found.",
    "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT": "The format of the label attribute metadata is invalid.",
    "ERROR_UNSUPPORTED_USE_CASE_TYPE": "The use case type is not supported.",
    "ERROR_INVALID_IMAGE": "The image is invalid. Check S3 path and/or image properties.",
    # Tagwise's own: Rekognition has no name for these.
    "ERROR_INVALID_LABELS": "The image cannot have these labels.",
    "ERROR_DUPLICATE_IMAGE": "The project has the same image already.",
}


@dataclass(frozen=True)
class Line:
    """What a line says: its image's address, its labels, and the code and reason of an error, if it has one."""

    source: str = ""
    labels: tuple[str, ...] = ()
    code: str = ""
    reason: str = ""
    has_boxes: bool = False


class LineRefused(InvalidInput):
    """A line gives no image; `code` is Rekognition's."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{MESSAGES[code]} {reason}".strip())
        self.code = code


def parse(text: str) -> Line:
    """What a line says; any text has a reading.

    >>> parse('{"source-ref": "s3://pets/1.jpg", "a": 0, "a-metadata": {"class-name": "Cat"}}')
    Line(source='s3://pets/1.jpg', labels=('Cat',), code='', reason='', has_boxes=False)
    >>> parse("Cat").code, parse('{"source-ref": "s3://pets/1.jpg", "label": "Cat"}').code
    ('ERROR_INVALID_JSON_LINE', 'ERROR_NO_LABEL_ATTRIBUTES')
    """
    if len(text) > LINE_LETTERS:
        return Line(code="ERROR_INVALID_JSON_LINE", reason=f"It must have at most {LINE_LETTERS:,} letters.")
    record = json_lines.record(text)
    if isinstance(record, str):
        return Line(code="ERROR_INVALID_JSON_LINE")
    source = record.get(SOURCE)
    if source is None:
        return Line(code="ERROR_MISSING_SOURCE_REF", has_boxes=_has_boxes(record))
    try:
        buckets.parse(source if isinstance(source, str) else "")
    except InvalidInput as refusal:
        return Line(code="ERROR_INVALID_SOURCE_REF_FORMAT", reason=str(refusal), has_boxes=_has_boxes(record))
    labels, reasons = _labels(record)
    code = _code(record) if reasons else ""
    return Line(source, labels, code, reasons[0] if reasons else "", _has_boxes(record))


def listed(line: str, source: str, labels: Sequence[str], date: str) -> str:
    """The line of an entry: as it was given, if the image still has those labels, else with those it has.

    date: when the image came, as `ground_truth.timestamp` writes it; an empty `line` is that of an image that came
    without one.

    >>> listed('{"source-ref": "s3://b/1.jpg", "id": 7}', "s3://b/1.jpg", (), "")
    '{"source-ref": "s3://b/1.jpg", "id": 7, "cl-metadata": {"is_labeled": false}}'
    """
    read = json_lines.record(line) if line else {}
    record = read if isinstance(read, dict) else {}
    if set(_labels({**record, SOURCE: source})[0]) != set(labels):
        attributes = {key.removesuffix(METADATA) for key in record if key.endswith(METADATA)}
        kept = {key: value for key, value in record.items() if key.removesuffix(METADATA) not in attributes}
        record = {**kept, **_written(labels, date)}
    noted = {"cl-metadata": {"is_labeled": bool(labels)}}
    text = json.dumps({SOURCE: source, **record, **noted}, ensure_ascii=False)
    if len(text) > LINE_LETTERS:
        text = json.dumps({SOURCE: source, **_written(labels, date), **noted}, ensure_ascii=False)
    return text


def lines(text: str) -> Iterable[str]:
    """The lines of a manifest that have text; one that is too long to be read is cut."""
    return (stripped[: LINE_LETTERS + 1] for line in text.split("\n") if (stripped := line.strip()))


def _labels(record: dict[str, Any]) -> tuple[tuple[str, ...], list[str]]:
    """The labels of a record, and why labels cannot be read."""
    document = ground_truth.read([(1, record)])
    labels = tuple(tag for row in document.rows for tag in row.tags)
    reasons = [reason for _, reason in document.broken]
    others = [key for key in record if key not in (SOURCE, "creation-date") and not key.endswith(METADATA)]
    if not labels and not reasons and others:
        reasons.append(f"{others[0][:80]!r} must have its metadata beside it: {others[0][:80] + METADATA!r}")
    return labels, reasons


def _code(record: dict[str, Any]) -> str:
    """The code of a record of which a label cannot be read."""
    metadata = [value for key, value in record.items() if key.endswith(METADATA) and isinstance(value, dict)]
    kinds = {str(value.get("type")) for value in metadata if "type" in value}
    if any(ground_truth.FAILURE in value for value in metadata):
        return "ERROR_NO_VALID_LABEL_ATTRIBUTES"
    if kinds - IMAGE_LEVEL:
        return "ERROR_UNSUPPORTED_USE_CASE_TYPE"
    return "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT" if kinds else "ERROR_NO_LABEL_ATTRIBUTES"


def _has_boxes(record: dict[str, Any]) -> bool:
    kinds = [value.get("type") for key, value in record.items() if key.endswith(METADATA) and isinstance(value, dict)]
    return BOXES in kinds or any(isinstance(value, dict) and "annotations" in value for value in record.values())


def _written(labels: Sequence[str], date: str) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for number, label in enumerate(labels):
        record |= ground_truth.label(f"label-{number}", label, job="tagwise", date=date)
    return record
