"""`labels.csv`: a table of files and their tags, with the header `file,labels` or `file,labels,test`."""

from __future__ import annotations

from cvcore.datasets import tables
from cvcore.datasets.layouts import LABELS, TEST, parts, shown
from cvcore.datasets.tables import Row, Table
from cvcore.errors import ArchiveRefused

HEADER = ["file", "labels"]
YES = "yes"


def read(data: bytes) -> Table:
    """The rows of a `labels.csv`; and the lines that cannot be read, with the reason. Empty lines are ignored.

    The text is UTF-8, with or without a byte order mark.

    Raises:
        ArchiveRefused: it is not UTF-8, not CSV, lacks its header, or is too large.

    >>> read(b"file,labels\\n1.jpg,apple|pear\\n2.jpg\\n")[0]
    [Row(line=2, path=('1.jpg',), tags=('apple', 'pear'), is_test=False)]
    """
    rows: list[Row] = []
    broken: list[tuple[int, str]] = []
    lines = tables.read_csv(data, LABELS)
    header = [name.strip().casefold() for name in next(lines, (1, []))[1]]
    if header not in (HEADER, [*HEADER, TEST]):
        raise ArchiveRefused(
            f"{LABELS} must begin with the line file,labels, got {shown(','.join(header))!r}: add that line at the top"
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
