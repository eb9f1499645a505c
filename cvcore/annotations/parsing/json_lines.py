"""JSON: one object per line, of which the other lines are read even if one is broken, or one document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from cvcore.annotations.parsing import tables
from cvcore.errors import ArchiveRefused
from cvcore.languages import t
from cvcore.settings import MEBIBYTE

TABLE_BYTES, LINE_BYTES = 64 * MEBIBYTE, MEBIBYTE

Record = dict[str, Any]
# Each record with the number of its line, or the reason why the line cannot be read.
Lines = Iterable[tuple[int, Record | str]]


def read(data: bytes, name: str) -> Iterator[tuple[int, Record | str]]:
    """Each line's number, from 1, with its object or the reason why it cannot be read; empty lines are left out.

    Raises:
        ArchiveRefused: the table is too large, or is not text; `name` is used in the message.

    >>> list(read(b'{"a": 1}\\n\\n[]', "a.jsonl"))
    [(1, {'a': 1}), (3, 'a line must be a JSON object, this one is not: correct it')]
    """
    _check_size(data, name)
    count = 0
    for number, line in enumerate(tables.decoded(data, name).split("\n"), 1):
        if stripped := line.strip():
            tables.check_rows(count := count + 1, name)
            yield number, record(stripped)


def document(data: bytes, name: str) -> Any:
    """The value of a file that is one JSON document; None if it is none, as where each line is an object of its own.

    Raises:
        ArchiveRefused: it is too large, or is not text.
    """
    _check_size(data, name)
    return _value(tables.decoded(data, name))


def _check_size(data: bytes, name: str) -> None:
    if len(data) > TABLE_BYTES:
        raise ArchiveRefused(
            t(
                "{name} must be at most {megabytes} MB, this one is larger: split it",
                name=name,
                megabytes=TABLE_BYTES // MEBIBYTE,
            )
        )


def record(line: str) -> Record | str:
    """The object of a line, or the reason why the line cannot be read."""
    if len(line) > LINE_BYTES:
        return t(
            "a line must be at most {megabytes} MB long, this one is longer: shorten it",
            megabytes=LINE_BYTES // MEBIBYTE,
        )
    value = _value(line)
    return value if isinstance(value, dict) else t("a line must be a JSON object, this one is not: correct it")


def _value(text: str) -> Any:
    """The value of a JSON text; None if it is none."""
    try:
        value = json.loads(text, parse_constant=_refuse)
        # JSON can contain half a surrogate pair, and numbers beyond a float's, which cannot be shown or stored.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
