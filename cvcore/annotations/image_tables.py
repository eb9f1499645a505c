"""Tables of images and their tags, as CSV or JSON records: `labels.csv`, Hugging Face's metadata, and many others.

`labels.csv` has the header `file,labels` or `file,labels,test`, or, beside folders of tags, metadata alone. `columns`
says which column of a table is which; in one-hot tables each tag has a column. A table without a header is read if its
first line names an image.

https://huggingface.co/docs/datasets/image_dataset#imagefolder
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import PurePosixPath
from typing import Any

from cvcore.annotations import cells, columns, metadata_columns, splits
from cvcore.annotations.columns import NO_BOXES, SHOWN_COLUMNS, Columns
from cvcore.annotations.documents import Document, Row, parts, shown
from cvcore.annotations.matches import is_image
from cvcore.annotations.parsing import tables
from cvcore.annotations.parsing.json_lines import Lines, Record
from cvcore.errors import ArchiveRefused
from cvcore.languages import t, tn

LABELS_CSV = "labels.csv"
FILE = "file_name"
_BOX = re.compile(r"[01]?\.\d+|[01]\.")
# What may stand between several tags in one cell.
_JOINED = re.compile(r"[,;/+&\t\n{}\[\]]")


def read_csv(data: bytes, name: str) -> Document | None:
    """What a CSV file says about images; None if it names none.

    Raises:
        ArchiveRefused: it is not text or not a table, is too large, or is a labels.csv without its header.

    >>> read_csv(b"file,labels\\n1.jpg,apple|pear\\n2.jpg\\n", "labels.csv").rows
    (Row(line=2, path=('1.jpg',), tags=('apple', 'pear'), split=None, metadata=()),)
    """
    if "submission" in name.casefold():
        note = t("{name} is an example of answers, not a table of tags: it is not read.", name=name)
        return Document(name, notes=(note,), gives_tags=False)
    lines = tables.read_csv(data, name)
    line, first = next(((line, fields) for line, fields in lines if any(fields)), (1, list[str]()))
    if not first and not data.strip():
        return None
    if any(map(is_image, first)):
        return _without_header(itertools.chain([(line, first)], lines), name)
    header = [cell.strip() for cell in first]
    document = read_records(_records(header, lines, name), name, header)
    says_something = document is not None and (document.gives_tags or document.rows)
    if name.rpartition("/")[2].casefold() == LABELS_CSV and not says_something:
        begin = shown(",".join(first))
        rule = t(
            "{name} must begin with the line file,labels, got {first}: add that line at the top",
            name=name,
            first=repr(begin),
        )
        raise ArchiveRefused(rule)
    return document


def read_records(lines: Lines, name: str, header: Sequence[str] = ()) -> Document | None:
    """What records say about images; None if none of their fields names an image.

    lines: each record with the number of its line, or the reason why the line cannot be read. header: the names of
    the columns, where they are known without records.
    """
    records: list[tuple[int, Record]] = []
    broken: list[tuple[int, str]] = []
    for line, record in lines:
        if isinstance(record, str):
            broken.append((line, record))
        else:
            records.append((line, record))
    found = columns.find([record for _, record in records], header)
    if found is None:
        is_metadata = PurePosixPath(name.casefold()).stem == "metadata"
        if not is_metadata or not records:
            return Document(name, broken=tuple(broken), gives_tags=False) if is_metadata else None
        found = Columns(FILE)
    rows = list(_rows(records, found, broken))
    if not found.labels and not found.one_hot:
        notes = (_no_tags(name, records, found), *found.notes)
        return Document(name, tuple(rows) if found.metadata else (), notes=notes, gives_tags=False)
    notes = (*found.notes, *_notes(records, found, rows))
    return Document(_layout(name, found), tuple(rows), tuple(broken), notes)


def line(file_name: str, tags: Sequence[str], metadata: Mapping[str, str], *, as_list: bool) -> str:
    """The line of `metadata.jsonl` for an image: all its tags in a list, or its only tag, or null; and its metadata.

    A tag that could be read as none or as several stands in a list, too.
    """
    only = next(iter(tags), None)
    is_plain = only is None or cells.tags(only) == (only,)
    labels: Record = {"labels": list(tags)} if as_list else {"label": only if is_plain else [only]}
    return json.dumps({FILE: file_name, **labels, **metadata}, ensure_ascii=False)


def _records(header: Sequence[str], lines: Iterable[tuple[int, list[str]]], name: str) -> Iterator[tuple[int, Any]]:
    for number, (line, row) in enumerate(lines, 1):
        tables.check_rows(number, name)
        fields = _joined(row, len(row) - len(header))
        if fields and len(fields) != len(header):
            reason = tn(
                len(header),
                "a row must have {n} column like the first line, this one has {number}: correct it",
                "a row must have {n} columns like the first line, this one has {number}: correct it",
                number=len(fields),
            )
            yield line, reason
        elif fields:
            yield line, dict(zip(header, fields, strict=True))


def _joined(fields: list[str], surplus: int) -> list[str]:
    """A row whose list of tags has no quotes around it, so that its commas part it: with the list in one cell.

    >>> _joined(["1.jpg", "['cat'", " 'dog']"], 1)
    ['1.jpg', "['cat', 'dog']"]
    """
    start = next((place for place, field in enumerate(fields) if field.lstrip().startswith(("[", "{"))), None)
    if surplus < 1 or start is None:
        return fields
    end = start + surplus + 1
    return [*fields[:start], ",".join(fields[start:end]), *fields[end:]]


def _rows(records: Iterable[tuple[int, Record]], found: Columns, broken: list[tuple[int, str]]) -> Iterator[Row]:
    labels, one_hot = frozenset(found.labels), frozenset(found.one_hot)
    for line, record in records:
        path = parts(cells.name(record.get(found.file)))
        if not path:
            reason = t(
                "a line must name its image in {column}, this one does not: correct it", column=shown(found.file)
            )
            broken.append((line, reason))
            continue
        tags, reasons = _one_hot(record, one_hot)
        broken += [(line, reason) for reason in reasons]
        for name in (each for each in record if each in labels):
            own = cells.tags(record.get(name))
            if own is None:
                reason = t("a label must be text or a list of texts, {name} is not: correct it", name=repr(shown(name)))
                broken.append((line, reason))
            tags += own or ()
        split, is_understood = columns.split_of(found.split, record.get(found.split)) if found.split else (None, True)
        if not is_understood:
            value, column = shown(str(record.get(found.split or ""))), shown(found.split or "")
            reason = t(
                "the column {column} must say yes or no, or the name of a split, {value} is none of these: correct it; "
                "until then the image is used for training",
                column=column,
                value=repr(value),
            )
            broken.append((line, reason))
        yield Row(line, path, tuple(dict.fromkeys(tags)), split, metadata_columns.texts(record, found.metadata))


def _one_hot(record: Record, names: Set[str]) -> tuple[list[str], list[str]]:
    """The columns that say yes, and a sentence for each that says neither yes nor no."""
    tags, reasons = [], []
    for name in (each for each in record if each in names):
        value = record[name]
        text = "" if value is None else str(value)
        answer = cells.is_yes(text)
        tags += [name.strip()] if answer else []
        if answer is None:
            reason = t(
                "the column {column} must say yes or no, as 1 or 0, {value} is neither: correct it; until then the "
                "image is without this tag",
                column=shown(name),
                value=repr(shown(text)),
            )
            reasons.append(reason)
    return tags, reasons


def _without_header(lines: Iterable[tuple[int, list[str]]], name: str) -> Document:
    """AutoML's tables, and others whose first line is an image: a split if there is one, the path, the tags."""
    rows: list[Row] = []
    broken: list[tuple[int, str]] = []
    has_boxes = False
    for number, (line, fields) in enumerate(lines, 1):
        tables.check_rows(number, name)
        place = next((place for place, field in enumerate(fields) if is_image(field)), None)
        if place is None:
            broken += [(line, t("a line must name its image, this one does not: correct it"))] if any(fields) else []
            continue
        split = splits.first(fields[:place])
        after = [field for field in fields[place + 1 :] if not _BOX.fullmatch(field.strip())]
        has_boxes |= len(after) + 1 < len(fields) - place
        tags = [tag for field in after for tag in cells.tags(field) or ()]
        rows.append(Row(line, parts(fields[place].strip()), tuple(dict.fromkeys(tags)), split))
    notes = [*([t(NO_BOXES)] if has_boxes else []), *of_tags(rows)]
    return Document(t("{name}, a table without a header", name=name), tuple(rows), tuple(broken), tuple(notes))


def _layout(name: str, found: Columns) -> str:
    if found.one_hot:
        return t("{name}, with a column for each tag", name=name)
    is_label_studio = found.labels[0] in ("choice", "choices")
    return t("{name}, a table of Label Studio", name=name) if is_label_studio else name


def _no_tags(name: str, records: Sequence[tuple[int, Record]], found: Columns) -> str:
    others = dict.fromkeys(column for _, record in records for column in record if column != found.file)
    listed = ", ".join(shown(column) for column in list(others)[:SHOWN_COLUMNS]) or t("no others")
    return t(
        "{name} has no column of tags (its columns: {columns}). If one has the tags, call it label.",
        name=name,
        columns=listed,
    )


def _notes(records: Sequence[tuple[int, Record]], found: Columns, rows: Sequence[Row]) -> Iterator[str]:
    labels = frozenset(found.labels)
    values = [(line, value) for line, record in records for column, value in record.items() if column in labels]
    texts = [(line, value.strip()) for line, value in values if isinstance(value, str) and value.strip()]
    words = Counter(text for _, text in texts if cells.is_missing(text) and text not in cells.EMPTY_LISTS)
    if words:
        listed = ", ".join(f"“{shown(word)}”" for word in sorted(words))
        yield tn(
            words.total(),
            "{n} cell with {words}: read as no tag. To use it as a tag, write it differently.",
            "{n} cells with {words}: read as no tag. To use it as a tag, write it differently.",
            words=listed,
        )
    tags = [(line, tag) for line, text in texts for tag in cells.tags(text) or ()]
    shared = Counter(word for tag in {tag for _, tag in tags} for word in set(tag.split()))
    joined = [(line, tag) for line, tag in tags if _JOINED.search(tag) or _shares_words(tag, shared)]
    if joined:
        line, tag = joined[0]
        yield tn(
            len(joined),
            "{n} cell may have several tags, first “{tag}” in line {line}: each is read as one tag. Write | between "
            "tags.",
            "{n} cells may have several tags, first “{tag}” in line {line}: each is read as one tag. Write | between "
            "tags.",
            tag=shown(tag),
            line=line,
        )
    yield from of_tags(rows)


def _shares_words(tag: str, shared: Mapping[str, int]) -> bool:
    """Whether a tag of several words has one that stands in another tag, too, as where spaces part the tags."""
    words = tag.split()
    return len(words) > 1 and any(shared[word] > 1 for word in words)


def of_tags(rows: Sequence[Row]) -> Iterator[str]:
    """A note where all tags are numbers, as these mean nothing to people."""
    tags = {tag for row in rows for tag in row.tags}
    if tags and all(tag.isdecimal() for tag in tags):
        listed = ", ".join(sorted(tags)[:SHOWN_COLUMNS])
        yield t("The tags are numbers ({tags}): no names for them were found.", tags=listed)
