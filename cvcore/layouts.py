"""How people lay out labelled pictures, told from paths alone.

- A folder that holds `images/` and `labels.csv` (header `file,labels`, tags joined by `|`) is read by that table; a
  third column `test` may say `yes` of pictures that are kept for testing.
- Else by `metadata.jsonl` or `metadata.csv`, where there are any: `cvcore.imagefolders`.
- Else by `….manifest` or `….jsonl` of SageMaker Ground Truth, where there are any: `cvcore.manifests`.
- Else each folder at the top is a tag, for the pictures in it and below it; those beside the folders have none.
- Where the folders at the top are just `train` and `test`, and tags lie in both, `test` is kept for testing.
- A folder at the top that is alone and holds no pictures of its own is a wrapper, and looked into.

Paths are hostile text: they name things to people, and never lead to a file.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import PurePosixPath

from cvcore.errors import ArchiveRefused
from cvcore.settings import MEBIBYTE

IMAGES, LABELS = "images", "labels.csv"
TRAIN, TEST = "train", "test"
HEADER = ["file", "labels"]
YES = "yes"
MANIFESTS = (".manifest", ".jsonl")
METADATA = ("metadata.jsonl", "metadata.csv")
LABELS_BYTES, LABELS_ROWS = 16 * MEBIBYTE, 100_000
PATH_LETTERS, PATH_PARTS = 1000, 32
SHOWN_LETTERS = 200

# Whether a file is a picture is for its content to say; of these the name alone gives a reason that reads better.
ARCHIVES = {".7z", ".bz2", ".gz", ".jar", ".rar", ".tar", ".tgz", ".xz", ".zip", ".zst"}
OTHERS = (
    {
        ".csv",
        ".htm",
        ".html",
        ".ini",
        ".json",
        ".jsonl",
        ".log",
        ".manifest",
        ".md",
        ".tsv",
        ".txt",
        ".xml",
        ".yaml",
        ".yml",
    }
    | {".doc", ".docx", ".odt", ".pdf", ".pptx", ".rtf", ".xls", ".xlsx"}
    | {".avi", ".mkv", ".mov", ".mp3", ".mp4", ".wav", ".webm"}
    | {".h5", ".keras", ".npy", ".npz", ".onnx", ".pkl", ".pt", ".tflite"}
    | {".css", ".ipynb", ".js", ".py"}
)
LITTER = {"__macosx", "desktop.ini", "thumbs.db"}

Parts = tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A row of a table: its line, counted from 1, the path that it names, and its tags in order, each once.

    In `labels.csv` the path lies below `images/`, in the others of a folder beside them.
    """

    line: int
    path: Parts
    tags: tuple[str, ...]
    is_test: bool = False


Table = tuple[list[Row], list[tuple[int, str]]]


def parts(path: str) -> Parts:
    """The folders and the file that a path names, NFC; backslashes part them too, as old Windows zips write.

    >>> parts("flowers\\\\daisy/./1.jpg")
    ('flowers', 'daisy', '1.jpg')
    """
    slashed = unicodedata.normalize("NFC", path).replace("\\", "/")
    return tuple(part for part in slashed.split("/") if part not in ("", "."))


def shown(path: str) -> str:
    """A path fit to be shown: on one line, its last 200 letters at most.

    >>> shown("daisy/1\\n.jpg")
    'daisy/1?.jpg'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in path[-SHOWN_LETTERS:])


def is_litter(path: Parts) -> bool:
    """What systems leave behind unasked: hidden files and folders, thumbnails' caches, macOS' twins in zips.

    >>> is_litter(("__MACOSX", "daisy", "._1.jpg")), is_litter(("daisy", "1.jpg"))
    (True, False)
    """
    return any(part.startswith(".") or part.casefold() in LITTER for part in path if part != "..")


def path_refusal(path: str) -> str:
    """Why a file with such a path is not taken, or nothing.

    >>> path_refusal("../1.jpg")
    'a path must stay inside its folder, this one leads out of it: rename the file and pack it again'
    >>> path_refusal("daisy/1.jpg")
    ''
    """
    pieces = parts(path)
    if len(path) > PATH_LETTERS or len(pieces) > PATH_PARTS:
        return f"a path may have {PATH_LETTERS:,} letters and {PATH_PARTS} folders, this one has more: shorten it"
    if path.startswith(("/", "\\")) or re.match("[A-Za-z]:", path) or ".." in pieces:
        return "a path must stay inside its folder, this one leads out of it: rename the file and pack it again"
    if any(unicodedata.category(letter) == "Cc" for letter in path):
        return "a path must be one line of plain text, this one has control characters: rename the file"
    return ""


def kind_refusal(path: str) -> str:
    """Why a file is no picture by its name alone, or nothing.

    >>> kind_refusal("daisy/notes.TXT")
    'only pictures are taken, a .txt file is none: leave it out'
    >>> kind_refusal("daisy/1.jpg"), kind_refusal("daisy/1")
    ('', '')
    """
    suffix = PurePosixPath(path).suffix.casefold()
    if suffix in ARCHIVES:
        return f"an archive inside is not opened, a {suffix} file is one: unpack it first"
    return f"only pictures are taken, a {suffix} file is none: leave it out" if suffix in OTHERS else ""


def is_table(path: Parts) -> bool:
    """Whether a file may tell the tags of others, by its name.

    >>> is_table(("fruit", "Labels.csv")), is_table(("output.manifest",)), is_table(("1.jpg",))
    (True, True, False)
    """
    name = path[-1].casefold()
    return name in (LABELS, *METADATA) or name.endswith(MANIFESTS)


def root(paths: Sequence[Parts], tables: Collection[Parts]) -> tuple[Parts, bool]:
    """The folder inside all wrappers that the tags are told from, and whether a table there tells them.

    `tables` are the folders that hold a `labels.csv`; no paths give the top itself.

    >>> root([("flowers", "daisy", "1.jpg"), ("flowers", "rose", "close", "2.jpg")], ())
    (('flowers',), False)
    >>> root([("daisy", "1.jpg"), ("daisy", "close", "2.jpg")], ())
    ((), False)
    >>> root([("fruit", "images", "1.jpg")], {("fruit",)})
    (('fruit',), True)
    """
    folders = [path[:-2] for path in paths] or [()]
    # What the first and the last in order share, all share.
    pairs = zip(min(folders), max(folders), strict=False)
    innermost = tuple(first for first, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    for depth in range(len(innermost) + 1):
        folder = innermost[:depth]
        if folder in tables and any(is_in_images(path, folder) for path in paths):
            return folder, True
    return innermost, False


def folder_tag(path: Parts, below: Parts) -> Parts:
    """The tag that a picture's place gives it: none, or the one folder that it lies in right below `below`.

    >>> folder_tag(("flowers", " daisy ", "close", "1.jpg"), ("flowers",)), folder_tag(("1.jpg",), ())
    (('daisy',), ())
    """
    return tuple(tag for folder in path[len(below) : -1][:1] if (tag := folder.strip()))


def is_split(paths: Sequence[Parts], below: Parts) -> bool:
    """Whether all pictures lie in a `train` or a `test` right below `below`, and tags lie in both.

    >>> is_split([("train", "daisy", "1.jpg"), ("Test", "daisy", "2.jpg"), ("train", "3.jpg")], ())
    True
    >>> is_split([("train", "1.jpg"), ("test", "2.jpg")], ())
    False
    """
    inside = [path[len(below) :] for path in paths]
    sides = {path[0].casefold() for path in inside if len(path) > 2}
    return sides == {TRAIN, TEST} and all(len(path) > 1 and path[0].casefold() in sides for path in inside)


def is_in_images(path: Parts, below: Parts) -> bool:
    """Whether a file lies in the folder `images`, or deeper, right below `below`.

    >>> is_in_images(("Images", "1.jpg"), ()), is_in_images(("images",), ())
    (True, False)
    """
    return [folder.casefold() for folder in folder_tag(path, below)] == [IMAGES]


def table(data: bytes) -> Table:
    """The rows of a `labels.csv`, and the lines that are none with the reason; empty lines count for nothing.

    Text is UTF-8, with a byte order mark or without.

    Raises:
        ArchiveRefused: it is no such text, is no table, lacks its header, or is far too large.

    >>> table(b"file,labels\\n1.jpg,apple|pear\\n2.jpg\\n")[0]
    [Row(line=2, path=('1.jpg',), tags=('apple', 'pear'), is_test=False)]
    """
    rows: list[Row] = []
    broken: list[tuple[int, str]] = []
    lines = csv_lines(data, LABELS)
    header = [name.strip().casefold() for name in next(lines, (1, []))[1]]
    if header not in (HEADER, [*HEADER, TEST]):
        raise ArchiveRefused(
            f"{LABELS} must begin with file,labels, got {shown(','.join(header))!r}: write that line first"
        )
    columns = "two columns, file and labels" if header == HEADER else "three columns, file, labels and test"
    for line, fields in lines:
        if len(fields) == len(header):
            is_test = [field.strip().casefold() for field in fields[2:]] == [YES]
            rows.append(Row(line, parts(fields[0].strip()), tags_in(fields[1]), is_test))
        elif fields:
            broken.append((line, f"a row must have {columns}, this one has {len(fields)}: correct it"))
        check_rows(len(rows) + len(broken), LABELS)
    return rows, broken


def csv_lines(data: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    """The number of each row's last line, and its fields.

    Raises:
        ArchiveRefused: it is no UTF-8 text, is no table, or is far too large; `name` says what.
    """
    if len(data) > LABELS_BYTES:
        raise ArchiveRefused(f"{name} may be {LABELS_BYTES // MEBIBYTE} MB large, this one is larger: split it")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ArchiveRefused(f"{name} must be UTF-8 text, byte {error.start} is not: save it as CSV UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for fields in reader:
            yield reader.line_num, fields
    except csv.Error as error:
        raise ArchiveRefused(f"{name} must be a table, line {reader.line_num} has a stray quote: correct it") from error


def check_rows(count: int, name: str) -> None:
    """Refuse a table that has more rows than any project has pictures.

    Raises:
        ArchiveRefused: it has.
    """
    if count > LABELS_ROWS:
        raise ArchiveRefused(f"{name} may have {LABELS_ROWS:,} rows, this one has more: split it")


def tags_in(labels: str) -> tuple[str, ...]:
    """Tags joined by bars: stripped, in order, each once.

    >>> tags_in(" pear | apple|pear||")
    ('pear', 'apple')
    """
    tags = (tag.strip() for tag in unicodedata.normalize("NFC", labels).split("|"))
    return tuple(dict.fromkeys(tag for tag in tags if tag))
