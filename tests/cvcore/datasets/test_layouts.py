"""Folders give images their tags by one rule, and hostile paths are refused."""

from __future__ import annotations

import pytest

from cvcore.datasets import labels_csv, layouts
from cvcore.datasets.layouts import Parts
from cvcore.datasets.tables import Row
from cvcore.errors import ArchiveRefused

OUTSIDE = "a path must stay inside its folder, this one leaves it: rename the file and create the zip again"
CONTROL = "a path must be one line of plain text, this one has control characters: rename the file"
TOO_LONG = "a path must have at most 1,000 letters and 32 folders, this one has more: shorten it"


def split(*paths: str) -> list[Parts]:
    return [layouts.parts(path) for path in paths]


def table(text: str) -> tuple[list[Row], list[tuple[int, str]]]:
    return labels_csv.read(text.encode())


def refused(data: bytes) -> str:
    """The sentence with which a table is refused."""
    with pytest.raises(ArchiveRefused) as refusal:
        labels_csv.read(data)
    return str(refusal.value)


def test_parts_are_normalised() -> None:
    """The same name written with composed or combined letters is the same."""
    assert layouts.parts("Ga\u0308nseblu\u0308mchen/1.jpg") == layouts.parts("Gänseblümchen/1.jpg")


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
    assert layouts.is_litter(layouts.parts(path)) is True


def test_litter_is_no_way_out() -> None:
    """A step up is no hidden folder, and so is not passed over in silence."""
    assert layouts.is_litter(layouts.parts("../1.jpg")) is False


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
    assert layouts.root(split(*paths), ()) == (expected, False)


@pytest.mark.parametrize(
    ("paths", "tables", "expected"),
    [
        (["images/1.jpg"], [()], ((), True)),
        (["images/close/1.jpg"], [()], ((), True)),
        (["fruit/images/1.jpg", "fruit/other/1.jpg"], [("fruit",)], (("fruit",), True)),
        (["images/1.jpg"], [], ((), False)),
        (["images/1.jpg"], [("images",)], ((), False)),
        (["apple/1.jpg"], [()], ((), False)),
        ([], [()], ((), False)),
    ],
)
def test_root_finds_the_table(paths: list[str], tables: list[Parts], expected: tuple[Parts, bool]) -> None:
    """A table counts where a folder of images named images lies beside it, inside wrappers too."""
    assert layouts.root(split(*paths), tables) == expected


def test_folder_tag_of_a_blank_name() -> None:
    """A folder whose name is blank gives no tag."""
    assert layouts.folder_tag((" ", "1.jpg"), ()) == ()


def test_table_reads_rows() -> None:
    """Tags come in order, stripped and each once; quotes hold commas, and a row may have no tag."""
    rows, broken = table('File , Labels\n"a, b.jpg", pear | apple|pear||\nclose\\2.jpg,\n')
    expected = [Row(2, ("a, b.jpg",), ("pear", "apple")), Row(3, ("close", "2.jpg"), ())]
    assert (rows, broken) == (expected, [])


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_table_reads_what_programs_write(start: str, end: str) -> None:
    """A byte order mark and each kind of line end are in order, and so are empty lines."""
    rows, broken = table(f"{start}file,labels{end}{end}1.jpg,Ga\u0308nseblu\u0308mchen{end}")
    assert (rows, broken) == ([Row(3, ("1.jpg",), ("Gänseblümchen",))], [])


def test_table_tells_broken_rows() -> None:
    """A row with too few or too many columns is listed by its line."""
    rows, broken = table('file,labels\n"1\n.jpg",a\n2.jpg\n3.jpg,a,b\n')
    reason = "a row must have two columns, file and labels, this one has {}: correct it"
    assert [row.line for row in rows] == [3]
    assert broken == [(4, reason.format(1)), (5, reason.format(3))]


@pytest.mark.parametrize("text", ["", "1.jpg,apple\n", "file;labels\n1.jpg;apple\n", "file,labels,more\n"])
def test_table_needs_its_header(text: str) -> None:
    """A table that does not begin with its header is refused, as its columns could be anything."""
    expected = (
        f"labels.csv must begin with the line file,labels, got {text.split(chr(10))[0]!r}: add that line at the top"
    )
    assert refused(text.encode()) == expected


def test_table_must_be_utf8() -> None:
    """A table in another encoding is refused rather than read wrong."""
    expected = "labels.csv must be UTF-8 text, byte 18 is not: save it as CSV UTF-8"
    assert refused("file,labels\n1.jpg,ü\n".encode("latin-1")) == expected


@pytest.mark.parametrize("row", ['"1.jpg,apple', "1.jpg," + "x" * 200_000])
def test_table_with_a_stray_quote(row: str) -> None:
    """A quote that does not end, which would swallow all rows after it, is refused; so is an endless field."""
    expected = "labels.csv must be a table, line 2 has a stray quote: correct it"
    assert refused(f"file,labels\n{row}\n".encode()) == expected


def test_table_is_limited_in_rows() -> None:
    """More rows than any project has images are refused, broken ones counted too."""
    assert (
        refused(b"file,labels\n" + b"x\n" * 100_001)
        == "labels.csv must have at most 100,000 rows, this one has more: split it"
    )


def test_table_is_limited_in_bytes() -> None:
    """A table far larger than its rows could need is refused."""
    assert refused(bytes(16 * 2**20 + 1)) == "labels.csv must be at most 16 MB, this one is larger: split it"
