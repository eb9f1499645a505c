"""The decision rule: which tags are the answer at a threshold; and counts per tag of right and wrong answers.

Rows are images, columns are tags. `truth` says which tags an image carries, `probabilities` are the model's. Everything
is compared as float64: a float32 0.7 is a little less than 0.7 and stays so, because `score >= threshold` compares the
stored number, not the number as it is displayed.

Nothing here depends on the order of the rows: images with equal scores are counted at the same thresholds.
`ratios` computes precision, recall and F1 from the counts, `ranking` average precision from the scores.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float64s, Integers, Levels
from cvcore.errors import InvalidInput
from cvcore.languages import t

THRESHOLDS: Float64s = np.arange(101) / 100
THRESHOLDS.flags.writeable = False


def answers(probabilities: NDArray[Any], threshold: float | NDArray[Any], *, multilabel: bool) -> Bools:
    """Which tags the model answers with, as (n, k): the one decision rule.

    Multiclass: the tag with the highest probability (on a tie, the first) if it reaches its threshold; otherwise no
    tag. Multilabel: every tag whose probability reaches its threshold. "Reaches" is >=.

    `threshold` is one number for all tags, (k,) numbers, one per tag, or (n, k), one per tag of each image.

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
    """Each tag's counts tp, fp, fn, tn, as (k, 4).

    >>> count_answers(np.array([[True], [True], [False]]), np.array([[True], [False], [False]])).tolist()
    [[1, 0, 1, 1]]
    """
    cells = (truth & answered, ~truth & answered, truth & ~answered, ~truth & ~answered)
    return np.stack([np.count_nonzero(cell, axis=0) for cell in cells], axis=-1).astype(np.int64)


def counts(
    truth: Bools, probabilities: NDArray[Any], thresholds: NDArray[Any] = THRESHOLDS, *, multilabel: bool
) -> Integers:
    """Each tag's counts tp, fp, fn, tn at each threshold, as (t, k, 4).

    Row i is exactly `count_answers(truth, answers(probabilities, thresholds[i]))`, computed with one sort per tag:
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
    """How many of `THRESHOLDS` each answer reaches, as (n, k): a tag is an answer at THRESHOLDS[i] if its level > i.

    The rule is that of `answers`; `probabilities` must have the shape of `truth`.

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
    """For each limit (m,), how many of the scores (n,) are >= it, as (m,)."""
    return scores.size - np.searchsorted(np.sort(scores), limits, side="left")


def checked_thresholds(threshold: float | NDArray[Any]) -> Float64s:
    """Thresholds as float64.

    Raises:
        InvalidInput: a threshold is outside 0..1.
    """
    limits = np.asarray(threshold, np.float64)
    if (bad := limits[~((limits >= 0) & (limits <= 1))]).size:
        raise InvalidInput(t("threshold must be in 0..1, got {value}", value=f"{bad[0]:g}"))
    return limits


def _levels_of(scores: NDArray[Any]) -> Levels:
    """The levels of the scores (n,).

    Same result as np.searchsorted(THRESHOLDS, score, side="right"), three times faster: estimate the index, then
    correct it.
    """
    scores = scores.astype(np.float64)
    estimate = np.clip(100 * scores, 0, 100).astype(np.uint8)
    bounds = np.append(THRESHOLDS, np.inf)
    reached: Levels = estimate + (scores >= bounds[estimate]) + (scores >= bounds[estimate + 1])
    return reached


def checked_scores(scores: NDArray[Any], truth: Bools | None = None, *, dimensions: int = 2) -> Float64s:
    """Scores as float64; raises as `check_scores`."""
    check_scores(scores, truth, dimensions=dimensions)
    return np.asarray(scores, np.float64)


def check_scores(scores: NDArray[Any], truth: Bools | None, *, dimensions: int) -> None:
    """Check the shape of scores, and that none is nan.

    Raises:
        InvalidInput: the number of dimensions or the shape is wrong, there is no column, or a score is nan.
    """
    if scores.ndim != dimensions or scores.shape[1:] == (0,) or (truth is not None and truth.shape != scores.shape):
        wanted = "one number per image" if dimensions == 1 else "one row per image and one column per tag"
        raise InvalidInput(f"probabilities must be {wanted}, as truth is, got shape {scores.shape}")
    if np.isnan(scores).any():
        raise InvalidInput(t("probabilities must be numbers, got nan: the training failed numerically: train again"))
