"""Compares iterations on the images that all of them evaluated."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvcore import metrics
from cvcore.array_types import Bools, Integers
from cvcore.errors import InvalidInput
from cvcore.evaluation import analysis, out_of_fold, saved_thresholds
from cvcore.evaluation.out_of_fold import OutOfFold
from cvcore.metrics import paired_comparison
from cvcore.metrics.paired_comparison import Differences, RightAnswers
from cvcore.records import MULTICLASS, Iteration, Thresholds
from cvcore.store import SnapshotTag, Store


@dataclass(frozen=True, eq=False)
class Comparison:
    """One iteration compared with each of several others, on the images and tags that all of them share.

    images: how many images are compared. tags: the shared tags' names in the newest iteration, in the order of the
    columns of `differences` and of `counts` (int (tags,): how many images carry each). only_some: the names of tags
    that some iterations lack. left_out: how many shared images are not compared because they carry such a tag
    (Multiclass only). retagged: how many images have different tags in the iterations; the newest tags are used.
    differences, right: one entry per other iteration, in their order.
    """

    images: int
    tags: tuple[str, ...]
    counts: Integers
    only_some: tuple[str, ...]
    left_out: int
    retagged: int
    differences: tuple[Differences, ...]
    right: tuple[RightAnswers, ...]


@dataclass(frozen=True)
class _Side:
    """One iteration of a comparison.

    threshold: the one in use. rows: the row of each evaluated image, by SHA-256. columns, names: by tag id.
    """

    out_of_fold: OutOfFold
    threshold: Thresholds
    rows: dict[str, int]
    columns: dict[str, int]
    names: dict[str, str]


def compare(store: Store, iteration: Iteration, others: Sequence[Iteration]) -> Comparison:
    """Compare an iteration with others, each at its threshold in use and evaluated by its own folds.

    Images are matched by their SHA-256, tags by their ids, which stay when a tag is renamed.

    Raises:
        InvalidInput: they are of different types, or share no evaluated image or no tag.
        Conflict, ModelDamaged: as `evaluation.load`.
    """
    for other in others:
        if other.classification_type != iteration.classification_type:
            raise InvalidInput(
                f"only iterations of one type can be compared, {iteration.name} is {iteration.classification_type} "
                f"and {other.name} is {other.classification_type}: choose another"
            )
    compared = (iteration, *others)
    return _compare(store, tuple((one.id, saved_thresholds.threshold_in_use(one)) for one in compared))


def _side(store: Store, iteration: Iteration, threshold: Thresholds) -> _Side:
    predictions = analysis.load(store, iteration)
    digests, tags = _snapshot(store, iteration.id)
    known = out_of_fold.trained_tags(iteration, list(tags))
    return _Side(
        predictions,
        threshold,
        rows={digest: row for row, digest in enumerate(digests) if predictions.evaluated[row]},
        columns={tag.tag_id: column for column, tag in enumerate(known)},
        names={tag.tag_id: tag.name for tag in known},
    )


# A snapshot never changes, and reading 100,000 rows on every rerun would take a second per iteration.
@functools.lru_cache(maxsize=5)
def _snapshot(store: Store, iteration_id: str) -> tuple[tuple[str, ...], tuple[SnapshotTag, ...]]:
    """The SHA-256 of every image of an iteration, in order, and its tags."""
    digests = tuple(image.sha256 for image in store.iterations.images(iteration_id))
    return digests, tuple(store.iterations.tags(iteration_id))


# The key holds ids, not arrays, so this cache keeps only results in memory.
@functools.lru_cache(maxsize=16)
def _compare(store: Store, compared: tuple[tuple[str, Thresholds], ...]) -> Comparison:
    iterations = [store.iterations.get(iteration_id) for iteration_id, _ in compared]
    sides = [_side(store, one, threshold) for one, (_, threshold) in zip(iterations, compared, strict=True)]
    newest = max(range(len(sides)), key=lambda place: iterations[place].number)
    latest = sides[newest]
    everywhere = [tag for tag in latest.columns if all(tag in side.columns for side in sides)]
    only_some = {tag: name for side in sides for tag, name in side.names.items() if tag not in everywhere}
    digests = [sha256 for sha256 in latest.rows if all(sha256 in side.rows for side in sides)]
    if not everywhere or not digests:
        what = "evaluated image" if everywhere else "tag"
        raise InvalidInput(f"iterations must share at least one {what} to be compared, got 0: choose another")
    rows = [np.array([side.rows[sha256] for sha256 in digests]) for side in sides]
    left_out = np.zeros(len(digests), bool)
    if iterations[newest].classification_type == MULTICLASS:
        unshared = [column for tag, column in latest.columns.items() if tag in only_some]
        left_out = latest.out_of_fold.truth[rows[newest]][:, unshared].any(axis=1)
        rows = [side_rows[~left_out] for side_rows in rows]
    columns = [np.array([side.columns[tag] for tag in everywhere]) for side in sides]
    truths = [side.out_of_fold.truth[row][:, column] for side, row, column in zip(sides, rows, columns, strict=True)]
    truth, groups = truths[newest], latest.out_of_fold.groups[rows[newest]]
    answers = [_answers(side, row)[:, column] for side, row, column in zip(sides, rows, columns, strict=True)]
    return Comparison(
        images=len(truth),
        tags=tuple(latest.names[tag] for tag in everywhere),
        counts=np.count_nonzero(truth, axis=0),
        only_some=tuple(sorted(set(only_some.values()))),
        left_out=int(left_out.sum()),
        retagged=int(np.any([(side_truth != truth).any(axis=1) for side_truth in truths], axis=0).sum()),
        differences=tuple(paired_comparison.differences(truth, answers[0], other, groups) for other in answers[1:]),
        right=tuple(paired_comparison.right_answers(truth, answers[0], other, groups) for other in answers[1:]),
    )


def _answers(side: _Side, rows: NDArray[np.int64]) -> Bools:
    limits = np.asarray(side.threshold)
    return metrics.answers(side.out_of_fold.probabilities[rows], limits, multilabel=side.out_of_fold.multilabel)
