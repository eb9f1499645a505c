"""Which tags each picture of a folder or zip has, told from where it lies and from the tables that lie beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cvcore.datasets import ground_truth, hugging_face, layouts
from cvcore.datasets.labels_csv import Row, Table
from cvcore.datasets.labels_csv import labels as read_labels
from cvcore.datasets.layouts import IMAGES, LABELS, METADATA, Parts
from cvcore.errors import InvalidInput

Tables = Mapping[Parts, Callable[[], bytes]]
Skip = tuple[str, str]


@dataclass(frozen=True)
class Annotation:
    """A picture's tags in order, each once, and whether it is for testing; `refusal` says why it is left out, if so."""

    tags: tuple[str, ...] = ()
    is_test: bool = False
    refusal: str = ""


Annotated = tuple[list[Annotation], list[Skip]]


def annotate(paths: Sequence[Parts], tables: Tables) -> Annotated:
    """Each picture's annotation, in that order, and of every line or table that counts for nothing why it does not.

    `tables` are those files for which `layouts.is_table` holds, with what reads them; their names in lower case.

    Raises:
        ArchiveRefused: a table cannot be read or is far too large.
    """
    root, has_labels = layouts.root(paths, {path[:-1] for path in tables if path[-1] == LABELS})
    metadata = {path for path in tables if path[-1] in METADATA and any(_is_below(each, path[:-1]) for each in paths)}
    if has_labels:
        return _told(_by_labels(paths, tables, root), tables, {(*root, LABELS)})
    if metadata:
        return _told(_by_metadata(paths, tables, sorted(metadata)), tables, metadata)
    read = {path: tables[path]() for path in tables if path[-1].endswith(layouts.MANIFESTS)}
    if found := {path: data for path, data in sorted(read.items()) if ground_truth.is_manifest(data)}:
        return _told(_by_manifests(paths, found), tables, set(found))
    return _told((_by_folders(paths, root), []), tables, set())


def _told(found: Annotated, tables: Tables, used: set[Parts]) -> Annotated:
    """What was found, and the tables that were not looked at."""
    annotations, skipped = found
    for path in tables:
        if path not in used:
            beside = f"a {LABELS} counts only beside a folder {IMAGES} with pictures in it: put it there"
            reason = beside if path[-1] == LABELS else layouts.kind_refusal(path[-1])
            skipped.append((_shown(path), reason))
    return annotations, skipped


def _by_folders(paths: Sequence[Parts], root: Parts) -> list[Annotation]:
    if not layouts.is_split(paths, root):
        return [Annotation(layouts.folder_tag(path, root)) for path in paths]
    sides = [path[: len(root) + 1] for path in paths]
    return [
        Annotation(layouts.folder_tag(path, side), side[-1].casefold() == layouts.TEST)
        for path, side in zip(paths, sides, strict=True)
    ]


def _by_labels(paths: Sequence[Parts], tables: Tables, root: Parts) -> Annotated:
    """The pictures in `images/` with the tags of their rows, which add up where a file has several."""
    rows, broken = read_labels(tables[*root, LABELS]())
    skipped = [(f"{LABELS} line {line}", reason) for line, reason in broken]
    places: dict[Parts, list[int]] = {}
    for place, path in enumerate(paths):
        if layouts.is_in_images(path, root):
            places.setdefault(path[len(root) + 1 :], []).append(place)
    matched: list[tuple[Row, Sequence[int]]] = []
    for row in rows:
        if row.path in places:
            matched.append((row, places[row.path]))
        else:
            skipped.append((f"{LABELS} line {row.line}", _missing(row, IMAGES)))
    annotations = _added_up(len(paths), matched)
    outside = Annotation(refusal=f"where a {LABELS} tells the tags, pictures lie in {IMAGES}: move it there")
    inside = {place for those in places.values() for place in those}
    return [each if place in inside else outside for place, each in enumerate(annotations)], skipped


def _by_metadata(paths: Sequence[Parts], tables: Tables, used: Iterable[Parts]) -> Annotated:
    """The pictures with the tags of their rows; those without a row have none."""
    skipped: list[Skip] = []
    matched: list[tuple[Row, Sequence[int]]] = []
    tested: set[int] = set()
    places: dict[Parts, list[int]] = {}
    for place, path in enumerate(paths):
        places.setdefault(path, []).append(place)
    for table in used:
        folder, name = table[:-1], _shown(table)
        tested |= {
            place
            for path, those in places.items()
            if _is_below(path, folder) and hugging_face.is_test(path, folder)
            for place in those
        }
        rows = _rows(name, hugging_face.read(tables[table](), name), skipped)
        for row in rows:
            if those := places.get((*folder, *row.path)):
                matched.append((row, those))
            else:
                skipped.append((f"{name} line {row.line}", _missing(row, "its folder")))
    annotations = _added_up(len(paths), matched)
    return [Annotation(each.tags, place in tested) for place, each in enumerate(annotations)], skipped


def _by_manifests(paths: Sequence[Parts], found: Mapping[Parts, bytes]) -> Annotated:
    """The pictures with the tags of the lines that mean them; those that no line means have none."""
    matches = ground_truth.Matches(paths)
    skipped: list[Skip] = []
    matched: list[tuple[Row, Sequence[int]]] = []
    tested: set[int] = set()
    for table, data in found.items():
        name = _shown(table)
        is_test = table[-1].partition(".")[0] == layouts.TEST
        for row in _rows(name, ground_truth.read(data, name), skipped):
            try:
                place = matches.find(row.path)
            except InvalidInput as refusal:
                skipped.append((f"{name} line {row.line}", str(refusal)))
                continue
            matched.append((row, [place]))
            tested |= {place} if is_test else set()
    annotations = _added_up(len(paths), matched)
    return [Annotation(each.tags, place in tested) for place, each in enumerate(annotations)], skipped


def _rows(name: str, table: Table, skipped: list[Skip]) -> list[Row]:
    """A table's rows; its broken lines are added to what is skipped."""
    rows, broken = table
    skipped += [(f"{name} line {line}", reason) for line, reason in broken]
    return rows


def _added_up(count: int, matched: Iterable[tuple[Row, Sequence[int]]]) -> list[Annotation]:
    tags: list[dict[str, None]] = [{} for _ in range(count)]
    tested: set[int] = set()
    for row, places in matched:
        for place in places:
            tags[place].update(dict.fromkeys(row.tags))
        tested.update(places if row.is_test else ())
    return [Annotation(tuple(each), place in tested) for place, each in enumerate(tags)]


def _missing(row: Row, where: str) -> str:
    name = layouts.shown("/".join(row.path))
    return f"a row must name a picture in {where}, {name!r} is not there: correct the name or add the picture"


def _is_below(path: Parts, folder: Parts) -> bool:
    return path[: len(folder)] == folder


def _shown(path: Parts) -> str:
    return layouts.shown("/".join(path))
