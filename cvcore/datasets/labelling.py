"""Find the tags of each image in a folder or zip, from its folder or from tables beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cvcore.datasets import ground_truth, hugging_face, labels_csv, layouts
from cvcore.datasets.layouts import IMAGES, LABELS, METADATA, Parts
from cvcore.datasets.tables import Row, Table
from cvcore.errors import InvalidInput

Tables = Mapping[Parts, Callable[[], bytes]]


class Skipped(NamedTuple):
    """A file, or a line of a table, that is left out, and the reason."""

    name: str
    reason: str


@dataclass(frozen=True)
class Annotation:
    """An image's tags in order, without duplicates, and whether it is a test image.

    `refusal` says why the image is left out, or is empty.
    """

    tags: tuple[str, ...] = ()
    is_test: bool = False
    refusal: str = ""


Annotations = tuple[list[Annotation], list[Skipped]]


def annotate(paths: Sequence[Parts], tables: Tables) -> Annotations:
    """Each image's annotation, in the order of `paths`, and all lines and tables that are left out.

    `tables` are the files that `layouts.is_table` accepts, with their readers; file names in lower case.

    Raises:
        ArchiveRefused: a table cannot be read or is too large.
    """
    root, has_labels = layouts.root(paths, {path[:-1] for path in tables if path[-1] == LABELS})
    metadata = {path for path in tables if path[-1] in METADATA and any(_is_below(image, path[:-1]) for image in paths)}
    if has_labels:
        return _with_unused(_by_labels(paths, tables, root), tables, {(*root, LABELS)})
    if metadata:
        return _with_unused(_by_metadata(paths, tables, sorted(metadata)), tables, metadata)
    contents = {path: tables[path]() for path in tables if path[-1].endswith(layouts.MANIFESTS)}
    if manifests := {path: data for path, data in sorted(contents.items()) if ground_truth.is_manifest(data)}:
        return _with_unused(_by_manifests(paths, manifests), tables, set(manifests))
    return _with_unused((_by_folders(paths, root), []), tables, set())


def _with_unused(annotations: Annotations, tables: Tables, used: set[Parts]) -> Annotations:
    """The annotations, with the unused tables added to what is left out."""
    by_image, skipped = annotations
    for path in tables:
        if path not in used:
            beside = f"a {LABELS} must be beside a folder {IMAGES} with images, this one is not: move it there"
            reason = beside if path[-1] == LABELS else layouts.kind_refusal(path[-1])
            skipped.append(Skipped(_shown(path), reason))
    return by_image, skipped


def _by_folders(paths: Sequence[Parts], root: Parts) -> list[Annotation]:
    if not layouts.is_split(paths, root):
        return [Annotation(layouts.folder_tag(path, root)) for path in paths]
    sides = [path[: len(root) + 1] for path in paths]
    return [
        Annotation(layouts.folder_tag(path, side), side[-1].casefold() == layouts.TEST)
        for path, side in zip(paths, sides, strict=True)
    ]


def _by_labels(paths: Sequence[Parts], tables: Tables, root: Parts) -> Annotations:
    """The images in `images/` with the tags of their rows; tags in several rows of one image are combined."""
    skipped: list[Skipped] = []
    rows = _rows(LABELS, labels_csv.read(tables[*root, LABELS]()), skipped)
    places: dict[Parts, list[int]] = {}
    for place, path in enumerate(paths):
        if layouts.is_in_images(path, root):
            places.setdefault(path[len(root) + 1 :], []).append(place)
    matched: list[tuple[Row, Sequence[int]]] = []
    for row in rows:
        if row.path in places:
            matched.append((row, places[row.path]))
        else:
            skipped.append(Skipped(f"{LABELS} line {row.line}", _missing(row, IMAGES)))
    annotations = _merged(len(paths), matched)
    outside = Annotation(
        refusal=f"an image must be in {IMAGES} if a {LABELS} gives the tags, this one is not: move it there"
    )
    inside = {place for same_path in places.values() for place in same_path}
    return [annotation if place in inside else outside for place, annotation in enumerate(annotations)], skipped


def _by_metadata(paths: Sequence[Parts], tables: Tables, used: Iterable[Parts]) -> Annotations:
    """The images with the tags of their rows; images without a row have no tags."""
    skipped: list[Skipped] = []
    matched: list[tuple[Row, Sequence[int]]] = []
    tested: set[int] = set()
    places: dict[Parts, list[int]] = {}
    for place, path in enumerate(paths):
        places.setdefault(path, []).append(place)
    for table in used:
        folder, name = table[:-1], _shown(table)
        tested |= {
            place
            for path, same_path in places.items()
            if _is_below(path, folder) and hugging_face.is_test(path, folder)
            for place in same_path
        }
        rows = _rows(name, hugging_face.read(tables[table](), name), skipped)
        for row in rows:
            if same_path := places.get((*folder, *row.path)):
                matched.append((row, same_path))
            else:
                skipped.append(Skipped(f"{name} line {row.line}", _missing(row, "its folder")))
    annotations = _merged(len(paths), matched)
    return _with_tests(annotations, tested), skipped


def _by_manifests(paths: Sequence[Parts], manifests: Mapping[Parts, bytes]) -> Annotations:
    """The images with the tags of the lines that name them; images without a line have no tags."""
    matches = ground_truth.Matches(paths)
    skipped: list[Skipped] = []
    matched: list[tuple[Row, Sequence[int]]] = []
    tested: set[int] = set()
    for table, data in manifests.items():
        name = _shown(table)
        is_test = table[-1].partition(".")[0] == layouts.TEST
        for row in _rows(name, ground_truth.read(data, name), skipped):
            try:
                place = matches.find(row.path)
            except InvalidInput as refusal:
                skipped.append(Skipped(f"{name} line {row.line}", str(refusal)))
                continue
            matched.append((row, [place]))
            tested |= {place} if is_test else set()
    annotations = _merged(len(paths), matched)
    return _with_tests(annotations, tested), skipped


def _rows(name: str, table: Table, skipped: list[Skipped]) -> list[Row]:
    """A table's rows; its broken lines are added to `skipped`."""
    rows, broken = table
    skipped += [Skipped(f"{name} line {line}", reason) for line, reason in broken]
    return rows


def _merged(count: int, matched: Iterable[tuple[Row, Sequence[int]]]) -> list[Annotation]:
    tags: list[dict[str, None]] = [{} for _ in range(count)]
    tested: set[int] = set()
    for row, places in matched:
        for place in places:
            tags[place].update(dict.fromkeys(row.tags))
        tested.update(places if row.is_test else ())
    return [Annotation(tuple(names), place in tested) for place, names in enumerate(tags)]


def _with_tests(annotations: Sequence[Annotation], tested: Collection[int]) -> list[Annotation]:
    return [Annotation(annotation.tags, place in tested) for place, annotation in enumerate(annotations)]


def _missing(row: Row, where: str) -> str:
    name = layouts.shown("/".join(row.path))
    return f"a row must name an image in {where}, {name!r} is not there: correct the name or add the image"


def _is_below(path: Parts, folder: Parts) -> bool:
    return path[: len(folder)] == folder


def _shown(path: Parts) -> str:
    return layouts.shown("/".join(path))
