"""Compares two iterations on the images that both evaluated, at one threshold for both or at fairly chosen own ones.

Thresholds saved with an iteration are not used: if they were chosen on the very images that are compared, they would
make that iteration look too good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cvcore import metrics, validation
from cvcore.array_types import Bools, Float64s, Integers
from cvcore.errors import InvalidInput
from cvcore.evaluation import analysis, out_of_fold, performance
from cvcore.evaluation.out_of_fold import OutOfFold
from cvcore.languages import t
from cvcore.metrics import paired_comparison
from cvcore.metrics.paired_comparison import Differences, RightAnswers
from cvcore.metrics.threshold_tuning import Goal
from cvcore.records import MULTICLASS, Iteration
from cvcore.store import SnapshotTag, Store
from cvcore.store.caches import kept_with_store

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, eq=False)
class Comparison:
    """The newer of two iterations compared with the older one, on the images and tags that both share.

    threshold: the one of both; None if each has its own. images: how many images are compared. tags: the shared tags'
    names in the newer iteration, in the order of the columns of `differences` and of `counts` (int (tags,): how many
    images carry each). only_some: the names of tags that one iteration lacks. left_out: how many shared images are not
    compared because they carry such a tag (Multiclass only). retagged: how many images have different tags in the two;
    the newer tags are used. differences: newer - older. right: the newer is the first. fixed, broken: the images that
    only the newer, only the older has right, as their rows in both, int (images, 2), those whose probabilities changed
    most first.
    """

    newer: Iteration
    older: Iteration
    threshold: float | None
    images: int
    tags: tuple[str, ...]
    counts: Integers
    only_some: tuple[str, ...]
    left_out: int
    retagged: int
    differences: Differences
    right: RightAnswers
    fixed: Integers
    broken: Integers
    columns: Integers
    names: tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class ImageAnswer:
    """An iteration's answer to an image: each tag with its probability, and the most probable tag, answered or not."""

    tags: tuple[tuple[str, float], ...]
    top: tuple[str, float]


@dataclass(frozen=True)
class ChangedImage:
    """An image that only one of two iterations has right, with its tags in the newer one and both answers."""

    sha256: str
    name: str
    tags: tuple[str, ...]
    newer: ImageAnswer
    older: ImageAnswer


@dataclass(frozen=True)
class _Side:
    """One iteration of a comparison. rows: the row of each evaluated image, by SHA-256. columns, names: by tag id."""

    iteration: Iteration
    out_of_fold: OutOfFold
    rows: dict[str, int]
    columns: dict[str, int]
    names: dict[str, str]


@dataclass(frozen=True, eq=False)
class _Shared:
    """What both sides share: the rows of the images in each, the columns of the tags in each, the names of the rest."""

    rows: tuple[Integers, Integers]
    columns: tuple[Integers, Integers]
    only_some: tuple[str, ...]
    left_out: int


def compare(store: Store, iteration: Iteration, other: Iteration, threshold: float | None) -> Comparison:
    """Compare two iterations, in any order, each evaluated by its own folds.

    With a `threshold`, both answer at it. With None, each answers at its own thresholds, one per tag with the best F1;
    they are chosen for each image on the iteration's other folds. Images are matched by their SHA-256, tags by their
    ids, which stay when a tag is renamed.

    Raises:
        InvalidInput: they are of different types, or share no evaluated image or no tag; the threshold is not in 0..1.
        Conflict, ModelDamaged: as `evaluation.load`.
    """
    if other.classification_type != iteration.classification_type:
        raise InvalidInput(
            t(
                "only iterations of one type can be compared, {iteration} is {type} and {other} is {other_type}: "
                "choose another",
                iteration=iteration.name,
                type=t(iteration.classification_type),
                other=other.name,
                other_type=t(other.classification_type),
            )
        )
    newer, older = sorted((iteration, other), key=lambda each: each.number, reverse=True)
    # The result may have been kept since before one was renamed.
    return replace(_compare(store, newer.id, older.id, threshold), newer=newer, older=older)


def changed_images(
    store: Store, comparison: Comparison, rows: Integers, *, tag: int | None = None, most: int
) -> tuple[int, list[ChangedImage]]:
    """How many of the images `fixed` or `broken` concern a tag, a place in `tags`, and the first `most` of them.

    An image concerns a tag that it carries in the newer iteration or that one of the two answers with; None is any tag.

    Raises:
        NotFound: an iteration was deleted meanwhile.
    """
    sides = [(comparison.newer, rows[:, 0]), (comparison.older, rows[:, 1])]
    answered = [answers_in_rows(store, iteration, places, comparison.threshold) for iteration, places in sides]
    truth = analysis.load(store, comparison.newer).truth[rows[:, 0]]
    if tag is not None:
        new, old = comparison.columns[tag]
        concerned = np.flatnonzero(truth[:, new] | answered[0][:, new] | answered[1][:, old])
    else:
        concerned = np.arange(len(rows))
    shown = concerned[:most]
    answers = [
        _worded(store, iteration, places[shown], rows_answered[shown], names)
        for (iteration, places), rows_answered, names in zip(sides, answered, comparison.names, strict=True)
    ]
    images = store.iterations.images_at(comparison.newer.id, rows[shown, 0].tolist())
    tags = [_named(comparison.names[0], row) for row in truth[shown]]
    return len(concerned), [
        ChangedImage(image.sha256, image.name, *each) for image, *each in zip(images, tags, *answers, strict=True)
    ]


def _named(names: Sequence[str], columns: Bools) -> tuple[str, ...]:
    return tuple(names[column] for column in np.flatnonzero(columns).tolist())


def _worded(
    store: Store, iteration: Iteration, rows: Integers, answered: Bools, names: Sequence[str]
) -> list[ImageAnswer]:
    probabilities = analysis.load(store, iteration).probabilities[rows]
    tops = probabilities.argmax(axis=1).tolist()
    return [
        ImageAnswer(
            tuple((names[column], float(scores[column])) for column in np.flatnonzero(columns).tolist()),
            (names[top], float(scores[top])),
        )
        for scores, columns, top in zip(probabilities, answered, tops, strict=True)
    ]


def answers_in_rows(store: Store, iteration: Iteration, rows: Integers, threshold: float | None) -> Bools:
    """The answers of some evaluated images, bool (rows, tags), at the thresholds that `compare` uses."""
    predictions = analysis.load(store, iteration)
    limits: Float64s | float
    if threshold is None:
        suggestion = performance.suggest_thresholds(store, iteration, Goal("f1"), per_tag=True)
        limits = suggestion.by_part[validation.parts(predictions.folds, predictions.groups)[rows]]
    else:
        limits = threshold
    return metrics.answers(predictions.probabilities[rows], limits, multilabel=predictions.multilabel)


def _side(store: Store, iteration: Iteration) -> _Side:
    predictions = analysis.load(store, iteration)
    digests, tags = _snapshot(store, iteration.id)
    known = out_of_fold.trained_tags(iteration, list(tags))
    return _Side(
        iteration,
        predictions,
        rows={digest: row for row, digest in enumerate(digests) if predictions.evaluated[row]},
        columns={tag.tag_id: column for column, tag in enumerate(known)},
        names={tag.tag_id: tag.name for tag in known},
    )


# A snapshot never changes, and reading 100,000 rows on every rerun would take a second per iteration.
@kept_with_store(5)
def _snapshot(store: Store, iteration_id: str) -> tuple[tuple[str, ...], tuple[SnapshotTag, ...]]:
    """The SHA-256 of every image of an iteration, in order, and its tags."""
    digests = tuple(image.sha256 for image in store.iterations.images(iteration_id))
    return digests, tuple(store.iterations.tags(iteration_id))


# The key holds ids, not arrays, so this cache keeps only results in memory.
@kept_with_store(16)
def _compare(store: Store, newer_id: str, older_id: str, threshold: float | None) -> Comparison:
    newer, older = (_side(store, store.iterations.get(each)) for each in (newer_id, older_id))
    shared = _shared(newer, older)
    new, old = zip(shared.rows, shared.columns, strict=True)
    truth = _table(newer.out_of_fold.truth, *new)
    first, second = (
        answers_in_rows(store, side.iteration, rows, threshold)[:, columns]
        for side, (rows, columns) in ((newer, new), (older, old))
    )
    groups = newer.out_of_fold.groups[new[0]]
    newer_right, older_right = ((truth == answered).all(axis=1) for answered in (first, second))
    moves = _table(newer.out_of_fold.probabilities, *new) - _table(older.out_of_fold.probabilities, *old)
    order = np.argsort(-np.abs(moves).max(axis=1), kind="stable")
    rows = np.column_stack(shared.rows)[order]
    return Comparison(
        newer=newer.iteration,
        older=older.iteration,
        threshold=threshold,
        images=len(truth),
        tags=tuple(name for tag, name in newer.names.items() if tag in older.names),
        counts=np.count_nonzero(truth, axis=0),
        only_some=shared.only_some,
        left_out=shared.left_out,
        retagged=int((truth != _table(older.out_of_fold.truth, *old)).any(axis=1).sum()),
        differences=paired_comparison.differences(truth, first, second, groups),
        right=paired_comparison.right_answers(truth, first, second, groups),
        fixed=rows[(newer_right & ~older_right)[order]],
        broken=rows[(older_right & ~newer_right)[order]],
        columns=np.column_stack(shared.columns),
        names=(tuple(newer.names.values()), tuple(newer.names.get(tag, name) for tag, name in older.names.items())),
    )


def _shared(newer: _Side, older: _Side) -> _Shared:
    tags = [tag for tag in newer.columns if tag in older.columns]
    digests = [sha256 for sha256 in newer.rows if sha256 in older.rows]
    rows = [_places(side.rows, digests) for side in (newer, older)]
    left_out: Bools = np.zeros(len(digests), bool)
    if newer.iteration.classification_type == MULTICLASS:
        unshared = [column for tag, column in newer.columns.items() if tag not in older.columns]
        left_out = np.asarray(newer.out_of_fold.truth[rows[0]][:, unshared].any(axis=1))
    if not tags or left_out.all():
        raise InvalidInput(
            t("iterations must share at least one evaluated image to be compared, got 0: choose another")
            if tags
            else t("iterations must share at least one tag to be compared, got 0: choose another")
        )
    names = older.names | newer.names
    return _Shared(
        rows=(rows[0][~left_out], rows[1][~left_out]),
        columns=(_places(newer.columns, tags), _places(older.columns, tags)),
        only_some=tuple(sorted({names[tag] for tag in names if tag not in tags})),
        left_out=int(left_out.sum()),
    )


def _places(places: dict[str, int], keys: Sequence[str]) -> NDArray[np.int64]:
    return np.array([places[key] for key in keys], np.int64)


def _table(array: NDArray[Number], rows: Integers, columns: Integers) -> NDArray[Number]:
    return array[np.ix_(rows, columns)]
