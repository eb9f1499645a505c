"""Ground Truth's manifests and Hugging Face's image folders give tags, and nothing is left out in silence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cvcore import datasets
from cvcore.annotations import Matches, ground_truth
from cvcore.annotations.parsing import json_lines
from cvcore.errors import ArchiveRefused

DATE = "2020-04-15T20:17:23.433061"


def listing(files: dict[str, str | bytes]) -> datasets.Listing:
    return datasets.entries_from_uploads(
        [(name, data if isinstance(data, bytes) else data.encode()) for name, data in files.items()]
    )


def tagged(files: dict[str, str | bytes]) -> dict[str, tuple[tuple[str, ...], bool]]:
    return {entry.name: (entry.tags, entry.is_test) for entry in listing(files).entries}


def skipped(files: dict[str, str | bytes]) -> list[tuple[str, str]]:
    return list(listing(files).skipped)


def lines(*records: Any) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def single(source: str, tag: Any, **more: Any) -> dict[str, Any]:
    metadata = {"class-name": tag, "confidence": 0.95, "type": "groundtruth/image-classification", **more}
    return {"source-ref": source, "flower": 0, "flower-metadata": metadata}


def several(source: str, value: Any, classes: Any) -> dict[str, Any]:
    metadata = {"class-map": classes, "type": "groundtruth/image-classification-multilabel"}
    return {"source-ref": source, "fruit": value, "fruit-metadata": metadata}


def test_a_manifest_gives_each_picture_its_class() -> None:
    """The class's name is the tag, whatever the attribute's number; images without a line have none."""
    manifest = lines(single("s3://garden/flowers/1.jpg", "rose"), single("s3://garden/flowers/2.jpg", "tulip"))
    images = tagged({"output.manifest": manifest, "1.jpg": b"", "a/2.jpg": b"", "a/3.jpg": b""})
    assert images == {"1.jpg": (("rose",), False), "2.jpg": (("tulip",), False), "3.jpg": ((), False)}


def test_a_manifest_gives_several_tags() -> None:
    """Both of AWS' ways are read: a class map, and an attribute for each tag."""
    attributes = {"source-ref": "s3://b/2.jpg"}
    for number, tag in enumerate(["football", "outdoors"]):
        attributes |= ground_truth.label(f"sport{number}", tag, job="j", date=DATE)
    manifest = lines(several("s3://b/1.jpg", [0, 2], {"0": "apple", "1": "kiwi", "2": "pear"}), attributes)
    images = tagged({"all.jsonl": manifest, "1.jpg": b"", "2.jpg": b""})
    assert images == {"1.jpg": (("apple", "pear"), False), "2.jpg": (("football", "outdoors"), False)}


def test_lines_of_one_picture_add_up() -> None:
    """Several lines, in several manifests too, are one image's; those in a manifest called test are test images."""
    images = tagged(
        {
            "train.manifest": lines(single("s3://b/1.jpg", "rose"), single("s3://b/2.jpg", "rose")),
            "Test.manifest": lines(single("s3://b/1.jpg", "red")),
            "1.jpg": b"",
            "2.jpg": b"",
        }
    )
    assert images == {"1.jpg": (("red", "rose"), True), "2.jpg": (("rose",), False)}


def test_broken_lines_are_listed_and_the_rest_is_imported() -> None:
    """Each broken line is listed by its number; the others are read."""
    manifest = "\n".join(
        [
            json.dumps(single("s3://b/1.jpg", "rose")),
            '{"source-ref": "s3://b/1.jpg"',
            "",
            "[" * 100_000,
            '{"source-ref": 7.5}',
            json.dumps(single("s3://b/gone.jpg", "rose")),
            json.dumps(single("s3://b/3.jpg", "rose")),
            json.dumps(single("s3://b/2.jpg", 7.5)),
            json.dumps({"source-ref": "s3://b/2.jpg", "a": 0, "a-metadata": {"type": "groundtruth/object-detection"}}),
            json.dumps(several("s3://b/2.jpg", [4], {"0": "apple"})),
            json.dumps({"source-ref": "s3://b/2.jpg", "a-metadata": {"failure-reason": "ClientError"}}),
            '{"source-ref": "\\ud800.jpg"}',
        ]
    )
    files: dict[str, str | bytes] = {"a.manifest": manifest, "1.jpg": b"", "2.jpg": b"", "x/3.jpg": b"", "y/3.jpg": b""}
    no_object = "a line must be a JSON object, this one is not: correct it"
    assert tagged({key: files[key] for key in files if key != "x/3.jpg"})["1.jpg"] == (("rose",), False)
    assert sorted(skipped(files), key=lambda line: int(line[0].split()[-1])) == [
        ("a.manifest line 2", no_object),
        ("a.manifest line 4", no_object),
        ("a.manifest line 5", "a line must name its image in source-ref, this one does not: correct it"),
        (
            "a.manifest line 6",
            "a line must name an image in the folder or zip, 's3:/b/gone.jpg' is not there: add it or correct the name",
        ),
        (
            "a.manifest line 7",
            "a line must name one image, 's3:/b/3.jpg' matches several: give the path with its folders",
        ),
        ("a.manifest line 8", "a label must have a class name, 'flower' has none: correct the line"),
        (
            "a.manifest line 9",
            "a label must be for the entire image, 'a' has the type 'groundtruth/object-detection': "
            "the image is imported without it",
        ),
        ("a.manifest line 10", "a label must have a class name, 'fruit' has none: correct the line"),
        ("a.manifest line 11", "a label must be complete, 'a' failed at Ground Truth: tag the image in Tagwise"),
        ("a.manifest line 12", no_object),
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("s3://b/x/1.jpg", 0),
        ("s3://b/c/y/1.jpg", 1),
        ("s3://b/1.jpg", 2),
        ("s3://b/x/2.jpg", 3),
        ("2.jpg", 3),
    ],
)
def test_the_longest_end_decides(source: str, expected: int) -> None:
    """An image is found by as much of its path as the source has; an entire path wins over a longer one's end."""
    paths = [("x", "1.jpg"), ("y", "1.jpg"), ("1.jpg",), ("z", "2.jpg")]
    assert Matches(paths).find(tuple(part for part in source.split("/") if part)) == [expected]


def test_a_models_answers_are_no_labels() -> None:
    """Of the evaluation manifests of Rekognition and Tagwise the labels are read, the predictions are not."""
    record = {"source-ref": "s3://b/1.jpg"}
    record |= ground_truth.label(f"{ground_truth.TRAINING}-0", "rose", job="j", date=DATE)
    record |= ground_truth.label(f"{ground_truth.EVALUATION}-0", "tulip", job="j", date=DATE, is_by_hand=False)
    assert tagged({"a.jsonl": lines(record), "1.jpg": b""}) == {"1.jpg": (("rose",), False)}


def test_other_lines_of_json_are_no_manifest() -> None:
    """Lines that name no image change nothing: the folders give the tags."""
    files: dict[str, str | bytes] = {"rose/1.jpg": b"", "tulip/2.jpg": b"", "notes.jsonl": lines({"prompt": "x"})}
    assert tagged(files) == {"1.jpg": (("rose",), False), "2.jpg": (("tulip",), False)}
    assert skipped(files) == [("notes.jsonl", "only images are imported, a .jsonl file is not an image: leave it out")]


def test_an_image_folder_by_lines() -> None:
    """metadata.jsonl gives one tag or several; the folder test is for testing, other splits are not."""
    files: dict[str, str | bytes] = {
        "set/train/metadata.jsonl": lines(
            {"file_name": "1.jpg", "label": "rose"}, {"file_name": "a/2.jpg", "label": ["rose", "red"]}
        ),
        "set/train/1.jpg": b"",
        "set/train/a/2.jpg": b"",
        "set/test/metadata.jsonl": lines({"file_name": "3.jpg", "label": None}),
        "set/test/3.jpg": b"",
        "set/test/4.jpg": b"",
        "set/validation/5.jpg": b"",
    }
    expected = {
        "1.jpg": (("rose",), False),
        "2.jpg": (("rose", "red"), False),
        "3.jpg": ((), True),
        "4.jpg": ((), True),
        "5.jpg": ((), False),
    }
    assert (tagged(files), skipped(files)) == (expected, [])


def test_an_image_folder_by_a_table() -> None:
    """metadata.csv does as well, at the top too; its only other column holds the tags, whatever it is called."""
    table = '\ufefffile_name,species\ntrain/1.jpg,rose|red\ntest/2.jpg,\ntrain/3.jpg\n"..",x\n'
    files: dict[str, str | bytes] = {"metadata.csv": table, "train/1.jpg": b"", "test/2.jpg": b""}
    assert tagged(files) == {"1.jpg": (("rose", "red"), False), "2.jpg": ((), True)}
    assert skipped(files) == [
        ("metadata.csv line 4", "a row must have 2 columns like the first line, this one has 1: correct it"),
        (
            "metadata.csv line 5",
            "a line must name an image in the folder or zip, '..' is not there: add it or correct the name",
        ),
    ]


def test_broken_metadata_is_listed_by_its_line() -> None:
    """A line without a name or with a label of another kind is listed; a number is a tag's name."""
    table = lines({"label": "a"}, {"file_name": "1.jpg", "label": {"a": 1}}, {"file_name": "2.jpg", "label": 3}, [])
    files: dict[str, str | bytes] = {"metadata.jsonl": table, "1.jpg": b"", "2.jpg": b""}
    assert tagged(files) == {"1.jpg": ((), False), "2.jpg": (("3",), False)}
    assert skipped(files) == [
        ("metadata.jsonl line 1", "a line must name its image in file_name, this one does not: correct it"),
        ("metadata.jsonl line 2", "a label must be text or a list of texts, 'label' is not: correct it"),
        ("metadata.jsonl line 4", "a line must be a JSON object, this one is not: correct it"),
    ]


def test_captions_and_measures_are_no_tags() -> None:
    """A table without a column of tags leaves them to the folders, and says so."""
    table = lines({"file_name": "1.jpg", "caption": "a rose", "width": 3})
    read = listing({"metadata.jsonl": table, "rose/1.jpg": b"", "tulip/2.jpg": b""})
    assert [entry.tags for entry in read.entries] == [("rose",), ("tulip",)]
    assert read.notes == (
        "metadata.jsonl has no column of tags (its columns: caption, width). If one has the tags, call it label.",
        "Kept as metadata: caption.",
        "Columns that are not read: width (read from the image itself, or of a box).",
    )
    assert [entry.metadata for entry in read.entries] == [(("caption", "a rose"),), ()]


def test_labels_csv_comes_first() -> None:
    """Beside a labels.csv no other table is read, and each is listed."""
    files: dict[str, str | bytes] = {
        "labels.csv": "file,labels,test\n1.jpg,rose,yes\n2.jpg,rose,\n3.jpg,rose\n",
        "metadata.csv": "file_name,label\n1.jpg,x\n",
        "images/1.jpg": b"",
        "images/2.jpg": b"",
    }
    assert tagged(files) == {"1.jpg": (("rose",), True), "2.jpg": (("rose",), False)}
    assert skipped(files) == [
        (
            "labels.csv line 4",
            "a row must have 3 columns like the first line, this one has 2: correct it",
        ),
        ("metadata.csv", "labels.csv gives the tags, so this file is not read: leave one of them out"),
    ]


def test_lines_are_limited() -> None:
    """A table or a line far larger than any honest one is refused, the line alone."""
    with pytest.raises(ArchiveRefused, match=r"^a\.jsonl must be at most 64 MB, this one is larger: split it$"):
        list(json_lines.read(bytes(64 * 2**20 + 1), "a.jsonl"))
    long = b'{"a": "' + b"x" * 2**20 + b'"}\n{"a": 1}'
    reason = "a line must be at most 1 MB long, this one is longer: shorten it"
    assert list(json_lines.read(long, "a.jsonl")) == [(1, reason), (2, {"a": 1})]


def test_a_file_is_listed_whatever_other_files_are_called() -> None:
    """That a note names a file whose path ends in the same way leaves none out in silence."""
    files: dict[str, str | bytes] = {
        "labels.csv": "file,labels\n1.jpg,rose\n",
        "metadata.csv": "file_name,label\n1.jpg,tulip\n",
        "more/metadata.csv": "file_name,width,height\n1.jpg,3,4\n",
        "images/1.jpg": b"",
    }
    assert skipped(files) == [
        ("metadata.csv", "labels.csv gives the tags, so this file is not read: leave one of them out")
    ]


def test_a_table_beside_folders_of_tags_gives_metadata() -> None:
    """Folders give the tags, and every table without tags its metadata; one that names no image here is told."""
    files: dict[str, bytes] = {"rose/1.jpg": b"", "tulip/2.jpg": b""}
    weather = b"file,weather,day\nrose/1.jpg,sun,1\nrose/1.jpg,rain,1\ntulip/2.jpg,rain,2\n"
    other = b"file,a,b\n9.jpg,1.5,2.5\n"
    read = listing({**files, "weather.csv": weather, "other.csv": other})
    assert [("rose",), ("tulip",)] == [entry.tags for entry in read.entries]
    assert [(("weather", "sun"), ("day", "1")), (("weather", "rain"), ("day", "2"))] == [
        entry.metadata for entry in read.entries
    ]
    assert ["day", "weather"] == read.metadata_keys
    assert "None of the lines of other.csv names an image here: it is not read." in read.notes
    assert "Several lines name rose/1.jpg with different values of weather: the first line counts." in read.notes
