"""What people may call things. Every name is hostile text until it has come through here."""

from __future__ import annotations

import unicodedata

from cvcore.errors import InvalidInput, NameRefused

FILE_LETTERS = 200
DESCRIPTION_LETTERS = 4000

# Controls, halves of letters, line breaks; and what turns the direction of all text that follows it on a page.
_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}
_DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def clean(noun: str, text: str, *, letters: int) -> str:
    """The name as it is kept: NFC, without space around it.

    Raises:
        NameRefused: it is empty, too long, shows nothing, or has a line break or a character that steers others.

    >>> clean("tag", "  rose ", letters=128)
    'rose'
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(name) <= letters:
        raise NameRefused(noun, f"the {noun}'s name must have 1 to {letters} letters, this one has {len(name):,}")
    if any(_is_steering(letter) for letter in name) or not any(_is_visible(letter) for letter in name):
        raise NameRefused(noun, f"the {noun}'s name must be one line of plain text, got {name!r}")
    return name


def tag(text: str, *, letters: int) -> str:
    """A tag's name: as `clean`, and without the bar that parts tags in files.

    Raises:
        NameRefused: it breaks either rule.
    """
    name = clean("tag", text, letters=letters)
    if "|" in name:
        raise NameRefused("tag", f"the tag's name must not have a | in it, which parts tags in files, got {name!r}")
    return name


def file(text: str) -> str:
    """A file's name for showing: its last part, without control characters, at most 200 letters.

    >>> file("../../etc/passwd\\n")
    'passwd'
    """
    last = text.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C").strip()
    return shown[-FILE_LETTERS:] or "unnamed"


def description(text: str) -> str:
    """What is said of a project or tag, without space around it.

    Raises:
        InvalidInput: it is too long.
    """
    if len(text) > DESCRIPTION_LETTERS:
        raise InvalidInput(
            f"a description must have at most {DESCRIPTION_LETTERS:,} letters, this one has {len(text):,}"
        )
    return text.strip()


def _is_steering(letter: str) -> bool:
    return unicodedata.category(letter) in _CATEGORIES or unicodedata.bidirectional(letter) in _DIRECTIONS


def _is_visible(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LNPS"
