"""JSON Lines: tables with one JSON object per line; the other lines are read even if one is broken."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from typing import Any, NoReturn

from cvcore.datasets import tables
from cvcore.errors import ArchiveRefused
from cvcore.settings import MEBIBYTE

TABLE_BYTES, LINE_BYTES = 64 * MEBIBYTE, MEBIBYTE

Record = dict[str, Any]


def read(data: bytes, name: str) -> Iterator[tuple[int, Record | str]]:
    """Each line's number, from 1, with its object or the reason why it cannot be read; empty lines are left out.

    Raises:
        ArchiveRefused: the table is too large; `name` is used in the message.

    >>> list(read(b'{"a": 1}\\n\\n[]', "a.jsonl"))
    [(1, {'a': 1}), (3, 'a line must be a JSON object, this one is not: correct it')]
    """
    if len(data) > TABLE_BYTES:
        raise ArchiveRefused(f"{name} must be at most {TABLE_BYTES // MEBIBYTE} MB, this one is larger: split it")
    count = 0
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if stripped := line.strip():
            tables.check_rows(count := count + 1, name)
            yield number, _record(stripped)


def text(value: Any) -> str:
    """A JSON value as a name: a text in NFC, an integer as digits; empty for any other value.

    >>> text("rose"), text(3), text([]), text(True)
    ('rose', '3', '', '')
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else ""


def _record(line: bytes) -> Record | str:
    if len(line) > LINE_BYTES:
        return f"a line must be at most {LINE_BYTES // MEBIBYTE} MB long, this one is longer: shorten it"
    try:
        value = json.loads(line, parse_constant=_refuse)
        # JSON can contain half a surrogate pair, which cannot be shown or stored.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else "a line must be a JSON object, this one is not: correct it"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
