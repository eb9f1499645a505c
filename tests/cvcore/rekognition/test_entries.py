"""Lines of manifests are read as AWS, SageMaker Ground Truth and Tagwise write them, and are listed as they came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvcore.rekognition import entries
from cvcore.rekognition.entries import MESSAGES, Line

SOURCE = "s3://pets/one.png"
DATE = "2026-01-02T03:04:05.678901"


def single(name: str, **more: Any) -> dict[str, Any]:
    return {"class-name": name, "type": "groundtruth/image-classification", **more}


def record(**fields: Any) -> str:
    return json.dumps({"source-ref": SOURCE, **{key.replace("_", "-"): value for key, value in fields.items()}})


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        (record(a=0, a_metadata=single("cat")), ("cat",)),
        (record(a="cat", a_metadata=single("cat")), ("cat",)),
        (record(a=0, a_metadata=single("cat"), b=1, b_metadata=single("tail")), ("cat", "tail")),
        (record(a=0, a_metadata=single("cat"), b=1, b_metadata=single("cat")), ("cat",)),
        (record(a=0, a_metadata={"class-name": "cat"}), ("cat",)),
        (record(a=[1], a_metadata={"class-map": {"1": "cat"}}), ("cat",)),
        (record(), ()),
        (record(cl_metadata={"is_labeled": False}, creation_date="2021"), ()),
    ],
)
def test_labels_are_read(text: str, labels: tuple[str, ...]) -> None:
    """One or several attributes, a class map, or no label at all."""
    assert entries.parse(text) == Line(SOURCE, labels)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "ERROR_INVALID_JSON_LINE"),
        ("[]", "ERROR_INVALID_JSON_LINE"),
        ('{"source-ref": NaN}', "ERROR_INVALID_JSON_LINE"),
        ('{"source-ref": 1e400}', "ERROR_INVALID_JSON_LINE"),
        (record(note="x" * entries.LINE_LETTERS), "ERROR_INVALID_JSON_LINE"),
        ("{}", "ERROR_MISSING_SOURCE_REF"),
        ('{"source-ref": 1}', "ERROR_INVALID_SOURCE_REF_FORMAT"),
        ('{"source-ref": "/home/me/one.png"}', "ERROR_INVALID_SOURCE_REF_FORMAT"),
        ('{"source-ref": "s3://pets"}', "ERROR_INVALID_SOURCE_REF_FORMAT"),
        (record(label="cat"), "ERROR_NO_LABEL_ATTRIBUTES"),
        (record(sunrise=1, creation_date="2021"), "ERROR_NO_LABEL_ATTRIBUTES"),
        (record(a=0, a_metadata=single("")), "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"),
        (record(a=0, a_metadata={"failure-reason": "timeout"}), "ERROR_NO_VALID_LABEL_ATTRIBUTES"),
        (record(a=0, a_metadata={"type": "groundtruth/semantic-segmentation"}), "ERROR_UNSUPPORTED_USE_CASE_TYPE"),
        (
            record(a=0, a_metadata=single("cat"), b=0, b_metadata=single(7.5)),
            "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT",
        ),
    ],
)
def test_what_cannot_be_read_has_a_code(text: str, code: str) -> None:
    """Rekognition's own code for what is wrong; one label that cannot be read is enough."""
    assert entries.parse(text).code == code
    assert code in MESSAGES


def test_boxes_are_seen() -> None:
    """By their type, or by their annotations, also in a line that has labels or no image."""
    assert entries.parse(record(a={}, a_metadata={"type": "groundtruth/object-detection"})).has_boxes
    assert entries.parse(record(a=0, a_metadata=single("cat"), b={"annotations": []})).has_boxes
    assert entries.parse('{"b": {"annotations": []}}').has_boxes
    assert not entries.parse(record(a=0, a_metadata=single("cat"))).has_boxes


def test_an_entry_is_listed_as_it_came() -> None:
    """With all its fields, as long as the image has the labels of the line."""
    text = record(a=0, a_metadata=single("cat", confidence=0.9), id=7)
    noted = {"cl-metadata": {"is_labeled": True}}
    assert json.loads(entries.listed(text, SOURCE, ["cat"], DATE)) == {**json.loads(text), **noted}


def test_changed_labels_are_listed_as_they_are() -> None:
    """Old labels are left out, other fields stay, and what is listed is read again as those labels."""
    text = record(a=0, a_metadata=single("cat"), id=7, cl_metadata={"is_labeled": True})
    for labels in (("dog", "tail"), ()):
        listed = entries.listed(text, SOURCE, labels, DATE)
        assert entries.parse(listed).labels == labels
        assert "a" not in json.loads(listed)
        assert json.loads(listed)["cl-metadata"] == {"is_labeled": bool(labels)}
    assert json.loads(entries.listed(text, SOURCE, (), DATE))["id"] == 7


def test_an_image_of_the_pages_has_a_line() -> None:
    """The line of an image that came without one, in full."""
    metadata = {"confidence": 1.0, "job-name": "tagwise", "class-name": "cat", "human-annotated": "yes"}
    assert json.loads(entries.listed("", SOURCE, ["cat"], DATE)) == {
        "source-ref": SOURCE,
        "label-0": 1,
        "label-0-metadata": {**metadata, "creation-date": DATE, "type": "groundtruth/image-classification"},
        "cl-metadata": {"is_labeled": True},
    }


def test_an_entry_is_never_too_long() -> None:
    """Rekognition's answers have at most 100,000 letters an entry: other fields are left out of longer ones."""
    text = record(id="x" * (entries.LINE_LETTERS - 200), a=0, a_metadata=single("cat"))
    assert len(entries.listed(text, SOURCE, ["cat"], DATE)) <= 100_000
    many = entries.listed(text, SOURCE, [f"{number:0128}" for number in range(100)], DATE)
    assert len(many) <= 100_000
    assert len(entries.parse(many).labels) == 100


KEYS = st.sampled_from(["source-ref", "a", "a-metadata", "type", "class-name", "class-map", "annotations"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just(SOURCE),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS, inside, max_size=5),
)


@given(st.text() | VALUES.map(json.dumps))
def test_any_text_has_a_reading(text: str) -> None:
    """Whatever a line says, reading it raises nothing."""
    assert entries.parse(text).code in {"", *MESSAGES}


def test_aws_own_dump_is_read(shared: Path) -> None:
    """Every line of a dataset as AWS listed it has its labels."""
    text = (shared / "cases" / "140" / "in" / "train.manifest").read_text()
    read = [entries.parse(line) for line in entries.lines(text)]
    assert {line.code for line in read} == {""}
    assert all(line.labels for line in read)
