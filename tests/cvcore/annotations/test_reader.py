"""Files of other programs say which tags images have, whatever they are called, and no tag is guessed in silence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cvcore.annotations import Matches, can_be, read, splits
from cvcore.errors import ArchiveRefused, InvalidInput

LABEL = {"source-ref": "s3://b/1.jpg", "c": 0, "c-metadata": {"class-name": "cat"}}
RESULT = [{"type": "taxonomy", "value": {"taxonomy": [["cat"]]}}]
COCO = {
    "images": [{"id": 1, "file_name": "1.jpg"}],
    "annotations": [{"image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4]}],
    "categories": [{"id": 3, "name": "cat"}],
}
DATA: dict[str, Any] = {
    "train.json": LABEL,
    "list.json": [LABEL],
    "by-image.json": {"1.jpg": "cat"},
    "by-tag.json": {"cat": ["1.jpg"]},
    "coco.json": COCO,
    "label-studio.json": [{"data": {"image": "/data/upload/1/1.jpg"}, "annotations": [{"result": RESULT}]}],
    "vertex.jsonl": {"imageGcsUri": "gs://b/1.jpg", "classificationAnnotation": {"displayName": "cat"}},
}
TEXTS = {
    "excel.csv": "sep=;\nfile;labels\n1.jpg;cat\n",
    "bar.csv": "file|label\n1.jpg|cat\n",
    "automl.csv": "TRAIN,gs://b/1.jpg,cat\n",
    "boxes.csv": "TRAIN,gs://b/1.jpg,cat,0.1,0.2,,,0.3,0.4,,\n",
    "one-hot.csv": "filename,width,cat,dog\n1.jpg,640,1,0\n",
    "kaggle.csv": "id,label\n1,cat\n",
    "list.csv": "file,labels\n1.jpg,\"['cat']\"\n",
    "list.txt": "a/1.jpg cat\n",
    **{name: json.dumps(value) for name, value in DATA.items()},
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("name", TEXTS)
def test_one_image_one_tag(name: str, encoding: str) -> None:
    """Each kind of file gives the image its tag, in UTF-8 and in UTF-16 with its mark."""
    document = read(name, TEXTS[name].encode(encoding))
    assert document is not None
    assert document.gives_tags
    assert [("1", ("cat",))] == [(row.path[-1].removesuffix(".jpg"), row.tags) for row in document.rows]
    assert () == document.broken


@pytest.mark.parametrize("cell", ["cat, dog", "cat;dog", "cat/dog", "cat + dog", "cat & dog"])
def test_cells_that_may_have_several_tags(cell: str) -> None:
    """A cell that may have several tags is one, and a note says so with its line."""
    document = read("labels.csv", f'file,labels\n1.jpg,"{cell}"\n'.encode())
    assert document is not None
    assert (cell,) == document.rows[0].tags
    assert f"first “{cell}” in line 2: each is read as one tag" in document.notes[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", '{"name": "x", "version": "1"}'),
        ("class_indices.json", '{"0": "cat", "1": "dog"}'),
        ("numbers.json", '[{"id": "10", "level": "0"}]'),
        ("README.txt", "hello"),
        ("classes.txt", "cat\ndog"),
        ("entities.xml", '<!DOCTYPE a [<!ENTITY x "y">]><annotations><image name="1.jpg"/></annotations>'),
        pytest.param("deep.json", "[" * 100_000, id="deep"),
    ],
)
def test_files_about_no_images(name: str, text: str) -> None:
    """What says nothing about images is no table of tags, however it is nested."""
    assert read(name, text.encode()) is None


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("1.txt", "0 0.5 0.5 0.2 0.2", "YOLO"),
        ("1.xml", "<annotation><object><name>cat</name></object></annotation>", "Pascal VOC"),
        ("via.json", '{"1.jpg12": {"filename": "1.jpg", "regions": []}}', "VIA"),
    ],
)
def test_boxes_are_refused_by_name(name: str, text: str, kind: str) -> None:
    """A layout whose labels are for parts of images is refused with its name and what to do."""
    with pytest.raises(ArchiveRefused, match=kind) as refusal:
        read(name, text.encode())
    assert "write a table" in str(refusal.value)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le"])
def test_other_encodings_are_refused_entirely(encoding: str) -> None:
    """A table in a code page, or in UTF-16 without its mark, is refused: its tags would come out wrong."""
    with pytest.raises(ArchiveRefused, match="must be UTF-8 text"):
        read("labels.csv", "file,labels\n1.jpg,Ä".encode(encoding))


def test_cvat() -> None:
    """CVAT's export gives tags and the split."""
    text = '<annotations><image name="1.jpg" subset="Test"><tag label="cat"/></image></annotations>'
    document = read("a.xml", text.encode())
    assert document is not None
    assert [(("cat",), "test")] == [(row.tags, row.split) for row in document.rows]


def test_captions_are_no_tags() -> None:
    """A table of sentences gives no tags."""
    document = read("metadata.csv", b"file_name,text\n1.jpg,a cat runs\n")
    assert document is not None
    assert not document.gives_tags


def test_a_value_of_the_split_that_is_not_understood() -> None:
    """A cell that names no split is said with its line, its value and what is done with the image."""
    document = read("labels.csv", b"file,labels,test\n1.jpg,cat,perhaps\n2.jpg,cat,Y\n")
    assert document is not None
    assert [None, "test"] == [row.split for row in document.rows]
    assert [2] == [line for line, _ in document.broken]
    assert "'perhaps' is none of these" in document.broken[0][1]


def test_labels_that_a_manifest_has_without_metadata() -> None:
    """A line with a bare label is said, and metadata that describe only the line are not."""
    lines: list[dict[str, Any]] = [{"source-ref": "1.jpg", "label": "dog"}, LABEL | {"cl-metadata": {"is_labeled": 1}}]
    document = read("a.manifest", "\n".join(map(json.dumps, lines)).encode())
    assert document is not None
    assert [1] == [line for line, _ in document.broken]
    assert "label ('dog')" in document.broken[0][1]


@pytest.mark.parametrize(
    ("words", "split"),
    [
        (
            "Train training train2017 train_images Trainingsdaten entraînement 训练集 trainval train-val",
            "train",
        ),
        ("val Valid validation dev validação 验证集 val_set évaluation", "valid"),
        ("test Testing test-images testset prueba Testbilder Prüfung テストデータ holdout", "test"),
        ("cat testimony invalid train_test detest trainer", None),
    ],
)
def test_words_of_splits(words: str, split: str | None) -> None:
    """Splits are known in all usual words and cases; words that only contain them, or name two, are none."""
    assert dict.fromkeys(words.split(), split) == {word: splits.of(word) for word in words.split()}


@pytest.mark.parametrize(
    "path", ["C:/Users/kim/a/1.jpg", "https:/x.org/a/1.jpg?v=2", "a/1", "A/1.JPG", "1.jpeg", "abcdef12-1.jpg"]
)
def test_the_matcher_finds_the_only_image(path: str) -> None:
    """The longest shared end counts, then the name without its suffix or case."""
    assert [0] == Matches([("set", "a", "1.jpg"), ("set", "a", "2.jpg")]).find(tuple(path.split("/")))


def test_the_matcher_refuses_two_images() -> None:
    """A name that two images share is refused, unless one is beside the table."""
    matches = Matches([("a", "1.jpg"), ("b", "1.jpg")])
    with pytest.raises(InvalidInput, match="matches several"):
        matches.find(("1.jpg",))
    assert [1] == matches.find(("1.jpg",), ("b",))


def test_files_worth_reading() -> None:
    """Tables are known by their suffix in any case, and manifests without one."""
    assert [True, True, False] == [can_be((name,)) for name in ("A.TSV", "manifest", "1.jpg")]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("1.txt", (b"1" * 100 + b" ") * 5000 + b"x"),
        ("labels.csv", b'file,labels\n1.jpg,"' + b"[" * 9000 + b'"\n'),
        ("labels.csv", b'file,labels\n1.jpg,"[' + b"'\\" * 4000 + b']"\n'),
        ("labels.json", b"[" * 100_000),
        ("labels.xml", b"<annotations>" * 100_000),
        ("labels.xml", '<!DOCTYPE a [<!ENTITY b "c">]><annotations>&b;</annotations>'.encode("utf-16")),
    ],
)
def test_hostile_text_costs_no_time(name: str, data: bytes) -> None:
    """Text made to be read for ever is read at once, as what it is or as nothing."""
    document = read(name, data)
    assert document is None or all(len(row.tags) <= 1 for row in document.rows)


@pytest.mark.parametrize(
    ("name", "text", "split"),
    [("data.json", '{"test": [{"image": "1.jpg", "label": "cat"}]}', "test"),
     ("data.json", '{"images": [{"file": "1.jpg", "tags": ["cat"]}]}', None),
     ("train.txt", "1.jpg,cat\n", None)],
)  # fmt: skip
def test_lists_inside_and_texts_with_commas(name: str, text: str, split: str | None) -> None:
    """Items under the name of their split, or in a list of another name; and a table that is called .txt."""
    document = read(name, text.encode())
    assert document is not None
    assert [(row.path, row.tags, row.split) for row in document.rows] == [(("1.jpg",), ("cat",), split)]


METADATA: dict[str, tuple[Any, dict[str, str]]] = {
    "coco": (
        COCO
        | {
            "images": [
                {"id": 1, "file_name": "1.jpg", "width": 9, "coco_url": "http://a/1.jpg", "date_captured": "May"}
            ]
        },
        {"date_captured": "May"},
    ),
    "label-studio": (
        [
            {
                "data": {"image": "/data/1.jpg", "room": 12, "boxes": [1], "at": {"x": 1}},
                "annotations": [{"result": RESULT}],
            }
        ],
        {"room": "12"},
    ),
    "vertex": (
        DATA["vertex.jsonl"]
        | {
            "dataItemResourceLabels": {
                "aiplatform.googleapis.com/ml_use": "test",
                "camera": "a\u0000b",
                "long": "x" * 600,
            }
        },
        {"camera": "ab"},
    ),
}


@pytest.mark.parametrize("name", METADATA)
def test_plain_fields_of_labelling_tools_are_metadata(name: str) -> None:
    """What these files say of an image beside its tags is kept, without lists, nested and overlong values."""
    value, expected = METADATA[name]
    document = read(f"{name}.json", json.dumps(value).encode())
    assert document is not None
    assert [expected] == [dict(row.metadata) for row in document.rows]
    assert [("cat",)] == [row.tags for row in document.rows]


def test_fields_without_end_are_bounded() -> None:
    """Of fields that differ from item to item, as many become keys as an image can have."""
    images = [{"id": n, "file_name": f"{n}.jpg", f"k{n}": "a", f"\u202e{n}": "b"} for n in range(3000)]
    document = read("coco.json", json.dumps(COCO | {"images": images}).encode())
    assert document is not None
    assert 50 == len({key for row in document.rows for key, _ in row.metadata})


def test_labels_csv_may_have_metadata_alone() -> None:
    """Beside folders of tags a labels.csv says what else is known; one that says nothing is refused as before."""
    document = read("labels.csv", b"file,room,light\n1.jpg,12,dark\n")
    assert document is not None
    assert not document.gives_tags
    assert {"room": "12", "light": "dark"} == dict(document.rows[0].metadata)
