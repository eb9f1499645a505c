"""Tables that tell the tags of pictures: what is common to all of them, and `labels.csv`."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from cvcore.datasets.layouts import LABELS, TEST, Parts, parts, shown
from cvcore.errors import ArchiveRefused
from cvcore.settings import MEBIBYTE

HEADER = ["file", "labels"]
YES = "yes"
BYTES, ROWS = 16 * MEBIBYTE, 100_000


@dataclass(frozen=True)
class Row:
    """A row of a table: its line, counted from 1, the path that it names, and its tags in order, each once.

    In `labels.csv` the path lies below `images/`, in the others of a folder beside them.
    """

    line: int
    path: Parts
    tags: tuple[str, ...]
    is_test: bool = False


Table = tuple[list[Row], list[tuple[int, str]]]


def labels(data: bytes) -> Table:
    """The rows of a `labels.csv`, and the lines that are none with the reason; empty lines count for nothing.

    Text is UTF-8, with a byte order mark or without.

    Raises:
        ArchiveRefused: it is no such text, is no table, lacks its header, or is far too large.

    >>> labels(b"file,labels\\n1.jpg,apple|pear\\n2.jpg\\n")[0]
    [Row(line=2, path=('1.jpg',), tags=('apple', 'pear'), is_test=False)]
    """
    rows: list[Row] = []
    broken: list[tuple[int, str]] = []
    lines = csv_lines(data, LABELS)
    header = [name.strip().casefold() for name in next(lines, (1, []))[1]]
    if header not in (HEADER, [*HEADER, TEST]):
        raise ArchiveRefused(
            f"{LABELS} must begin with file,labels, got {shown(','.join(header))!r}: write that line first"
        )
    columns = "two columns, file and labels" if header == HEADER else "three columns, file, labels and test"
    for line, fields in lines:
        if len(fields) == len(header):
            is_test = [field.strip().casefold() for field in fields[2:]] == [YES]
            rows.append(Row(line, parts(fields[0].strip()), tags_in(fields[1]), is_test))
        elif fields:
            broken.append((line, f"a row must have {columns}, this one has {len(fields)}: correct it"))
        check_rows(len(rows) + len(broken), LABELS)
    return rows, broken


def csv_lines(data: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    """The number of each row's last line, and its fields.

    Raises:
        ArchiveRefused: it is no UTF-8 text, is no table, or is far too large; `name` says what.
    """
    if len(data) > BYTES:
        raise ArchiveRefused(f"{name} may be {BYTES // MEBIBYTE} MB large, this one is larger: split it")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ArchiveRefused(f"{name} must be UTF-8 text, byte {error.start} is not: save it as CSV UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for fields in reader:
            yield reader.line_num, fields
    except csv.Error as error:
        raise ArchiveRefused(f"{name} must be a table, line {reader.line_num} has a stray quote: correct it") from error


def check_rows(count: int, name: str) -> None:
    """Refuse a table that has more rows than any project has pictures.

    Raises:
        ArchiveRefused: it has.
    """
    if count > ROWS:
        raise ArchiveRefused(f"{name} may have {ROWS:,} rows, this one has more: split it")


def tags_in(text: str) -> tuple[str, ...]:
    """Tags joined by bars: stripped, in order, each once.

    >>> tags_in(" pear | apple|pear||")
    ('pear', 'apple')
    """
    tags = (tag.strip() for tag in unicodedata.normalize("NFC", text).split("|"))
    return tuple(dict.fromkeys(tag for tag in tags if tag))
