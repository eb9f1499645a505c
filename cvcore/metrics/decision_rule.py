"""The decision rule: which tags are the answer at a threshold; and how often it is right, counted per tag.

Rows are images, columns are tags. `truth` says which tags an image carries, `probabilities` what the model
gave each tag. Everything is compared as float64: a float32 0.7 is a little less than 0.7 and stays so, and
`score >= threshold` means the number that was stored, not the number it is shown as.

Nothing here depends on the order of the rows: images with equal scores are counted at the same thresholds.
`ratios` and `ranking` make precision, recall, F1 and average precision of the counts and the scores.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float64s, Integers, Levels
from cvcore.errors import InvalidInput

THRESHOLDS: Float64s = np.arange(101) / 100
THRESHOLDS.flags.writeable = False


def answers(probabilities: NDArray[Any], threshold: float | NDArray[Any], *, multilabel: bool) -> Bools:
    """Which tags the model answers with, as (n, k): the one decision rule.

    Multiclass: the top tag, the first of equals, if its probability >= its threshold, else none.
    Multilabel: every tag whose probability >= its threshold.

    `threshold` is one number for all tags or (k,) numbers, one a tag.

    Raises:
        InvalidInput: a threshold is outside 0..1 or a probability is nan.

    >>> answers(np.array([[0.5, 0.5], [0.3, 0.7]]), 0.5, multilabel=False).tolist()
    [[True, False], [False, True]]
    >>> answers(np.array([[0.5, 0.5], [0.3, 0.7]]), 0.5, multilabel=True).tolist()
    [[True, True], [False, True]]
    """
    scores = checked_scores(probabilities)
    reached: Bools = scores >= checked_thresholds(threshold)
    return reached if multilabel else reached & _is_top(scores)


def count_answers(truth: Bools, answered: Bools) -> Integers:
    """How often each tag was answered rightly and wrongly, as (k, 4): tp, fp, fn, tn.

    >>> count_answers(np.array([[True], [True], [False]]), np.array([[True], [False], [False]])).tolist()
    [[1, 0, 1, 1]]
    """
    cells = (truth & answered, ~truth & answered, truth & ~answered, ~truth & ~answered)
    return np.stack([np.count_nonzero(cell, axis=0) for cell in cells], axis=-1).astype(np.int64)


def counts(
    truth: Bools, probabilities: NDArray[Any], thresholds: NDArray[Any] = THRESHOLDS, *, multilabel: bool
) -> Integers:
    """How often each tag is answered rightly and wrongly at each threshold, as (t, k, 4): tp, fp, fn, tn.

    Row i is exactly `count_answers(truth, answers(probabilities, thresholds[i]))`, from one sort a tag:
    O(n log n). `thresholds` are (t,) numbers in 0..1, in any order.

    Raises:
        InvalidInput: a threshold is outside 0..1, a probability is nan, or the shapes differ.

    >>> truth = np.array([[True], [False], [True]])
    >>> counts(truth, np.array([[0.9], [0.5], [0.4]]), np.array([0.0, 0.5, 1.0]), multilabel=True)[:, 0].tolist()
    [[2, 1, 0, 0], [1, 1, 1, 0], [0, 0, 2, 1]]
    """
    scores = checked_scores(probabilities, truth)
    limits = checked_thresholds(thresholds)
    if not multilabel:
        scores = np.where(_is_top(scores), scores, -np.inf)
    table = np.empty((limits.size, scores.shape[1], 4), np.int64)
    for tag, (column, positive) in enumerate(zip(scores.T, truth.T, strict=True)):
        tp = count_reaching(column[positive], limits)
        fp = count_reaching(column[~positive], limits)
        positives = np.count_nonzero(positive)
        table[:, tag] = np.column_stack([tp, fp, positives - tp, len(column) - positives - fp])
    return table


def levels(probabilities: NDArray[Any], truth: Bools, *, multilabel: bool) -> Levels:
    """How many of `THRESHOLDS` each answer reaches, as (n, k): a tag is answered at THRESHOLDS[i] where level > i.

    The rule is that of `answers`; `truth` gives the shape that the probabilities must have.

    Raises:
        InvalidInput: a probability is nan, or the shapes differ.

    >>> levels(np.array([[0.5, 0.5], [0.3, 0.7]]), np.eye(2, dtype=bool), multilabel=False).tolist()
    [[51, 0], [0, 71]]
    """
    check_scores(probabilities, truth, dimensions=2)
    if multilabel:
        return np.stack([_levels_of(column) for column in probabilities.T], axis=1)
    reached = np.zeros(probabilities.shape, np.uint8)
    rows, top = np.arange(len(probabilities)), probabilities.argmax(axis=1)
    reached[rows, top] = _levels_of(probabilities[rows, top])
    return reached


def _is_top(scores: Float64s) -> Bools:
    is_top: Bools = scores.argmax(axis=1, keepdims=True) == np.arange(scores.shape[1])
    return is_top


def count_reaching(scores: Float64s, limits: Float64s) -> Integers:
    """How many of the scores (n,) are at least each of the limits (m,), as (m,)."""
    return scores.size - np.searchsorted(np.sort(scores), limits, side="left")


def checked_thresholds(threshold: float | NDArray[Any]) -> Float64s:
    """Thresholds as float64, checked to be in 0..1.

    Raises:
        InvalidInput: one is not.
    """
    limits = np.asarray(threshold, np.float64)
    if (bad := limits[~((limits >= 0) & (limits <= 1))]).size:
        raise InvalidInput(f"threshold must be in 0..1, got {bad[0]:g}")
    return limits


def _levels_of(scores: NDArray[Any]) -> Levels:
    """What `np.searchsorted` gives to the right of each score, three times as fast: a guess, corrected by comparing."""
    scores = scores.astype(np.float64)
    guess = np.clip(100 * scores, 0, 100).astype(np.uint8)
    bounds = np.append(THRESHOLDS, np.inf)
    reached: Levels = guess + (scores >= bounds[guess]) + (scores >= bounds[guess + 1])
    return reached


def checked_scores(scores: NDArray[Any], truth: Bools | None = None, *, dimensions: int = 2) -> Float64s:
    """Scores as float64; raises as `check_scores`."""
    check_scores(scores, truth, dimensions=dimensions)
    return np.asarray(scores, np.float64)


def check_scores(scores: NDArray[Any], truth: Bools | None, *, dimensions: int) -> None:
    """Refuse scores that a training cannot have given.

    Raises:
        InvalidInput: they have another number of dimensions or another shape than `truth`, no column, or a nan.
    """
    if scores.ndim != dimensions or scores.shape[1:] == (0,) or (truth is not None and truth.shape != scores.shape):
        wanted = "one number an image" if dimensions == 1 else "one row an image and one column a tag"
        raise InvalidInput(f"probabilities must be {wanted}, as truth is, got shape {scores.shape}")
    if np.isnan(scores).any():
        raise InvalidInput("probabilities must be numbers, got nan: the training went astray, train again")
