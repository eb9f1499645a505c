"""Folders give images their tags by one rule, and hostile paths are refused."""

from __future__ import annotations

import pytest

from cvcore.annotations import Parts, parts
from cvcore.datasets import file_names, layouts

OUTSIDE = "a path must stay inside its folder, this one leaves it: rename the file and create the zip again"
CONTROL = "a path must be one line of plain text, this one has control characters: rename the file"
TOO_LONG = "a path must have at most 1,000 letters and 32 folders, this one has more: shorten it"


def split(*paths: str) -> list[Parts]:
    return [parts(path) for path in paths]


def test_parts_are_normalised() -> None:
    """The same name written with composed or combined letters is the same."""
    assert parts("Ga\u0308nseblu\u0308mchen/1.jpg") == parts("Gänseblümchen/1.jpg")


@pytest.mark.parametrize(
    "path",
    ["/etc/1.jpg", "\\\\host\\1.jpg", "../1.jpg", "daisy/../../1.jpg", "daisy\\..\\1.jpg", "C:\\1.jpg", "c:1.jpg"],
)
def test_path_refusal_of_ways_out(path: str) -> None:
    """Absolute paths, drive letters and steps up are refused, with slashes of either kind."""
    assert file_names.path_refusal(path) == OUTSIDE


@pytest.mark.parametrize("path", ["daisy/1.jpg\0.txt", "daisy\n/1.jpg", "\x1b[2J.jpg", "daisy/\x9b1.jpg"])
def test_path_refusal_of_control_characters(path: str) -> None:
    """NUL, line breaks and what moves a terminal's cursor are refused."""
    assert file_names.path_refusal(path) == CONTROL


@pytest.mark.parametrize("path", ["x" * 1001, "a/" * 32 + "1.jpg"])
def test_path_refusal_of_long_paths(path: str) -> None:
    """Paths longer or deeper than any honest one are refused, as working through them would take forever."""
    assert file_names.path_refusal(path) == TOO_LONG


@pytest.mark.parametrize("path", ["1.jpg", "daisy/1..2.jpg", "to do: b/1.jpg", "雛菊/<b>.jpg", "./daisy//1.jpg"])
def test_path_refusal_of_nothing_else(path: str) -> None:
    """Odd names that stay where they are pass."""
    assert file_names.path_refusal(path) == ""


@pytest.mark.parametrize("path", ["more.zip", "daisy/more.TAR.GZ"])
def test_kind_refusal_of_archives(path: str) -> None:
    """An archive inside is refused, not opened."""
    suffix = path[path.rindex(".") :].lower()
    assert file_names.kind_refusal(path) == (
        f"archives inside a zip or folder are not opened, a {suffix} file is an archive: unpack it first"
    )


@pytest.mark.parametrize("path", ["1.jpg", "1.PNG", "1.heic", "1", "1.unheard-of", ".zip"])
def test_kind_refusal_leaves_pictures_to_their_content(path: str) -> None:
    """A file that may be an image is not refused by its name."""
    assert file_names.kind_refusal(path) == ""


@pytest.mark.parametrize(
    "path",
    [
        ".DS_Store",
        "daisy/Thumbs.db",
        "__MACOSX/daisy/1.jpg",
        ".git/1.jpg",
        "daisy/._1.jpg",
        "@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg",
        "daisy/@__thumb/1.jpg",
        "#recycle/1.jpg",
        "$RECYCLE.BIN/1.jpg",
        "System Volume Information/1.jpg",
        "lost+found/1.jpg",
        "daisy/Icon\r",
        "daisy/~$1.jpg",
    ],
)
def test_litter(path: str) -> None:
    """What systems leave behind is known."""
    assert file_names.is_litter(parts(path)) is True


def test_a_folder_of_icons_is_no_litter() -> None:
    """Icons are a tag like others; a Mac calls only a file so."""
    assert file_names.is_litter(parts("icon/1.jpg")) is False


def test_litter_is_no_way_out() -> None:
    """A step up is no hidden folder, and so is not passed over in silence."""
    assert file_names.is_litter(parts("../1.jpg")) is False


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([], ()),
        (["1.jpg"], ()),
        (["daisy/1.jpg"], ()),
        (["daisy/1.jpg", "rose/1.jpg"], ()),
        (["daisy/1.jpg", "daisy/close/2.jpg"], ()),
        (["flowers/daisy/1.jpg"], ("flowers",)),
        (["flowers/daisy/1.jpg", "flowers/rose/1.jpg"], ("flowers",)),
        (["flowers/daisy/1.jpg", "flowers/1.jpg"], ()),
        (["flowers/daisy/1.jpg", "1.jpg"], ()),
        (["a/b/daisy/1.jpg", "a/b/rose/close/1.jpg"], ("a", "b")),
        (["a/b/daisy/1.jpg", "a/rose/1.jpg"], ("a",)),
        (["set/cat/1.jpg", "set/dog/2.jpg", "set/a.jpg", "set/b.jpg", "set/c.jpg"], ("set",)),
        (["set/images/cat/1.jpg", "set/images/dog/2.jpg", "set/preview.jpg"], ("set", "images")),
    ],
)
def test_root_looks_through_wrappers(paths: list[str], expected: Parts) -> None:
    """Folders that only wrap others are skipped; one that holds images itself is a tag."""
    assert layouts.root(split(*paths)) == expected


def test_folder_tag_of_a_blank_name() -> None:
    """A folder whose name is blank gives no tag."""
    assert layouts.read([(" ", "1.jpg"), ("a", "2.jpg")]).places[0].tag == ""


TAG_NOTE = "The folder {} is read as a tag, not as a split, because there is no other split beside it."


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        # splits in other words, cases and languages, in wrappers of their own
        (["TRAIN/a/1", "Valid/a/2", "Testing/a/3"], ["a train", "a valid", "a test"]),
        (["Entrenamiento/a/1", "Prueba/a/2"], ["a train", "a test"]),
        (["训练集/a/1", "测试集/a/2"], ["a train", "a test"]),
        (["x/training_set/training_set/a/1", "x/test_set/test_set/a/2"], ["a train", "a test"]),
        (["train_1/a/1", "val-2017/a/2"], ["a train", "a valid"]),
        (["flowers_train/a/1", "flowers_test/a/2"], ["a train", "a test"]),
        # folders inside splits that name no tag
        (["train/train/a/1", "test/test/2"], ["a train", " None"]),
        (["train/a/1", "train/b/2", "test/images/3"], ["a train", "b train", " None"]),
        # splits inside the tags
        (["a/train/1", "a/test/2", "b/train/3"], ["a train", "a test", "b train"]),
        # tests without tags, beside splits and beside tags
        (["train/a/1", "train/b/2", "test/3"], ["a train", "b train", " None"]),
        (["a/1", "b/2", "test/3"], ["a None", "b None", " None"]),
        (["a/1", "b/2", "test/a/3"], ["a None", "b None", "a test"]),
        (["train/1", "test/2"], [" None", " None"]),
        # what lies beside and above has no tag
        (["train/a/1", "test/a/2", "meta/3", "4"], ["a train", "a test", " None", " None"]),
        # words that can be a split and are a tag here
        (["train/1", "bus/2", "car/3"], ["train None", "bus None", "car None"]),
        (["valid/1", "invalid/2"], ["valid None", "invalid None"]),
        (["train/a/1", "trail/a/2"], ["train None", "trail None"]),
    ],
)
def test_splits(paths: list[str], expected: list[str]) -> None:
    """Folders of splits give no tags, in whatever words; a word that stands alone among tags is a tag."""
    places = layouts.read(split(*paths)).places
    assert expected == [f"{place.tag} {place.split}" for place in places]


@pytest.mark.parametrize(
    ("paths", "note"),
    [
        (["train/1", "bus/2", "car/3"], TAG_NOTE.format("train")),
        (["valid/1", "invalid/2"], TAG_NOTE.format("valid")),
        (["a/1", "b/2", "test/3"], "1 image in test in no folder of a tag, first test/3: no tag."),
        (["train/a/1", "test/a/2", "meta/3"], "1 image in meta in no folder of a tag, first meta/3: no tag."),
        (["images/1", "images/2"], "The folder images names no tag, so its images have none."),
        (["images/1", "masks/2"], "The folder images is read as a tag."),
        (["train/a/1", "test/a/2", "test/b/3"], "The tag b has images for testing only, and none to train."),
        (
            ["a/train/cat/1", "a/test/cat/2", "b/train/dog/3"],
            "Folders inside the folders of tags, first a/cat, are no tags: their images get the outer folder's.",
        ),
        (["set/a/1", "set/b/2", "set/3"], "1 image beside the folders, first set/3: no tag."),
        (
            ["a/close/1", "b/2"],
            "Folders inside the folders of tags, first a/close, are no tags: their images get the outer folder's.",
        ),
        (
            ["test/a/1", "test/b/2"],
            "All images are in a folder of test images: they are kept for testing and do not train.",
        ),
    ],
)
def test_no_tag_is_guessed_in_silence(paths: list[str], note: str) -> None:
    """Where folders could mean two things, a note says what was taken, with the first example."""
    assert (note,) == layouts.read(split(*paths)).notes


def test_plain_folders_need_no_note() -> None:
    """One folder for each tag is what is expected: nothing is told."""
    assert layouts.read(split("set/a/1", "set/b/2")) == layouts.Layout(
        "a folder for each tag", (layouts.Place("a"), layouts.Place("b"))
    )


def test_many_folders_beside_splits_are_told_in_few_lines() -> None:
    """Three folders are named with their first image, the others are counted."""
    notes = layouts.read(split("train/a/1", "test/a/2", *(f"extra{number}/3" for number in range(5)))).notes
    assert 4 == len(notes)
    assert "2 more folders in no split: their images have no tag." == notes[-1]
