"""Looks through a project's images, or some of them, for what makes them hard to learn from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from cvcore.array_types import Float32s, Integers, Levels
from cvcore.image_quality import rules
from cvcore.imaging import measures
from cvcore.records import Project
from cvcore.store import ImageSearch, Store
from cvcore.validation import near_duplicates

TWO_TAGS = "two tags"
ORDER = (TWO_TAGS, rules.DARK, rules.PALE, rules.BLURRED, rules.EMPTY, rules.LONG, rules.TINY)

# If more than a quarter of so many images are of one kind, that is how they are meant, as in X-rays.
COMMON_FROM, COMMON_IMAGES_LEAST = 0.25, 8
# The signatures of an image and a copy that was saved again differ by less, of 255 levels; shots in a row by more.
COPY_DISTANCE_MOST = 5.0
# Comparing all with all takes 1 s for 10,000 images and grows with the square.
COMPARED_MOST = 30_000
SIGNATURE_BYTES = 192


@dataclass(frozen=True)
class Group:
    """Images of one kind: their ids, how many were looked at, and whether so many are no slip.

    In the group of `TWO_TAGS` copies of one image stand one after another, and `copies` counts such images.
    """

    kind: str
    image_ids: tuple[str, ...]
    looked_at: int
    is_common: bool = False
    copies: int = 0


@dataclass(frozen=True)
class Quality:
    """The groups that have an image, in the order of `ORDER`; `unmeasured` files were not measured yet."""

    groups: tuple[Group, ...]
    images: int
    unmeasured: int
    compares: bool


@dataclass(frozen=True, eq=False)
class _Files:
    ids: list[str]
    numbers: Float32s
    sizes: Integers
    signatures: Levels


def quality(store: Store, project: Project, image_ids: Collection[str] | None = None) -> Quality:
    """The quality of the workspace's images, or of those with these ids; copies are looked for among all of them."""
    every = store.searches.ids(ImageSearch(project.id))
    wanted = set(every) if image_ids is None else set(image_ids) & set(every)
    compares = len(every) <= COMPARED_MOST
    files = _files(store, every if compares else [image_id for image_id in every if image_id in wanted])
    mine = np.array([image_id in wanted for image_id in files.ids], np.bool_)
    measured = mine & ~np.isnan(files.numbers).all(axis=1)
    found = rules.kinds(files.numbers, files.sizes)
    looked_at = int(mine.sum())
    listed = {kind: [files.ids[row] for row in np.flatnonzero(rows & mine)] for kind, rows in found.items()}
    groups = [_group(kind, ids, looked_at) for kind, ids in listed.items()]
    if compares and (copies := _copies(store, files, wanted)):
        groups.append(Group(TWO_TAGS, tuple(each for group in copies for each in group), looked_at, copies=len(copies)))
    ordered = sorted((each for each in groups if each.image_ids), key=lambda each: ORDER.index(each.kind))
    return Quality(tuple(ordered), looked_at, looked_at - int(measured.sum()), compares)


def _group(kind: str, image_ids: Sequence[str], looked_at: int) -> Group:
    is_common = looked_at >= COMMON_IMAGES_LEAST and len(image_ids) > COMMON_FROM * looked_at
    return Group(kind, tuple(image_ids), looked_at, is_common)


def _files(store: Store, image_ids: Sequence[str]) -> _Files:
    rows = {row[0]: row[1:] for row in store.images.files(image_ids)}
    ids = [image_id for image_id in image_ids if image_id in rows]
    stored = store.file_facts.get(measures.VERSION, [rows[image_id][0] for image_id in ids])
    numbers = np.full((len(ids), len(measures.NAMES)), np.nan, np.float32)
    for place, image_id in enumerate(ids):
        if (facts := stored.get(rows[image_id][0])) and facts.numbers.shape == numbers[place].shape:
            numbers[place] = facts.numbers
    sizes = np.array([rows[image_id][1:3] for image_id in ids], np.int64).reshape(-1, 2)
    signatures = np.frombuffer(b"".join(rows[image_id][4] for image_id in ids), np.uint8).reshape(
        len(ids), SIGNATURE_BYTES
    )
    return _Files(ids, numbers, sizes, signatures)


def _copies(store: Store, files: _Files, wanted: Collection[str]) -> list[list[str]]:
    """The ids of copies of one image that have different tags, a list for each image that is in `wanted`, too."""
    if not files.ids:
        return []
    numbers = near_duplicates.groups(files.signatures)
    order = np.argsort(numbers, kind="stable")
    alike = np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1)
    several = [rows for rows in alike if len(rows) > 1 and any(files.ids[row] in wanted for row in rows)]
    ids = [files.ids[row] for rows in several for row in rows]
    tags = {image.id: frozenset(image.tag_ids) for image in store.images.with_ids(ids)}
    found = [_different(rows, files, tags) for rows in several]
    return [[files.ids[row] for row in rows] for rows in found if any(files.ids[row] in wanted for row in rows)]


def _different(rows: Integers, files: _Files, tags: dict[str, frozenset[str]]) -> list[int]:
    """Of near duplicates, those with a copy that has other tags; an image without a tag is still to be tagged."""
    tagged = np.array([row for row in rows.tolist() if tags.get(files.ids[row])], np.int64)
    own = [tags[files.ids[row]] for row in tagged]
    sets = {each: number for number, each in enumerate(dict.fromkeys(own))}
    if len(sets) < 2:
        return []
    numbers = np.array([sets[each] for each in own])
    levels = files.signatures[tagged].astype(np.float32)
    squares = np.square(levels).sum(axis=1)
    distances = squares[:, None] + squares - 2 * levels @ levels.T
    is_copy = distances <= COPY_DISTANCE_MOST**2 * levels.shape[1]
    is_different = (is_copy & (numbers[:, None] != numbers)).any(axis=1)
    return [int(row) for row in tagged[is_different]]
