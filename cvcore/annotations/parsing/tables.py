"""Text tables: bytes as text, CSV with the separators that programs use, and the limit on rows that all tables have."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator

from cvcore.errors import ArchiveRefused
from cvcore.languages import number, t
from cvcore.settings import MEBIBYTE

CSV_BYTES, ROWS = 16 * MEBIBYTE, 100_000
DELIMITERS = (",", ";", "\t")

# UTF-32's marks begin with those of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decoded(data: bytes, name: str) -> str:
    """The text of a table; `name` is used in the message.

    Raises:
        ArchiveRefused: the bytes are not text in UTF-8, nor in what their mark says.

    >>> decoded("1.jpg,ü".encode("utf-16"), "labels.csv")
    '1.jpg,ü'
    """
    mark, encoding = next(((mark, encoding) for mark, encoding in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        place = error.start + len(mark)
        kind = "CSV UTF-8" if name.casefold().endswith((".csv", ".tsv")) else "UTF-8"
        if encoding == "utf-8":
            rule = t(
                "{name} must be UTF-8 text, byte {place} is not: save it as {kind}", name=name, place=place, kind=kind
            )
        else:
            rule = t(
                "{name} must be {encoding} text, as its first bytes say, byte {place} is not: save it as {kind}",
                name=name,
                encoding=encoding[:-3].upper(),
                place=place,
                kind=kind,
            )
        raise ArchiveRefused(rule) from error
    if "\0" in text:
        raise ArchiveRefused(t("{name} must be UTF-8 text, it has bytes of 0: save it as UTF-8", name=name))
    return text


def read_csv(data: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each row of a table: the number of its last line, and its fields; `name` is used in messages.

    The separator is the one of comma, semicolon and tab that the first line has most, or a bar; or that of
    Excel's line `sep=;`.

    Raises:
        ArchiveRefused: it is not text, not a table, or too large.

    >>> list(read_csv(b"file;labels\\n1.jpg;a,b\\n", "labels.csv"))
    [(1, ['file', 'labels']), (2, ['1.jpg', 'a,b'])]
    """
    if len(data) > CSV_BYTES:
        raise ArchiveRefused(
            t(
                "{name} must be at most {megabytes} MB, this one is larger: split it",
                name=name,
                megabytes=CSV_BYTES // MEBIBYTE,
            )
        )
    text = decoded(data, name)
    text, delimiter = _separated(text)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    try:
        for fields in reader:
            yield reader.line_num, fields
    except csv.Error as error:
        rule = t("{name} must be a table, line {line} has a stray quote: correct it", name=name, line=reader.line_num)
        raise ArchiveRefused(rule) from error


def _separated(text: str) -> tuple[str, str]:
    """The text without Excel's line `sep=;`, and the separator that it or the first line tells."""
    lines = text.lstrip("\r\n")
    first = lines.partition("\n")[0].partition("\r")[0]
    if first[:4].casefold() == "sep=" and len(first) == len("sep=") + 1:
        # An empty line in its place keeps the numbers of the others.
        return text.replace(first, "", 1), first[-1]
    found = max(DELIMITERS, key=first.count)
    return text, found if found in first or "|" not in first else "|"


def check_rows(count: int, name: str) -> None:
    """Refuse a table with more than 100,000 rows, because no project has more images.

    Raises:
        ArchiveRefused: `count` is more.
    """
    if count > ROWS:
        raise ArchiveRefused(
            t("{name} must have at most {number} rows, this one has more: split it", name=name, number=number(ROWS))
        )
