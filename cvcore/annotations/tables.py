"""Text tables: CSV, with the separators that programs use, and the limit on rows that all tables have."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from cvcore.annotations import texts
from cvcore.errors import ArchiveRefused
from cvcore.settings import MEBIBYTE

CSV_BYTES, ROWS = 16 * MEBIBYTE, 100_000
DELIMITERS = (",", ";", "\t")


def read_csv(data: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each row of a table: the number of its last line, and its fields; `name` is used in messages.

    The separator is the one of comma, semicolon and tab that the first line has most.

    Raises:
        ArchiveRefused: it is not text, not a table, or too large.

    >>> list(read_csv(b"file;labels\\n1.jpg;a,b\\n", "labels.csv"))
    [(1, ['file', 'labels']), (2, ['1.jpg', 'a,b'])]
    """
    if len(data) > CSV_BYTES:
        raise ArchiveRefused(f"{name} must be at most {CSV_BYTES // MEBIBYTE} MB, this one is larger: split it")
    text = texts.decoded(data, name)
    first = text.lstrip("\r\n").partition("\n")[0].partition("\r")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    try:
        for fields in reader:
            yield reader.line_num, fields
    except csv.Error as error:
        raise ArchiveRefused(f"{name} must be a table, line {reader.line_num} has a stray quote: correct it") from error


def check_rows(count: int, name: str) -> None:
    """Refuse a table with more than 100,000 rows, because no project has more images.

    Raises:
        ArchiveRefused: `count` is more.
    """
    if count > ROWS:
        raise ArchiveRefused(f"{name} must have at most {ROWS:,} rows, this one has more: split it")
