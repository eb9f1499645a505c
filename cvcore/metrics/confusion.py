"""What a model took for what, and which images it did so with.

Rows of arrays are images, columns are tags, as in `metrics`. Where a tag is meant by its column, the number after
the last column means "none": an image that carries no tag, or that got none as its answer.

Images are listed by how sure the model was: the surest first, equals in the order of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Integers
from cvcore.metrics import counting

Outcome = Literal["tp", "fp", "fn", "tn"]
OUTCOMES: tuple[Outcome, ...] = ("tp", "fp", "fn", "tn")

_BLOCK = 8192  # rows at a time: a copy of all probabilities as float64 would be twice as large as they are


@dataclass(frozen=True, eq=False)
class Answers:
    """A model's answers at a threshold beside the truth.

    truth and given: bool (n, k). probabilities: float (n, k), nan where an image was not evaluated. evaluated: bool
    (n,). Images that were not evaluated got no answer and are in no list and no count.
    """

    truth: Bools
    probabilities: NDArray[Any]
    evaluated: Bools
    given: Bools


@dataclass(frozen=True)
class Cell:
    """Images that carry the tag `actual` and were answered with `answered`; both are columns, or "none"."""

    actual: int
    answered: int


@dataclass(frozen=True)
class TagOutcome:
    """Images for which a tag, a column, is a true or false positive or negative."""

    tag: int
    outcome: Outcome


@dataclass(frozen=True)
class Swap:
    """Images that carry the tag `missed`, did not get it, and got `given` wrongly; both are columns."""

    missed: int
    given: int


def answers(
    truth: Bools,
    probabilities: NDArray[Any],
    evaluated: Bools,
    threshold: float | NDArray[Any],
    *,
    multilabel: bool,
) -> Answers:
    """What every evaluated image is answered with, by the one rule of `metrics.answers`.

    Raises:
        InvalidInput: a threshold is outside 0..1, or an evaluated image's probability is nan.

    >>> truth, told = np.array([[True, False], [False, True]]), np.array([[0.9, 0.1], [np.nan, np.nan]])
    >>> answers(truth, told, np.array([True, False]), 0.5, multilabel=False).given.tolist()
    [[True, False], [False, False]]
    """
    given = np.zeros(truth.shape, np.bool_)
    rows = np.flatnonzero(evaluated)
    for start in range(0, max(len(rows), 1), _BLOCK):  # once at least, so that a threshold is always checked
        some = rows[start : start + _BLOCK]
        given[some] = counting.answers(probabilities[some], threshold, multilabel=multilabel)
    return Answers(truth, probabilities, evaluated, given)


def column(carried: Bools) -> Integers:
    """The first tag of each image, as (n,); k, which means none, where it has no tag.

    >>> column(np.array([[False, True], [False, False]])).tolist()
    [1, 2]
    """
    return np.asarray(np.where(carried.any(axis=1), carried.argmax(axis=1), carried.shape[1]), np.int64)


def matrix(told: Answers) -> Integers:
    """How many images of each tag (rows) were answered with which (columns), as (k + 1, k + 1), none last.

    For Multiclass. The sum is the number of evaluated images, a row's sum how many carry its tag. The last row
    counts images that carry no tag, of which training leaves none.

    >>> truth = np.array([[True, False], [True, False], [False, True]])
    >>> told = answers(truth, np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]]), np.ones(3, bool), 0.6, multilabel=False)
    >>> matrix(told).tolist()
    [[1, 1, 0], [0, 0, 1], [0, 0, 0]]
    """
    size = told.truth.shape[1] + 1
    actual, answered = column(told.truth)[told.evaluated], column(told.given)[told.evaluated]
    return np.bincount(actual * size + answered, minlength=size * size).reshape(size, size)


def outcomes(told: Answers) -> Integers:
    """Each tag's true and false positives, false and true negatives, as (k, 4): one small matrix a tag."""
    return counting.count_answers(told.truth[told.evaluated], told.given[told.evaluated])


def swaps(told: Answers) -> Integers:
    """How many images missed a tag (row) and got another wrongly (column), as (k, k); 0 on the diagonal.

    For Multilabel, where an image has several tags and several answers: an image with two tags missed and one
    given wrongly counts in two cells, so the sum is not a number of images.

    >>> truth, told = np.array([[True, True, False]]), np.array([[0.1, 0.2, 0.9]])
    >>> swaps(answers(truth, told, np.ones(1, bool), 0.5, multilabel=True)).tolist()
    [[0, 0, 1], [0, 0, 1], [0, 0, 0]]
    """
    missed, wrong = told.truth & ~told.given, told.given & ~told.truth
    rows = np.flatnonzero(told.evaluated & missed.any(axis=1) & wrong.any(axis=1))
    # float32 multiplies fast and counts exactly up to 16 million images.
    table = missed[rows].T.astype(np.float32) @ wrong[rows].astype(np.float32)
    return np.asarray(table, np.int64)


def most_confused(counts: Integers, most: int) -> list[tuple[int, int, int]]:
    """The commonest confusions as (row, column, count), the commonest first, equals by row and column.

    `counts` is a `matrix` without its last row and column, or `swaps`; the diagonal is no confusion.

    >>> most_confused(np.array([[9, 2, 0], [3, 9, 2], [0, 0, 9]]), 2)
    [(1, 0, 3), (0, 1, 2)]
    """
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    found = zip(*np.unravel_index(order, wrong.shape), wrong.ravel()[order], strict=True)
    return [(int(row), int(col), int(count)) for row, col, count in found if count]


def rows(told: Answers, asked: Cell | TagOutcome | Swap) -> Integers:
    """The images of a cell, a tag's count or a swap, the surest first.

    Of a cell that is by the highest probability; of a tag's true and false positives and of a swap by that of the
    tag given, highest first; of its negatives by that of the tag, lowest first.

    >>> truth = np.array([[True, False], [True, False], [True, False]])
    >>> told = answers(truth, np.array([[0.4, 0.6], [0.1, 0.9], [0.8, 0.2]]), np.ones(3, bool), 0.5, multilabel=False)
    >>> rows(told, Cell(0, 1)).tolist(), rows(told, TagOutcome(1, "fp")).tolist(), rows(told, Swap(0, 1)).tolist()
    ([1, 0], [1, 0], [1, 0])
    """
    match asked:
        case Cell(actual, answered):
            inside = _has(told.truth, actual) & _has(told.given, answered)
            found = np.flatnonzero(told.evaluated & inside)
            sureness = told.probabilities[found].max(axis=1)
        case Swap(missed, given):
            inside = told.truth[:, missed] & ~told.given[:, missed] & told.given[:, given] & ~told.truth[:, given]
            found = np.flatnonzero(told.evaluated & inside)
            sureness = told.probabilities[found, given]
        case TagOutcome(tag, outcome):
            carried, answer = told.truth[:, tag], told.given[:, tag]
            is_answer = outcome in ("tp", "fp")
            inside = (answer if is_answer else ~answer) & (carried if outcome in ("tp", "fn") else ~carried)
            found = np.flatnonzero(told.evaluated & inside)
            sureness = told.probabilities[found, tag] * (1 if is_answer else -1)
    ordered: Integers = found[np.argsort(-sureness, kind="stable")]
    return ordered


def _has(carried: Bools, tag: int) -> Bools:
    """Which images have a tag as their first; the number after the last column: which have none."""
    return np.asarray(column(carried) == tag)
