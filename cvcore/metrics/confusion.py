"""The confusion of tags at a threshold, and the images behind each count.

Rows of arrays are images, columns are tags, as in `metrics`. Where a tag is meant by its column, the number after
the last column means "none": an image that carries no tag, or that got no answer.

Images are listed by how certain the model was: the most certain first, equals in the order of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Integers
from cvcore.metrics import decision_rule

Outcome = Literal["tp", "fp", "fn", "tn"]
OUTCOMES: tuple[Outcome, ...] = ("tp", "fp", "fn", "tn")

_BLOCK = 8192  # rows at a time: a copy of all probabilities as float64 would be twice as large as they are


@dataclass(frozen=True, eq=False)
class Answers:
    """A model's answers at a threshold beside the truth.

    truth and predicted: bool (n, k). probabilities: float (n, k), nan where an image was not evaluated. evaluated: bool
    (n,). Images that were not evaluated got no answer and are in no list and no count.
    """

    truth: Bools
    probabilities: NDArray[Any]
    evaluated: Bools
    predicted: Bools


@dataclass(frozen=True)
class Cell:
    """Images that carry the tag `actual` and were answered with `predicted`; both are columns, or "none"."""

    actual: int
    predicted: int


@dataclass(frozen=True)
class TagOutcome:
    """Images for which a tag, a column, is a true or false positive or negative."""

    tag: int
    outcome: Outcome


@dataclass(frozen=True)
class Swap:
    """Images that carry the tag `missed`, did not get it, and were wrongly given `predicted`; both are columns."""

    missed: int
    predicted: int


def answers(
    truth: Bools,
    probabilities: NDArray[Any],
    evaluated: Bools,
    threshold: float | NDArray[Any],
    *,
    multilabel: bool,
) -> Answers:
    """The answers to all evaluated images, by the decision rule `metrics.answers`.

    Raises:
        InvalidInput: a threshold is outside 0..1, or an evaluated image's probability is nan.

    >>> truth, scores = np.array([[True, False], [False, True]]), np.array([[0.9, 0.1], [np.nan, np.nan]])
    >>> answers(truth, scores, np.array([True, False]), 0.5, multilabel=False).predicted.tolist()
    [[True, False], [False, False]]
    """
    predicted = np.zeros(truth.shape, np.bool_)
    rows = np.flatnonzero(evaluated)
    for start in range(0, max(len(rows), 1), _BLOCK):  # once at least, so that a threshold is always checked
        block = rows[start : start + _BLOCK]
        predicted[block] = decision_rule.answers(probabilities[block], threshold, multilabel=multilabel)
    return Answers(truth, probabilities, evaluated, predicted)


def column(carried: Bools) -> Integers:
    """The first tag of each image, as (n,); k, which means none, where it has no tag.

    >>> column(np.array([[False, True], [False, False]])).tolist()
    [1, 2]
    """
    return np.asarray(np.where(carried.any(axis=1), carried.argmax(axis=1), carried.shape[1]), np.int64)


def matrix(answers: Answers) -> Integers:
    """How many images of each tag (rows) were answered with which (columns), as (k + 1, k + 1), none last.

    For Multiclass. The sum is the number of evaluated images, a row's sum how many carry its tag. The last row
    counts images that carry no tag, of which training leaves none.

    >>> truth = np.array([[True, False], [True, False], [False, True]])
    >>> given = answers(truth, np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]]), np.ones(3, bool), 0.6, multilabel=False)
    >>> matrix(given).tolist()
    [[1, 1, 0], [0, 0, 1], [0, 0, 0]]
    """
    size = answers.truth.shape[1] + 1
    actual, predicted = column(answers.truth)[answers.evaluated], column(answers.predicted)[answers.evaluated]
    return np.bincount(actual * size + predicted, minlength=size * size).reshape(size, size)


def outcomes(answers: Answers) -> Integers:
    """Each tag's true and false positives, false and true negatives, as (k, 4): one small matrix for each tag."""
    return decision_rule.count_answers(answers.truth[answers.evaluated], answers.predicted[answers.evaluated])


def swaps(answers: Answers) -> Integers:
    """How many images missed a tag (row) and got another wrongly (column), as (k, k); 0 on the diagonal.

    For Multilabel, where an image has several tags and several answers: an image with two tags missed and one
    wrongly given counts in two cells, so the sum is not a number of images.

    >>> truth, scores = np.array([[True, True, False]]), np.array([[0.1, 0.2, 0.9]])
    >>> swaps(answers(truth, scores, np.ones(1, bool), 0.5, multilabel=True)).tolist()
    [[0, 0, 1], [0, 0, 1], [0, 0, 0]]
    """
    missed, wrong = answers.truth & ~answers.predicted, answers.predicted & ~answers.truth
    rows = np.flatnonzero(answers.evaluated & missed.any(axis=1) & wrong.any(axis=1))
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
    pairs = zip(*np.unravel_index(order, wrong.shape), wrong.ravel()[order], strict=True)
    return [(int(row), int(col), int(count)) for row, col, count in pairs if count]


def rows(answers: Answers, selection: Cell | TagOutcome | Swap) -> Integers:
    """The images of a cell, a tag's count or a swap, the most certain answers first.

    Of a cell that is by the highest probability; of a tag's true and false positives and of a swap by that of the
    tag answered, highest first; of its negatives by that of the tag, lowest first.

    >>> truth = np.array([[True, False], [True, False], [True, False]])
    >>> given = answers(truth, np.array([[0.4, 0.6], [0.1, 0.9], [0.8, 0.2]]), np.ones(3, bool), 0.5, multilabel=False)
    >>> rows(given, Cell(0, 1)).tolist(), rows(given, TagOutcome(1, "fp")).tolist(), rows(given, Swap(0, 1)).tolist()
    ([1, 0], [1, 0], [1, 0])
    """
    match selection:
        case Cell(actual, predicted):
            inside = _has(answers.truth, actual) & _has(answers.predicted, predicted)
            images = np.flatnonzero(answers.evaluated & inside)
            sureness = answers.probabilities[images].max(axis=1)
        case Swap(missed, wrong):
            inside = answers.truth[:, missed] & ~answers.predicted[:, missed]
            inside &= answers.predicted[:, wrong] & ~answers.truth[:, wrong]
            images = np.flatnonzero(answers.evaluated & inside)
            sureness = answers.probabilities[images, wrong]
        case TagOutcome(tag, outcome):
            carried, answer = answers.truth[:, tag], answers.predicted[:, tag]
            is_answer = outcome in ("tp", "fp")
            inside = (answer if is_answer else ~answer) & (carried if outcome in ("tp", "fn") else ~carried)
            images = np.flatnonzero(answers.evaluated & inside)
            sureness = answers.probabilities[images, tag] * (1 if is_answer else -1)
    ordered: Integers = images[np.argsort(-sureness, kind="stable")]
    return ordered


def _has(carried: Bools, tag: int) -> Bools:
    """Which images have a tag as their first; the number after the last column: which have none."""
    return np.asarray(column(carried) == tag)
