"""Find the tags of each image in a folder or zip: from tables and manifests if there are any, else from its folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import NamedTuple

from cvcore.annotations import Document, Matches, Parts, shown, shown_path, splits
from cvcore.annotations import read as read_document
from cvcore.annotations.splits import Split
from cvcore.datasets import file_names, layouts
from cvcore.datasets.lookalikes import lookalikes
from cvcore.datasets.table_metadata import TableMetadata
from cvcore.errors import InvalidInput
from cvcore.languages import marked, t, tn

Tables = Mapping[Parts, Callable[[], bytes]]

LABELS = "labels.csv"
SHOWN_TABLES = 3
# Which tables are read: those of the smallest rank that there are.
OTHER = 2

_NO_TABLE = marked("only images and tables of their tags are read, this file is neither: leave it out")


class Skipped(NamedTuple):
    """A file, or a line of a table, that is left out, and the reason."""

    name: str
    reason: str


@dataclass(frozen=True)
class Annotation:
    """An image's tags in order, without duplicates, whether it is a test image, and its metadata, as key and text."""

    tags: tuple[str, ...] = ()
    is_test: bool = False
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Labelled:
    """Each image's annotation, in the order of the paths; what is left out; how all was read, in a line; and notes."""

    annotations: tuple[Annotation, ...]
    skipped: tuple[Skipped, ...]
    read_as: str
    notes: tuple[str, ...]


@dataclass
class _Reading:
    """What has been read so far: of each image its tags, by which lines, its split and its metadata."""

    count: int
    used: list[Parts] = field(default_factory=list)
    tags: list[dict[str, None]] = field(default_factory=list)
    splits: dict[int, Split] = field(default_factory=dict)
    named: set[int] = field(default_factory=set)
    disputed: dict[int, None] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    metadata: TableMetadata = field(default_factory=TableMetadata)

    def __post_init__(self) -> None:
        self.tags = [{} for _ in range(self.count)]


def annotate(paths: Sequence[Parts], tables: Tables) -> Labelled:
    """The annotation of each image, by its path.

    `tables` are the files that `annotations.can_be` accepts, with their readers.

    Raises:
        ArchiveRefused: a table cannot be read, or is of a kind whose labels are not for entire images.
    """
    documents, others, skipped, notes = _documents(paths, tables)
    matches = Matches(paths)
    reading = _by_documents(paths, documents, matches)
    notes += reading.metadata.add_tables(others, matches)
    skipped = [*reading.skipped, *skipped]
    if any(documents[table].gives_tags for table in reading.used):
        read_as = _named(reading.used)
        notes += [note for table in reading.used for note in documents[table].notes]
        notes += _about(reading, paths, read_as)
        found = _annotations(reading, paths)
    else:
        layout = layouts.read(paths)
        read_as, notes = layout.name, [*notes, *layout.notes]
        found = [
            Annotation((each.tag,) if each.tag else (), each.split == "test", reading.metadata.pairs(place))
            for place, each in enumerate(layout.places)
        ]
    notes += reading.metadata.notes(paths)
    notes += lookalikes({tag for each in found for tag in each.tags})
    return Labelled(tuple(found), tuple(skipped), _summary(read_as, found) if found else "", tuple(notes))


def _documents(
    paths: Sequence[Parts], tables: Tables
) -> tuple[dict[Parts, Document], dict[Parts, Document], list[Skipped], list[str]]:
    """The documents that give tags, by path; those with metadata alone; the files that are none; and notes of others.

    Beside a `labels.csv` no other table is read, beside a table of Hugging Face's name no other but such.
    """
    found: dict[Parts, Document] = {}
    skipped: list[Skipped] = []
    notes: list[str] = []
    others: dict[Parts, Document] = {}
    told: set[Parts] = set()
    for path, read in sorted(_worth_reading(paths, tables).items()):
        document = read_document(shown_path(path), read())
        if document is not None and (document.gives_tags or document.broken):
            found[path] = document
            continue
        told.add(path)
        if document is None:
            skipped.append(Skipped(shown_path(path), file_names.kind_refusal(path[-1]) or t(_NO_TABLE)))
        elif document.rows:
            others[path] = document
        else:
            notes += document.notes
    rank = min(map(_rank, found), default=OTHER)
    for path in [path for path in found if _rank(path) > rank]:
        del found[path]
    first = next(map(shown_path, found), "")
    given = t("{table} gives the tags, so this file is not read: leave one of them out", table=first)
    unread = [path for path in tables if path not in found and path not in told]
    skipped += [Skipped(shown_path(path), given if first else file_names.kind_refusal(path[-1])) for path in unread]
    return found, others, skipped, notes


def _worth_reading(paths: Sequence[Parts], tables: Tables) -> Tables:
    """All tables; of texts and XML beside images of the same name, of which there may be thousands, only the first."""
    stems = {PurePosixPath(path[-1]).stem.casefold() for path in paths}
    chosen: dict[Parts, Callable[[], bytes]] = {}
    has_own = False
    for path, read in sorted(tables.items()):
        name = PurePosixPath(path[-1].casefold())
        is_own = name.suffix in (".txt", ".xml", ".json") and name.stem in stems
        if not is_own or not has_own:
            chosen[path] = read
        has_own |= is_own
    return chosen


def _rank(path: Parts) -> int:
    name = path[-1].casefold()
    return 0 if name == LABELS else 1 if PurePosixPath(name).stem == "metadata" else OTHER


def _by_documents(paths: Sequence[Parts], documents: Mapping[Parts, Document], matches: Matches) -> _Reading:
    reading = _Reading(len(paths))
    for table, document in documents.items():
        name, own = shown_path(table), splits.named_in(PurePosixPath(table[-1]).stem)
        missing: list[tuple[int, str]] = []
        for row in document.rows:
            try:
                places = matches.find(row.path, table[:-1])
            except InvalidInput as refusal:
                missing.append((row.line, str(refusal)))
                continue
            for place in places:
                _add(reading, place, row.tags, row.split or own)
                reading.metadata.add(place, row.metadata)
        if _rank(table) == OTHER and document.rows and len(missing) == len(document.rows):
            reason = tn(
                len(missing),
                "none of its {n} line names an image here, first: {reason}",
                "none of its {n} lines names an image here, first: {reason}",
                reason=missing[0][1],
            )
            reading.skipped.append(Skipped(name, reason))
            continue
        reading.used.append(table)
        told = sorted([*document.broken, *missing], key=lambda each: each[0])
        reading.skipped += [Skipped(f"{name} line {line}", reason) for line, reason in told]
    return reading


def _add(reading: _Reading, place: int, tags: Sequence[str], split: Split | None) -> None:
    if place in reading.named and reading.tags[place] and tags and set(tags) != set(reading.tags[place]):
        reading.disputed[place] = None
    reading.named.add(place)
    reading.tags[place].update(dict.fromkeys(tags))
    if split and reading.splits.get(place) != "test":
        reading.splits[place] = split


def _annotations(reading: _Reading, paths: Sequence[Parts]) -> list[Annotation]:
    """The annotations; where no table names an image's split its folders do."""
    return [
        Annotation(
            tuple(reading.tags[place]),
            (reading.splits.get(place) or splits.first(path[:-1])) == "test",
            reading.metadata.pairs(place),
        )
        for place, path in enumerate(paths)
    ]


def _about(reading: _Reading, paths: Sequence[Parts], table: str) -> list[str]:
    """Sentences about images that no line names, and images whose lines name different tags."""
    notes = []
    unnamed = [place for place in range(reading.count) if place not in reading.named]
    if unnamed:
        first = shown_path(paths[unnamed[0]])
        notes.append(
            tn(
                len(unnamed),
                "{n} image without a line in {table}, first {image}: no tag.",
                "{n} images without a line in {table}, first {image}: no tag.",
                table=table,
                image=first,
            )
        )
    if reading.disputed:
        place = next(iter(reading.disputed))
        tags = ", ".join(map(shown, reading.tags[place]))
        notes.append(_disputed(shown_path(paths[place]), len(reading.disputed) - 1, tags))
    return notes


def _disputed(image: str, others: int, tags: str) -> str:
    if not others:
        return t(
            "{image}: several lines with different tags. All count ({tags}): this needs a Multilabel project.",
            image=image,
            tags=tags,
        )
    return tn(
        others,
        "{image}, and {n} other image: several lines with different tags. All count ({tags}): this needs a Multilabel "
        "project.",
        "{image}, and {n} other images: several lines with different tags. All count ({tags}): this needs a Multilabel "
        "project.",
        image=image,
        tags=tags,
    )


def _named(tables: Sequence[Parts]) -> str:
    names = ", ".join(shown_path(path) for path in tables[:SHOWN_TABLES])
    if (more := len(tables) - SHOWN_TABLES) > 0:
        return tn(more, "{names} and {n} more", "{names} and {n} more", names=names)
    return names


def _summary(read_as: str, found: Sequence[Annotation]) -> str:
    """How all was read, in a line.

    >>> _summary("labels.csv", [Annotation(("cat",)), Annotation(("dog",), True), Annotation()])
    'labels.csv; 2 tags; 1 image for testing; 1 image without tags'
    """
    tested = sum(each.is_test for each in found)
    bare = sum(not each.tags for each in found)
    parts = [read_as, tn(len({tag for each in found for tag in each.tags}), "{n} tag", "{n} tags")]
    parts += [tn(tested, "{n} image for testing", "{n} images for testing")] if tested else []
    parts += [tn(bare, "{n} image without tags", "{n} images without tags")] if bare else []
    return "; ".join(parts)
