"""Paths as they stand in files of other people: compared and shown, and never used to open a file."""

from __future__ import annotations

import unicodedata

SHOWN_LETTERS = 200

Parts = tuple[str, ...]


def parts(path: str) -> Parts:
    """The folders and the file in a path, NFC; separated by slashes or, as in old Windows zips, backslashes.

    >>> parts("flowers\\\\daisy/./1.jpg")
    ('flowers', 'daisy', '1.jpg')
    """
    slashed = unicodedata.normalize("NFC", path).replace("\\", "/")
    return tuple(part for part in slashed.split("/") if part not in ("", "."))


def shown(path: str) -> str:
    """A path to show: on one line, at most its last 200 letters.

    >>> shown("daisy/1\\n.jpg")
    'daisy/1?.jpg'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in path[-SHOWN_LETTERS:])
