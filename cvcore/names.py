"""Rules for names and descriptions; text from outside is used as a name only after a check here."""

from __future__ import annotations

import unicodedata

from cvcore.errors import InvalidInput, NameRefused
from cvcore.languages import marked, number, t

FILE_LETTERS = 200
DESCRIPTION_LETTERS = 4000
PORTABLE_LETTERS, PORTABLE_BYTES = 100, 200

# What has a name.
_NOUNS = {
    "project": marked("project"),
    "tag": marked("tag"),
    "iteration": marked("iteration"),
    "publication": marked("publication"),
    "class": marked("class"),
    "pupil": marked("pupil"),
}

# https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}

# Controls, surrogates, line breaks; and characters that change the writing direction of the text after them.
_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}
_DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def clean(noun: str, text: str, *, letters: int) -> str:
    """The name as it is stored: in Unicode NFC, without space around it.

    Raises:
        NameRefused: it is empty, too long or invisible, or has a line break or changes the writing direction.

    >>> clean("tag", "  rose ", letters=128)
    'rose'
    """
    name = unicodedata.normalize("NFC", text).strip()
    said = t(_NOUNS.get(noun, noun))
    if not name:
        raise NameRefused(noun, t("the {noun} must have a name, it has none yet: type one", noun=said))
    if len(name) > letters:
        rule = t(
            "the {noun}'s name must have at most {letters} letters, this one has {number}",
            noun=said,
            letters=letters,
            number=number(len(name)),
        )
        raise NameRefused(noun, rule)
    if any(_is_steering(letter) for letter in name) or not any(_is_visible(letter) for letter in name):
        rule = t("the {noun}'s name must be one line of plain text, got {name}", noun=said, name=repr(name))
        raise NameRefused(noun, rule)
    return name


def tag(text: str, *, letters: int) -> str:
    """A tag's name as `clean` returns it, checked to have no `|`, which separates tags in files.

    Raises:
        NameRefused: `clean` refuses it, or it has a `|`.
    """
    name = clean("tag", text, letters=letters)
    if "|" in name:
        rule = t("the tag's name must not contain |, which separates tags in files, got {name}", name=repr(name))
        raise NameRefused("tag", rule)
    return name


def file(text: str) -> str:
    """A file's name to show: the last part of its path, without control characters, at most 200 letters.

    >>> file("../../etc/passwd\\n")
    'passwd'
    """
    last = text.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C").strip()
    return shown[-FILE_LETTERS:] or "unnamed"


def description(text: str) -> str:
    """A project's or tag's description, without space around it.

    Raises:
        InvalidInput: it is too long.
    """
    if len(text) > DESCRIPTION_LETTERS:
        raise InvalidInput(
            t(
                "a description must have at most {letters} letters, this one has {number}",
                letters=number(DESCRIPTION_LETTERS),
                number=number(len(text)),
            )
        )
    return text.strip()


def portable(text: str) -> str:
    """A file or folder name that Windows, macOS and Linux all allow; unchanged if it is allowed already.

    >>> portable("rose"), portable('a/b: "c"?.'), portable("..."), portable("CON.jpg")
    ('rose', 'a_b_ _c__', '_', '_CON.jpg')
    """
    visible = (letter for letter in unicodedata.normalize("NFC", text) if unicodedata.category(letter)[0] != "C")
    name = "".join("_" if letter in '<>:"/\\|?*' else letter for letter in visible).strip().rstrip(". ")
    stem, dot, suffix = name.rpartition(".")
    suffix = f"{dot}{suffix}" if stem and len(suffix) <= 5 else ""
    stem = name.removesuffix(suffix)[: PORTABLE_LETTERS - len(suffix)]
    while len(f"{stem}{suffix}".encode()) > PORTABLE_BYTES:
        stem = stem[:-1]
    name = f"{stem}{suffix}"
    is_device = name.partition(".")[0].strip().casefold() in _DEVICES
    return f"_{name}" if not name or name.startswith(".") or is_device else name


def _is_steering(letter: str) -> bool:
    return unicodedata.category(letter) in _CATEGORIES or unicodedata.bidirectional(letter) in _DIRECTIONS


def _is_visible(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LNPS"
