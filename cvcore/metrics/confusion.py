"""Counts which tags are confused at a threshold, and names the numbers that images stand behind.

Rows of arrays are images, columns are tags, as in `metrics`. A tag is given by its column, 0 to k - 1; k means "no tag"
or "no answer".
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

_BLOCK = 8192  # rows at a time, because all probabilities as float64 would take twice their memory


@dataclass(frozen=True, eq=False)
class Answers:
    """A model's answers at a threshold, with the truth.

    truth and predicted: bool (n, k). probabilities: float (n, k), nan where an image was not evaluated. evaluated: bool
    (n,). Images that were not evaluated have no answer and are in no list and no count.
    """

    truth: Bools
    probabilities: NDArray[Any]
    evaluated: Bools
    predicted: Bools


@dataclass(frozen=True)
class Cell:
    """Images that carry the tag `actual` and were answered with `predicted`: columns, or k for no tag or no answer."""

    actual: int
    predicted: int


@dataclass(frozen=True)
class TagOutcome:
    """Images for which a tag (a column) is a true or false positive or negative."""

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
    for start in range(0, max(len(rows), 1), _BLOCK):  # at least once, so that the threshold is always checked
        block = rows[start : start + _BLOCK]
        predicted[block] = decision_rule.answers(probabilities[block], threshold, multilabel=multilabel)
    return Answers(truth, probabilities, evaluated, predicted)


def column(carried: Bools) -> Integers:
    """The column of each image's first tag, as (n,); k for an image without a tag.

    >>> column(np.array([[False, True], [False, False]])).tolist()
    [1, 2]
    """
    return np.asarray(np.where(carried.any(axis=1), carried.argmax(axis=1), carried.shape[1]), np.int64)


def outcomes(answers: Answers) -> Integers:
    """Each tag's true and false positives, false and true negatives, as (k, 4): a 2 x 2 matrix per tag."""
    return decision_rule.count_answers(answers.truth[answers.evaluated], answers.predicted[answers.evaluated])


def swaps(answers: Answers) -> Integers:
    """How many images carry a missed tag (row) and were wrongly given another (column), as (k, k); diagonal 0.

    For Multilabel, where an image can have several tags and several answers: an image with two missed tags and one
    wrongly given tag counts in two cells, so the sum is not a number of images.

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
    """The most frequent confusions as (row, column, count), descending; ties by row and column; at most `most`.

    `counts` is a confusion matrix without its last row and column, or `swaps`; the diagonal is not a confusion.

    >>> most_confused(np.array([[9, 2, 0], [3, 9, 2], [0, 0, 9]]), 2)
    [(1, 0, 3), (0, 1, 2)]
    """
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = zip(*np.unravel_index(order, wrong.shape), wrong.ravel()[order], strict=True)
    return [(int(row), int(col), int(count)) for row, col, count in pairs if count]
