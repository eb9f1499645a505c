"""What people write into cells: several tags, yes or no, nothing."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

SEPARATOR = "|"
CELL_LETTERS = 10_000

# What programs write where there is no value: pandas, databases and spreadsheets.
EMPTY_LISTS = frozenset({"[]", "{}", "()"})
MISSING = EMPTY_LISTS | frozenset(
    {"", "nan", "-nan", "none", "null", "nil", "na", "n/a", "n.a.", "#n/a", "#na", "#null!", "<na>", "<null>", "(null)"}
    | {"[null]", "(none)", "nat", "undefined", "\\n", "1.#ind", "-1.#ind", "1.#qnan", "-", "--", "–", "—", "?"}
)

_YES_WORDS = """
    yes y true t 1 1.0 x on ok checked + ✓ ✔ ☑ ✅ ja j jo joo oui si sí sim da wahr vrai vero verdadero verdadeiro да
    так tak prawda evet igen ano kyllä ya ναι 是 对 はい 예 네 نعم כן हाँ
"""
_NO_WORDS = """
    no n false f 0 0.0 -1 -1.0 off unchecked - – ☐ ✗ ✘ ❌ nein non nao não nej nei ne nem nie ei falsch faux falso hayır
    tidak нет ні όχι 否 不 いいえ 아니요 لا לא नहीं
"""
_YES, _NO = frozenset(_YES_WORDS.split()), frozenset(_NO_WORDS.split())

# Where lists of labels stand in objects, as Label Studio writes them.
_KEYS = ("choices", "choice", "labels", "label", "tags", "class", "name")

_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
# How NumPy and Python write a list with its type around it.
_TYPED = re.compile(r"(?:np\.)?(?:array|list|set|frozenset|tuple)\((?=[\[{(])")
_BETWEEN = re.compile(r"[\s,:\[\]]+|None|nan")


@lru_cache(maxsize=4096)
def is_yes(text: str) -> bool | None:
    """Whether a cell says yes; a cell without a value says no; None if it says neither.

    >>> is_yes(" TRUE "), is_yes("nan"), is_yes("maybe")
    (True, False, None)
    """
    word = text.strip().casefold()
    if word in _YES:
        return True
    return False if word in _NO or word in MISSING else None


def is_missing(text: str) -> bool:
    """Whether a cell has no value, or a word that programs write in place of one."""
    return text.strip().casefold() in MISSING


def name(value: Any) -> str:
    """A JSON value as a name: a text in NFC, an integer as digits; empty for any other value.

    >>> name("rose"), name(3), name([]), name(True)
    ('rose', '3', '', '')
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else ""


def tags(value: Any) -> tuple[str, ...] | None:
    """The tags in a cell or a JSON value: each once, in order; None if it is neither text, a number nor a list.

    Text is split at `|`, or read as a list of JSON, Python, NumPy or PostgreSQL. Words for no value are no tags,
    unless they stand in a list.

    >>> tags(" pear | apple|pear||"), tags("['cat', 'dog']"), tags('{"choices": ["cat", "dog"]}')
    (('pear', 'apple'), ('cat', 'dog'), ('cat', 'dog'))
    >>> tags("cat, dog"), tags("nan"), tags(None), tags(0.5)
    (('cat, dog',), (), (), None)
    """
    if value is None or value == []:
        return ()
    if isinstance(value, dict):
        found = next((value[key] for key in _KEYS if key in value), 0.0)
        return None if isinstance(found, dict) else tags(found)
    if isinstance(value, list):
        inside = [(name(each),) if name(each) else None if each == "" else tags(each) for each in value]
        return None if None in inside else _each_once(each for own in inside for each in own or ())
    if isinstance(value, str):
        text = unicodedata.normalize("NFC", value).strip()
        if (typed := _TYPED.match(text)) and text.endswith(")"):
            text = text[typed.end() : -1].rpartition(", dtype=")[0] or text[typed.end() : -1]
        listed = _listed(text) if text[:1] in ("[", "{", "(") and len(text) <= CELL_LETTERS else None
        return _each_once(each for each in text.split(SEPARATOR) if not is_missing(each)) if listed is None else listed
    return (name(value),) if name(value) else None


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(stripped for each in names if (stripped := each.strip())))


def text_of(names: Iterable[str]) -> str:
    """The cell that `tags` reads as these names.

    >>> text_of(["pear", "apple"]), text_of(["None"]), tags(text_of(["a|b", "None"]))
    ('pear|apple', '["None"]', ('a|b', 'None'))
    """
    names = list(names)
    text = SEPARATOR.join(names)
    return text if tags(text) == tuple(names) else json.dumps(names, ensure_ascii=False)


def _listed(text: str) -> tuple[str, ...] | None:
    """The tags in the text of a list or an object; None if it is neither."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _of_python(text)
    return tags(value)


def _quoted(inside: str) -> tuple[list[str], str]:
    """The texts in quotes, and what stands between them; no texts if that is more than separators."""
    quoted, rest, place = [], "", 0
    while place < len(inside):
        if not (found := _QUOTED.match(inside, place) or _BETWEEN.match(inside, place)):
            return [], ""
        if found.re is _QUOTED:
            quoted.append(re.sub(r"\\(.)", r"\1", found[1] or found[2] or ""))
        else:
            rest += found[0]
        place = found.end()
    return quoted, rest


def _of_python(text: str) -> tuple[str, ...] | None:
    start, end = text[0], text[-1]
    if end != {"[": "]", "{": "}", "(": ")"}[start]:
        return None
    inside = text[1:-1]
    if "'" in inside or '"' in inside:
        quoted, rest = _quoted(inside)
        # As a list, or as the list of a dictionary, whose key stands before a colon.
        if ":" in rest:
            quoted = quoted[1:] if quoted and quoted[0].casefold() in _KEYS else []
        return _each_once(quoted) if quoted else None
    # A name in brackets alone, as "(unknown)", is a name.
    return (
        _each_once(each for each in inside.split(",") if not is_missing(each))
        if start == "[" or (start == "{" and ":" not in inside)
        else None
    )
