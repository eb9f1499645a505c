"""Hugging Face's image folders: images beside a `metadata.jsonl` or `metadata.csv`.

The column `file_name` has the image's path below the table's folder; the tags are in the columns whose names are in
`LABELS`, or in the only other column. Images in the folder `test` are test images.

https://huggingface.co/docs/datasets/image_dataset#imagefolder
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from cvcore.datasets import json_lines, tables
from cvcore.datasets.json_lines import Record
from cvcore.datasets.layouts import TEST, Parts, parts, shown
from cvcore.datasets.tables import Row, Table
from cvcore.errors import ArchiveRefused

FILE = "file_name"
LABELS = ("label", "labels", "tag", "tags", "class", "classes", "class_name", "category", "categories")
COLUMNS = 200


def read(data: bytes, name: str) -> Table:
    """The rows of the table, CSV or JSON Lines by its name; and the lines that cannot be read, with the reason.

    In a cell with text, `|` separates tags.

    Raises:
        ArchiveRefused: it is too large, or several columns could contain the tags.

    >>> read(b'{"file_name": "1.jpg", "labels": ["rose", "red"]}', "metadata.jsonl")[0]
    [Row(line=1, path=('1.jpg',), tags=('rose', 'red'), is_test=False)]
    """
    records: list[tuple[int, Record]] = []
    broken: list[tuple[int, str]] = []
    for line, record in (_csv if name.casefold().endswith(".csv") else json_lines.read)(data, name):
        if isinstance(record, str):
            broken.append((line, record))
        elif not json_lines.text(record.get(FILE)):
            broken.append((line, f"a line must name its image in {FILE}, this one does not: correct it"))
        else:
            records.append((line, record))
    columns = _label_columns([record for _, record in records], name)
    rows: list[Row] = []
    for line, record in records:
        tags: list[str] = []
        for column in columns:
            column_tags = _tags(record.get(column))
            if column_tags is None:
                broken.append((line, f"a label must be text or a list of texts, {shown(column)!r} is not: correct it"))
            tags += column_tags or ()
        rows.append(Row(line, parts(json_lines.text(record[FILE])), tuple(dict.fromkeys(tags))))
    return rows, broken


def line(file_name: str, tags: Sequence[str], *, as_list: bool) -> str:
    """The line of `metadata.jsonl` for an image: all its tags in a list, or its only tag, or null."""
    labels: Record = {"labels": list(tags)} if as_list else {"label": next(iter(tags), None)}
    return json.dumps({FILE: file_name, **labels}, ensure_ascii=False)


def is_test(path: Parts, folder: Parts) -> bool:
    """Whether an image is a test image: it is in the folder `test` beside the table, or the table itself is in `test`.

    >>> is_test(("a", "test", "1.jpg"), ("a",)), is_test(("test", "1.jpg"), ("test",)), is_test(("test",), ())
    (True, True, False)
    """
    below = path[len(folder) : -1]
    return any(name.casefold() == TEST for name in (*folder[-1:], *below[:1]))


def _csv(data: bytes, name: str) -> Iterator[tuple[int, Record | str]]:
    lines = tables.read_csv(data, name)
    header = [column.strip() for column in next(lines, (1, []))[1]]
    for count, (line, fields) in enumerate(lines, 1):
        tables.check_rows(count, name)
        if fields and len(fields) != len(header):
            reason = f"a row must have {len(header)} columns like the first line, this one has {len(fields)}"
            yield line, f"{reason}: correct it"
        elif fields:
            yield line, dict(zip(header, fields, strict=True))


def _label_columns(records: Sequence[Record], name: str) -> list[str]:
    columns = dict.fromkeys(column for record in records for column in list(record)[:COLUMNS])
    known = [column for column in columns if column.casefold() in LABELS]
    others = [column for column in columns if column != FILE]
    if known or len(others) <= 1:
        return known or others
    listed = ", ".join(shown(column) for column in others[:5])
    raise ArchiveRefused(
        f"{name} must have the tags in a column label or labels, it has {listed}: rename the right one"
    )


def _tags(value: Any) -> tuple[str, ...] | None:
    """The tags in a cell; None if its value is not text, a whole number or a list of these."""
    if value is None:
        return ()
    cells = [json_lines.text(item) for item in (value if isinstance(value, list) else [value])]
    # An empty text means no tag; any other value without text is an error.
    if isinstance(value, str) and not value.strip():
        return ()
    return tables.split_tags("|".join(cells)) if all(cells) else None
