"""Folders give images their tags by one rule, and hostile paths are refused."""

from __future__ import annotations

import pytest

from cvcore.annotations import Parts, parts
from cvcore.datasets import layouts

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
    assert layouts.path_refusal(path) == OUTSIDE


@pytest.mark.parametrize("path", ["daisy/1.jpg\0.txt", "daisy\n/1.jpg", "\x1b[2J.jpg", "daisy/\x9b1.jpg"])
def test_path_refusal_of_control_characters(path: str) -> None:
    """NUL, line breaks and what moves a terminal's cursor are refused."""
    assert layouts.path_refusal(path) == CONTROL


@pytest.mark.parametrize("path", ["x" * 1001, "a/" * 32 + "1.jpg"])
def test_path_refusal_of_long_paths(path: str) -> None:
    """Paths longer or deeper than any honest one are refused, as working through them would take forever."""
    assert layouts.path_refusal(path) == TOO_LONG


@pytest.mark.parametrize("path", ["1.jpg", "daisy/1..2.jpg", "to do: b/1.jpg", "雛菊/<b>.jpg", "./daisy//1.jpg"])
def test_path_refusal_of_nothing_else(path: str) -> None:
    """Odd names that stay where they are pass."""
    assert layouts.path_refusal(path) == ""


@pytest.mark.parametrize("path", ["more.zip", "daisy/more.TAR.GZ"])
def test_kind_refusal_of_archives(path: str) -> None:
    """An archive inside is refused, not opened."""
    suffix = path[path.rindex(".") :].lower()
    assert layouts.kind_refusal(path) == (
        f"archives inside a zip or folder are not opened, a {suffix} file is an archive: unpack it first"
    )


@pytest.mark.parametrize("path", ["1.jpg", "1.PNG", "1.heic", "1", "1.unheard-of", ".zip"])
def test_kind_refusal_leaves_pictures_to_their_content(path: str) -> None:
    """A file that may be an image is not refused by its name."""
    assert layouts.kind_refusal(path) == ""


@pytest.mark.parametrize(
    "path", [".DS_Store", "daisy/Thumbs.db", "__MACOSX/daisy/1.jpg", ".git/1.jpg", "daisy/._1.jpg"]
)
def test_litter(path: str) -> None:
    """What systems leave behind is known."""
    assert layouts.is_litter(parts(path)) is True


def test_litter_is_no_way_out() -> None:
    """A step up is no hidden folder, and so is not passed over in silence."""
    assert layouts.is_litter(parts("../1.jpg")) is False


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
    ],
)
def test_root_looks_through_wrappers(paths: list[str], expected: Parts) -> None:
    """Folders that only wrap others are skipped; one that holds images itself is a tag."""
    assert layouts.root(split(*paths)) == expected


def test_folder_tag_of_a_blank_name() -> None:
    """A folder whose name is blank gives no tag."""
    assert layouts.read([(" ", "1.jpg"), ("a", "2.jpg")]).places[0].tag == ""
