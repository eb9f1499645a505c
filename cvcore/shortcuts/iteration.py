"""Tests a trained iteration for shortcuts: what is known of its images' files, judged in the iteration's own folds."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cvcore import evaluation, image_facts
from cvcore.array_types import Bools, Float32s, Integers
from cvcore.errors import InvalidInput
from cvcore.imaging import measures
from cvcore.languages import t
from cvcore.records import Iteration
from cvcore.shortcuts import families
from cvcore.shortcuts.classifier import scores
from cvcore.shortcuts.families import Family
from cvcore.shortcuts.findings import Finding, findings
from cvcore.shortcuts.judgement import Evaluated, Judgement, judge
from cvcore.store import SnapshotImage, Store

# Values that may tell tags apart; if each of their values holds one tag's images, the images were sorted by tag.
SORTED = ("folder", "upload")
VALUES = ("file type", "camera", "day", *SORTED)

# Every pair of tags is judged, and every image for every tag: more would take gigabytes.
TAGS_MOST, CELLS_MOST = 1000, 20_000_000

_KEPT_MOST = 4
_kept: dict[tuple[str, str, int], Shortcuts] = {}
_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class Shortcuts:
    """What was found, the tags that are told apart most surely first, and every family's judgement by name.

    `images` were judged; `unmeasured` were left out because their files were not measured yet.
    """

    findings: tuple[Finding, ...]
    judgements: dict[str, Judgement]
    images: int
    unmeasured: int


def shortcuts(store: Store, iteration: Iteration) -> Shortcuts:
    """The iteration's shortcuts; they stay in memory until anything known of images changes.

    Raises:
        NotTrained, ModelDamaged, NotFound: as `evaluation.load`.
        InvalidInput: there are too many tags, or images and tags.
    """
    check_size(iteration.image_count, len(evaluation.tags(store, iteration)))
    key = str(store.home), iteration.id, store.image_facts.changes()
    with _lock:
        found = _kept.pop(key, None)
    found = _tested(store, iteration) if found is None else found
    with _lock:
        _kept[key] = found
        while len(_kept) > _KEPT_MOST:
            del _kept[next(iter(_kept))]
    return found


def check_size(images: int, tags: int) -> None:
    """Check that so many images and tags can be judged.

    Raises:
        InvalidInput: they are too many.

    >>> check_size(100_000, 100)
    """
    if tags > TAGS_MOST or images * tags > CELLS_MOST:
        raise InvalidInput(
            t(
                "shortcuts can be looked for among at most {tags_most} tags, and {cells_most} images times tags, there "
                "are {images} images and {tags} tags: look at a project with fewer of them",
                tags_most=f"{TAGS_MOST:,}",
                cells_most=f"{CELLS_MOST:,}",
                images=f"{images:,}",
                tags=f"{tags:,}",
            )
        )


def judge_families(found: Sequence[Family], truth: Bools, folds: Integers, groups: Integers) -> dict[str, Judgement]:
    """The judgement of each family by name; `truth` is (n, k), `folds` and `groups` (n,)."""
    evaluated = Evaluated.of(truth, folds, groups)
    return {family.name: judge(scores(family.features, truth, folds), evaluated) for family in found}


def _tested(store: Store, iteration: Iteration) -> Shortcuts:
    predictions = evaluation.load(store, iteration)
    snapshot = store.iterations.images(iteration.id)
    numbers = _numbers(store, snapshot)
    measured = ~np.isnan(numbers).all(axis=1)
    truth, folds, groups = predictions.truth[measured], predictions.folds[measured], predictions.groups[measured]
    known = [snapshot[row] for row in np.flatnonzero(measured)]
    found = families.of_images(numbers[measured], *_files(store, known), _values(store, known, truth))
    judgements = judge_families(found, truth, folds, groups)
    listed = tuple(findings(judgements, multilabel=predictions.multilabel))
    return Shortcuts(listed, judgements, int((folds >= 0).sum()), int((~measured).sum()))


def _numbers(store: Store, images: Sequence[SnapshotImage]) -> Float32s:
    """The measures of each image, (n, measures), nan where the file is not measured."""
    stored = store.file_facts.get(measures.VERSION, [image.sha256 for image in images])
    numbers = np.full((len(images), len(measures.NAMES)), np.nan, np.float32)
    for row, image in enumerate(images):
        if image.sha256 in stored:
            numbers[row] = stored[image.sha256].numbers
    return numbers


def _files(store: Store, images: Sequence[SnapshotImage]) -> tuple[Integers, Integers]:
    """Width and height, (n, 2), and size in bytes, (n,); 0 for erased images."""
    ids = [image.image_id for image in images]
    rows = {image_id: (width, height, size) for image_id, _, width, height, size, _ in store.images.files(ids)}
    table = np.array([rows.get(image_id, (0, 0, 0)) for image_id in ids], np.int64).reshape(-1, 3)
    return table[:, :2], table[:, 2]


def _values(store: Store, images: Sequence[SnapshotImage], truth: Bools) -> dict[str, Integers]:
    """The codes of what else is known, (n,), but for folders and uploads by which the images were sorted by tag."""
    columns = image_facts.columns(store, images)
    codes = {key: columns[key].codes.astype(np.int64) for key in VALUES if key in columns}
    return {key: each for key, each in codes.items() if key not in SORTED or not families.is_sorted_by_tag(each, truth)}
