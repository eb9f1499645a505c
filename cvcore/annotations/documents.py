"""What a file says about images: its rows, the lines that cannot be read, and what a person should know of it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from cvcore.annotations.splits import Split

SHOWN_LETTERS = 200

Parts = tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A line about an image: its number, from 1, the image's path as the file writes it, its tags and its split.

    Tags are NFC, in order and without duplicates. `split` is None where the line names none. `metadata` are pairs of
    key and text.
    """

    line: int
    path: Parts
    tags: tuple[str, ...]
    split: Split | None = None
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Document:
    """The rows of a file. `layout` names its kind to people; `notes` are sentences about the entire file.

    `broken`: each line that cannot be read, or not entirely, with the reason. Without `gives_tags` the file is a known
    table that says nothing about tags, which the folders give: its rows have metadata alone.
    """

    layout: str
    rows: tuple[Row, ...] = ()
    broken: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()
    gives_tags: bool = True


def parts(path: str) -> Parts:
    """The folders and the file in a path, NFC; separated by slashes or, as in old Windows zips, backslashes.

    >>> parts("flowers\\\\daisy/./1.jpg")
    ('flowers', 'daisy', '1.jpg')
    """
    slashed = unicodedata.normalize("NFC", path).replace("\\", "/")
    return tuple(part for part in slashed.split("/") if part not in ("", "."))


def suffix(path: str) -> str:
    """The suffix of the file at a path, in small letters and with its dot; empty if it has none.

    As pathlib has it, which takes ten times as long: this is asked for several times a file.

    >>> suffix("daisy/1.JPG"), suffix("a.b/1"), suffix(".jpg")
    ('.jpg', '', '')
    """
    stem, dot, letters = path.replace("\\", "/").rpartition("/")[2].rpartition(".")
    return f".{letters.casefold()}" if stem and dot else ""


def shown_path(path: Parts) -> str:
    """The parts of a path to show, see `shown`."""
    return shown("/".join(path))


def shown(path: str) -> str:
    """A path to show: on one line, at most its last 200 letters.

    >>> shown("daisy/1\\n.jpg")
    'daisy/1?.jpg'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in path[-SHOWN_LETTERS:])
