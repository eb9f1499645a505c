"""The columns of a table beside image, tags and split, as metadata: which are kept, their keys and their texts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from cvcore.annotations.documents import shown
from cvcore.annotations.parsing.json_lines import Record
from cvcore.languages import t, tn

# As in Custom Vision: pairs for an image, letters of a key, letters of a value.
KEYS, KEY_LETTERS, VALUE_LETTERS = 50, 256, 512
# Before the name of a column that would be read as something else; it is no part of the key.
PREFIX = "metadata: "
SHOWN = 10

# What Tagwise knows of an image itself, the numbers of rows, and places of boxes, of which an image may have many.
_OWN = """
    width height w h size file_size filesize bytes md5 sha1 sha256 hash phash unnamed_0 index idx
    x y xmin ymin xmax ymax x_min y_min x_max y_max bbox bounding_box
"""
OWN = frozenset(_OWN.split())
# From so many rows on a column counts as one whose values hardly repeat.
_MANY, _DISTINCT = 20, 0.9
# What programs write where there is no value; words that a person may mean, as none or -, are values here.
_EMPTY = frozenset({"", "nan", "-nan", "null", "na", "n/a", "#n/a", "#na", "#null!", "<na>", "<null>", "(null)", "nat"})
_EMPTY_LETTERS = max(map(len, _EMPTY))
# Numbers and hashes: a size XL is not of the image.
_MEASURED = re.compile(r"[-+]?[0-9.,]+([eE][-+]?[0-9]+)?|[0-9a-fA-F]{16,128}")
# All but line breaks and tabs.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Kept:
    """The keys of the columns that are kept, by the columns' names, and sentences about these and the others."""

    keys: Mapping[str, str]
    notes: tuple[str, ...] = ()


def choose(names: Mapping[str, str], values: Mapping[str, Sequence[Any]]) -> Kept:
    """Which of the columns of a table become metadata.

    names: the columns in their order, each with its plain name. values: of each column, where it has any. Left out are
    those that say what Tagwise reads from the image itself, lists, and those without a value. Of more than `KEYS`,
    those are kept whose values repeat, as the numbers of an embedding do not.
    """
    left: dict[str, list[str]] = {}
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for name, plain in names.items():
        key = key_of(name)
        if reason := _refusal(key, plain, taken, values[name]):
            left.setdefault(reason, []).append(name)
        else:
            keys[name] = key
            taken.add(key)
    if len(keys) > KEYS:
        repeating = dict.fromkeys([name for name in keys if not _hardly_repeats(values[name])][:KEYS])
        left[t("more than {number}", number=KEYS)] = [name for name in keys if name not in repeating]
        keys = {name: keys[name] for name in repeating}
    return Kept(keys, (*_notes(keys, left), *_long({name: values[name] for name in keys})))


def key_of(name: str) -> str:
    """The key of a column: its name on one line, without the prefix.

    >>> key_of("metadata: class"), key_of(" room\\n"), key_of("metadata: metadata: a")
    ('class', 'room', 'metadata: a')
    """
    return line(name.removeprefix(PREFIX))


def texts(record: Record, keys: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The metadata of a record, as pairs of key and text; words for no value, lists and long texts are none.

    >>> texts({"a": 7, "b": "nan", "c": True, "d": [1]}, {"a": "a", "b": "b", "c": "C", "d": "d"})
    (('a', '7'), ('C', 'true'))
    """
    pairs = ((key, text_of(record.get(name))) for name, key in keys.items())
    return tuple((key, text) for key, text in pairs if text and len(text) <= VALUE_LETTERS)


def text_of(value: Any) -> str:
    """A value as text, NFC, without control characters but line breaks and tabs; empty if it is none."""
    if value is None or isinstance(value, dict | list):
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    # Most are plain, and there may be millions.
    if not (text.isascii() and text.isprintable()):
        text = unicodedata.normalize("NFC", _CONTROL.sub("", text.replace("\r\n", "\n")))
    text = text.strip()
    return "" if len(text) <= _EMPTY_LETTERS and text.casefold() in _EMPTY else text


def line(text: str) -> str:
    """A text on one line, NFC, with one space where there were control characters or several spaces."""
    one = "".join(" " if unicodedata.category(each) in ("Cc", "Zl", "Zp") else each for each in text)
    return " ".join(unicodedata.normalize("NFC", one).split())


def _refusal(key: str, plain: str, taken: Set[str], values: Sequence[Any]) -> str:
    """Why a column is left out, in words after its name; empty if it is kept."""
    if plain in OWN and all(_MEASURED.fullmatch(text) for text in map(text_of, values) if text):
        return t("read from the image itself, or of a box")
    if not key or len(key) > KEY_LETTERS or key in taken:
        return t("its name is not one of 1 to {letters} letters that no other column has", letters=KEY_LETTERS)
    if any(isinstance(value, dict | list) or _is_list(value) for value in values):
        return t("lists")
    return "" if any(map(text_of, values)) else t("no values")


def _is_list(value: Any) -> bool:
    return isinstance(value, str) and value.lstrip()[:1] in ("[", "{") and value.rstrip()[-1:] in ("]", "}")


def _hardly_repeats(values: Sequence[Any]) -> bool:
    known = [text for value in values if (text := text_of(value))]
    return len(known) >= _MANY and len(set(known)) > _DISTINCT * len(known)


def _notes(keys: Mapping[str, str], left: Mapping[str, Sequence[str]]) -> list[str]:
    notes = [t("Kept as metadata: {columns}.", columns=_listed(list(keys.values())))] if keys else []
    told = [f"{_listed(names)} ({reason})" for reason, names in left.items()]
    return notes + ([t("Columns that are not read: {columns}.", columns="; ".join(told))] if told else [])


def _long(kept: Mapping[str, Sequence[Any]]) -> list[str]:
    found = [
        name
        for name, values in kept.items()
        for value in values
        if isinstance(value, str) and len(value) > VALUE_LETTERS < len(text_of(value))
    ]
    if not found:
        return []
    columns = _listed(list(dict.fromkeys(found)))
    return [
        tn(
            len(found),
            "{n} value of metadata longer than {letters} letters: left out, in {columns}.",
            "{n} values of metadata longer than {letters} letters: left out, in {columns}.",
            letters=VALUE_LETTERS,
            columns=columns,
        )
    ]


def _listed(names: Sequence[str]) -> str:
    listed = ", ".join(map(shown, names[:SHOWN]))
    if (more := len(names) - SHOWN) > 0:
        return tn(more, "{names} and {n} more", "{names} and {n} more", names=listed)
    return listed
