"""`labels.csv`: a table of files and their tags, with the header `file,labels` or `file,labels,test`."""

from __future__ import annotations

from cvcore.datasets import tables
from cvcore.datasets.layouts import LABELS, TEST, parts, shown
from cvcore.datasets.tables import Row, Table
from cvcore.errors import ArchiveRefused

HEADER = ["file", "labels"]
YES = "yes"


def read(data: bytes) -> Table:
    """The rows of a `labels.csv`, and the lines that could not be read, with the reason; empty lines are ignored.

    Text is UTF-8, with a byte order mark or without.

    Raises:
        ArchiveRefused: it is no such text, no CSV, lacks its header, or is far too large.

    >>> read(b"file,labels\\n1.jpg,apple|pear\\n2.jpg\\n")[0]
    [Row(line=2, path=('1.jpg',), tags=('apple', 'pear'), is_test=False)]
    """
    rows: list[Row] = []
    broken: list[tuple[int, str]] = []
    lines = tables.read_csv(data, LABELS)
    header = [name.strip().casefold() for name in next(lines, (1, []))[1]]
    if header not in (HEADER, [*HEADER, TEST]):
        raise ArchiveRefused(
            f"{LABELS} must begin with file,labels, got {shown(','.join(header))!r}: write that line first"
        )
    columns = "two columns, file and labels" if header == HEADER else "three columns, file, labels and test"
    for line, fields in lines:
        if len(fields) == len(header):
            is_test = [field.strip().casefold() for field in fields[2:]] == [YES]
            rows.append(Row(line, parts(fields[0].strip()), tables.split_tags(fields[1]), is_test))
        elif fields:
            broken.append((line, f"a row must have {columns}, this one has {len(fields)}: correct it"))
        tables.check_rows(len(rows) + len(broken), LABELS)
    return rows, broken
