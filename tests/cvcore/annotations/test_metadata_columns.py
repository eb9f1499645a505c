"""Columns beside image, tags and split become metadata; what is left out is said."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import pytest

from cvcore.annotations import Document, metadata_columns, read
from cvcore.annotations.columns import for_metadata


def table(header: Sequence[str], *rows: Sequence[str]) -> Document:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    document = read("labels.csv", text.getvalue().encode())
    assert document is not None
    return document


def records(*lines: dict[str, Any]) -> Document:
    document = read("metadata.jsonl", "\n".join(map(json.dumps, lines)).encode())
    assert document is not None
    return document


def test_columns_are_kept() -> None:
    """Each line's texts stand beside its tags and split, and a note names the keys; a cell without a value is none."""
    document = table(
        ["file", "labels", "split", "Room", "weather"],
        ["1.jpg", "rose", "test", "12", "sunny"],
        ["2.jpg", "tulip", "train", "nan", " rainy "],
    )
    assert [(("Room", "12"), ("weather", "sunny")), (("weather", "rainy"),)] == [row.metadata for row in document.rows]
    assert [("rose",), ("tulip",)] == [row.tags for row in document.rows]
    assert ("Kept as metadata: Room, weather.",) == document.notes


def test_values_of_json() -> None:
    """Numbers, yes and no and texts are texts; lists and objects are left out as a column."""
    document = records(
        {"file_name": "1.jpg", "label": "a", "n": 3, "x1": 0.5, "is_wet": True, "embedding": [0.1], "o": {"a": 1}},
        {"file_name": "2.jpg", "label": "b", "n": None, "x1": 2, "is_wet": False, "embedding": [0.2], "o": None},
    )
    assert [
        (("n", "3"), ("x1", "0.5"), ("is_wet", "true")),
        (("x1", "2"), ("is_wet", "false")),
    ] == [row.metadata for row in document.rows]
    assert ("Kept as metadata: n, x1, is_wet.", "Columns that are not read: embedding, o (lists).") == document.notes


def test_columns_of_tags_are_no_metadata() -> None:
    """Labels, a column for each tag, codes of names and what is read from the image are as before."""
    one_hot = table(["image", "cat", "dog"], ["1.jpg", "1", "0"], ["2.jpg", "0", "1"])
    assert [(), ()] == [row.metadata for row in one_hot.rows]
    named = table(["filename", "width", "class", "label", "camera"], ["1.jpg", "30", "0", "rose", "A"])
    assert [(("camera", "A"),)] == [row.metadata for row in named.rows]
    assert "Columns that are not read: width (read from the image itself, or of a box)." in named.notes


def test_measures_of_the_image_are_numbers() -> None:
    """A column called size or index is left out where it holds numbers or hashes, and kept where it holds words."""
    document = table(
        ["file", "labels", "size", "index", "md5", "w"],
        ["1.jpg", "rose", "XL", "1", "d41d8cd98f00b204e9800998ecf8427e", "1e3"],
        ["2.jpg", "rose", "M", "2", "d41d8cd98f00b204e9800998ecf8427f", ""],
    )
    assert [(("size", "XL"),), (("size", "M"),)] == [row.metadata for row in document.rows]


def test_a_place_is_a_column_like_others() -> None:
    """A table that names places is its author's: nothing is hidden or read differently."""
    document = table(["file", "labels", "GPS", "location"], ["1.jpg", "rose", "48.85, 2.29", "Paris"])
    assert (("GPS", "48.85, 2.29"), ("location", "Paris")) == document.rows[0].metadata


def test_of_many_columns_those_that_repeat_are_kept() -> None:
    """An embedding with a column for each number is left out, the camera beside it is kept, and a note says both."""
    numbers = [f"f{number}" for number in range(300)]
    rows = [
        [f"{row}.jpg", "rose", *(f"{row + place / 1000:.3f}" for place in range(300)), "AB"[row % 2]]
        for row in range(30)
    ]
    document = table(["file", "labels", *numbers, "camera"], *rows)
    assert {(("camera", "A"),), (("camera", "B"),)} == {row.metadata for row in document.rows}
    kept, left = document.notes
    assert ("Kept as metadata: camera.", True) == (kept, "f9 and 290 more (more than 50)" in left)


def test_never_more_than_custom_vision_takes() -> None:
    """Fifty keys, of 256 letters, with values of 512; more columns, longer names and values are left out and told."""
    names = [f"k{number}" for number in range(60)]
    document = table(["file", "labels", *names], *[[f"{row}.jpg", "a", *"x" * 60] for row in range(30)])
    assert {metadata_columns.KEYS} == {len(row.metadata) for row in document.rows}
    long = table(["file", "labels", "note", "x" * 257], ["1.jpg", "a", "x" * 512, "1"], ["2.jpg", "a", "x" * 513, "1"])
    assert [[512], []] == [[len(text) for _, text in row.metadata] for row in long.rows]
    assert any("1 value of metadata longer than 512 letters: left out, in note." == note for note in long.notes)
    assert any("is not one of 1 to 256 letters" in note for note in long.notes)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (" a\x1b[2J\tb ", "x\x00y\x1bz", ("a [2J b", "xyz")),
        ("<script>", "<img src=x onerror=alert(1)>", ("<script>", "<img src=x onerror=alert(1)>")),
        ("=cmd", "=1+1", ("=cmd", "=1+1")),
        ("Cafe\u0301", "re\u0301", ("Café", "ré")),
        ("天気", "晴れ\r\n曇り", ("天気", "晴れ\n曇り")),
        ("constructor", "none", ("constructor", "none")),
    ],
)
def test_hostile_names_and_values(name: str, value: str, expected: tuple[str, str]) -> None:
    """Control characters are taken out, everything else stays a text; composed letters are one."""
    document = records({"file_name": "1.jpg", "label": "a", name: value})
    assert (expected,) == document.rows[0].metadata


def test_two_columns_of_one_name() -> None:
    """Of columns whose names differ by spaces alone the first counts, and the other is told."""
    document = records({"file_name": "1.jpg", "label": "a", "room": "1", " room": "2"})
    assert (("room", "1"),) == document.rows[0].metadata
    assert any("room (its name is not one of" in note for note in document.notes)


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("room", ["12"]),
        ("class", ["4b"]),
        ("labels_2", ["x"]),
        ("test", ["yes"]),
        ("phase", ["test", "train"]),
        ("original", ["IMG_1.jpg"]),
        ("file", ["a"]),
        ("caption", ["a rose"]),
        ("width", ["3"]),
        ("metadata: a", ["b"]),
        ("Tags", ["a|b"]),
    ],
)
def test_the_name_of_a_column_is_read_back(key: str, values: list[str]) -> None:
    """Metadata of any key, written under the name that is made for it, are read as just these metadata."""
    name = for_metadata(key, values)
    document = table(["file", "labels", name], *[[f"{n}.jpg", "rose", value] for n, value in enumerate(values)])
    assert [((key, value),) for value in values] == [row.metadata for row in document.rows]
    assert {("rose",)} == {row.tags for row in document.rows}
