"""Rows, CSV reading and limits, shared by all kinds of tables that give images their tags."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from cvcore.datasets.layouts import Parts
from cvcore.errors import ArchiveRefused
from cvcore.settings import MEBIBYTE

CSV_BYTES, ROWS = 16 * MEBIBYTE, 100_000


@dataclass(frozen=True)
class Row:
    """A row of a table: its line, from 1, the path of an image, and its tags in order, without duplicates.

    The path is below `images/` in `labels.csv`, and below the table's own folder in the other tables.
    """

    line: int
    path: Parts
    tags: tuple[str, ...]
    is_test: bool = False


# The rows of a table, and the number of each line that cannot be read, with the reason.
Table = tuple[list[Row], list[tuple[int, str]]]


def read_csv(data: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each row of a CSV file: the number of its last line, and its fields; `name` is used in messages.

    Raises:
        ArchiveRefused: it is not UTF-8 text, not CSV, or too large.
    """
    if len(data) > CSV_BYTES:
        raise ArchiveRefused(f"{name} must be at most {CSV_BYTES // MEBIBYTE} MB, this one is larger: split it")
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
    """Refuse a table with more than 100,000 rows, because no project has more images.

    Raises:
        ArchiveRefused: `count` is more.
    """
    if count > ROWS:
        raise ArchiveRefused(f"{name} must have at most {ROWS:,} rows, this one has more: split it")


def split_tags(text: str) -> tuple[str, ...]:
    """The tags in a cell, separated by `|`: stripped, in order, without duplicates.

    >>> split_tags(" pear | apple|pear||")
    ('pear', 'apple')
    """
    tags = (tag.strip() for tag in unicodedata.normalize("NFC", text).split("|"))
    return tuple(dict.fromkeys(tag for tag in tags if tag))
