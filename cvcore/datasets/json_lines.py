"""Tables in which each line is an object in JSON, from strangers: a broken line spoils none of the others."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from typing import Any, NoReturn

from cvcore.datasets import labels_csv
from cvcore.errors import ArchiveRefused
from cvcore.settings import MEBIBYTE

TABLE_BYTES, LINE_BYTES = 64 * MEBIBYTE, MEBIBYTE

Record = dict[str, Any]


def read(data: bytes, name: str) -> Iterator[tuple[int, Record | str]]:
    """Each line's number, counted from 1, and its object or the reason why it is none; empty lines are left out.

    Raises:
        ArchiveRefused: the table is far too large; `name` says which.

    >>> list(read(b'{"a": 1}\\n\\n[]', "a.jsonl"))
    [(1, {'a': 1}), (3, 'a line must be an object in JSON, this one is none: correct it')]
    """
    if len(data) > TABLE_BYTES:
        raise ArchiveRefused(f"{name} may be {TABLE_BYTES // MEBIBYTE} MB large, this one is larger: split it")
    count = 0
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if stripped := line.strip():
            labels_csv.check_rows(count := count + 1, name)
            yield number, _record(stripped)


def text(value: Any) -> str:
    """A value as a name: text as it is, NFC, a whole number in digits, else nothing.

    >>> text("rose"), text(3), text([]), text(True)
    ('rose', '3', '', '')
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else ""


def _record(line: bytes) -> Record | str:
    if len(line) > LINE_BYTES:
        return f"a line may be {LINE_BYTES // MEBIBYTE} MB long, this one is longer: shorten it"
    try:
        found = json.loads(line, parse_constant=_refuse)
        # Half a letter, which JSON can write, is no text that could be shown or kept.
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else "a line must be an object in JSON, this one is none: correct it"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
