"""Precision, recall, F1 and average precision, counted from probabilities by one decision rule.

Rows are images, columns are tags. `truth` says which tags an image carries, `probabilities` what the model
gave each tag. Everything is compared as float64: a float32 0.7 is a little less than 0.7 and stays so, and
`score >= threshold` means the number that was stored, not the number it is shown as.

Nothing here depends on the order of the rows: images with equal scores move together, and sums of fractions
are exact (`math.fsum`). Undefined is nan: 0/0 is neither 0 nor 100 %.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Floats, Integers, Levels
from cvcore.errors import InvalidInput

THRESHOLDS: Floats = np.arange(101) / 100
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
    scores = _checked_scores(probabilities)
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
    scores = _checked_scores(probabilities, truth)
    limits = checked_thresholds(thresholds)
    if not multilabel:
        scores = np.where(_is_top(scores), scores, -np.inf)
    table = np.empty((limits.size, scores.shape[1], 4), np.int64)
    for tag, (column, positive) in enumerate(zip(scores.T, truth.T, strict=True)):
        tp = _count_reaching(column[positive], limits)
        fp = _count_reaching(column[~positive], limits)
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
    _check_scores(probabilities, truth, dimensions=2)
    if multilabel:
        return np.stack([_levels_of(column) for column in probabilities.T], axis=1)
    reached = np.zeros(probabilities.shape, np.uint8)
    rows, top = np.arange(len(probabilities)), probabilities.argmax(axis=1)
    reached[rows, top] = _levels_of(probabilities[rows, top])
    return reached


def _is_top(scores: Floats) -> Bools:
    is_top: Bools = scores.argmax(axis=1, keepdims=True) == np.arange(scores.shape[1])
    return is_top


def _count_reaching(scores: Floats, limits: Floats) -> Integers:
    return scores.size - np.searchsorted(np.sort(scores), limits, side="left")


def checked_thresholds(threshold: float | NDArray[Any]) -> Floats:
    """Thresholds as float64, as given, once they are found to be in 0..1.

    Raises:
        InvalidInput: one is not.
    """
    limits = np.asarray(threshold, np.float64)
    if (bad := limits[~((limits >= 0) & (limits <= 1))]).size:
        raise InvalidInput(f"threshold must be in 0..1, got {bad[0]:g}")
    return limits


def _levels_of(scores: NDArray[Any]) -> Levels:
    """What `np.searchsorted` gives to the right of each score, in a third of the time: a guess, and a look around."""
    scores = scores.astype(np.float64)
    guess = np.clip(100 * scores, 0, 100).astype(np.uint8)
    bounds = np.append(THRESHOLDS, np.inf)
    reached: Levels = guess + (scores >= bounds[guess]) + (scores >= bounds[guess + 1])
    return reached


def _checked_scores(scores: NDArray[Any], truth: Bools | None = None, *, dimensions: int = 2) -> Floats:
    _check_scores(scores, truth, dimensions=dimensions)
    return np.asarray(scores, np.float64)


def _check_scores(scores: NDArray[Any], truth: Bools | None, *, dimensions: int) -> None:
    if scores.ndim != dimensions or scores.shape[1:] == (0,) or (truth is not None and truth.shape != scores.shape):
        wanted = "one number an image" if dimensions == 1 else "one row an image and one column a tag"
        raise InvalidInput(f"probabilities must be {wanted}, as truth is, got shape {scores.shape}")
    if np.isnan(scores).any():
        raise InvalidInput("probabilities must be numbers, got nan: the training went astray, train again")


def precision(counts: Integers) -> Floats:
    """Of the images answered with a tag, the share that carry it: tp / (tp + fp); nan when none was.

    `counts` are (..., 4) as tp, fp, fn, tn; the result drops the last axis.

    >>> precision(np.array([[2, 2, 1, 1], [0, 0, 3, 3]])).tolist()
    [0.5, nan]
    """
    tp, fp, _, _ = np.moveaxis(counts, -1, 0)
    return ratio(tp, tp + fp)


def recall(counts: Integers) -> Floats:
    """Of the images that carry a tag, the share answered with it: tp / (tp + fn); nan when none does.

    >>> recall(np.array([[2, 2, 1, 1], [0, 0, 0, 6]])).tolist()
    [0.6666666666666666, nan]
    """
    tp, _, fn, _ = np.moveaxis(counts, -1, 0)
    return ratio(tp, tp + fn)


def f1(counts: Integers) -> Floats:
    """The harmonic mean of precision and recall: 2 tp / (2 tp + fp + fn); nan only when all three are 0.

    A tag that was never answered has no precision, yet its F1 is 0: its images were missed.

    >>> f1(np.array([[2, 2, 1, 1], [0, 0, 3, 3], [0, 0, 0, 6]])).tolist()
    [0.5714285714285714, 0.0, nan]
    """
    tp, fp, fn, _ = np.moveaxis(counts, -1, 0)
    return ratio(2 * tp, 2 * tp + fp + fn)


def macro(values: NDArray[Any], axis: int = -1) -> Floats:
    """The unweighted mean over the tags where the value is defined; nan when it is nowhere.

    `defined_count` says over how many. The macro F1 is the mean of F1s, not the F1 of mean precision and
    mean recall: the two differ by up to 0.5 (Opitz & Burst 2019, https://arxiv.org/abs/1911.03347).

    >>> float(macro(np.array([0.5, np.nan, 1.0])))
    0.75
    """
    return ratio(np.nansum(values, axis=axis), defined_count(values, axis))


def defined_count(values: NDArray[Any], axis: int = -1) -> Integers:
    """Over how many tags `macro` takes its mean.

    >>> int(defined_count(np.array([0.5, np.nan, 1.0])))
    2
    """
    return np.asarray(np.count_nonzero(~np.isnan(values), axis=axis), np.int64)


def rates(counts: Integers) -> Floats:
    """Precision, recall and F1 of (k, 4) counts, as (3, k + 1); the last column is the mean over the tags.

    >>> rates(np.array([[1, 0, 1, 2], [1, 1, 0, 2]])).tolist()
    [[1.0, 0.5, 0.75], [0.5, 1.0, 0.75], [0.6666666666666666, 0.6666666666666666, 0.6666666666666666]]
    """
    each = np.stack([precision(counts), recall(counts), f1(counts)])
    return np.column_stack([each, macro(each)])


def mean(values: Floats | list[float]) -> float:
    """Their exact sum, whatever their order, over their number; nan where there are none.

    >>> mean([0.1] * 10)
    0.1
    """
    return math.fsum(values) / len(values) if len(values) else math.nan


def ratio(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """part / whole, nan where the whole is 0."""
    undefined = np.full(np.shape(whole), np.nan)
    return np.asarray(np.divide(part, whole, out=undefined, where=np.asarray(whole) != 0), np.float64)


def precision_at_rank(truth: Bools, scores: NDArray[Any]) -> Floats:
    """For each image the precision if it, and all that score at least as high, were answered with the tag.

    `truth` and `scores` are (n,), one tag's. Equal scores get one value: there is no cut between them.

    >>> precision_at_rank(np.array([True, False, True]), np.array([0.9, 0.5, 0.5])).round(3).tolist()
    [1.0, 0.667, 0.667]
    """
    scores = _checked_scores(scores, truth, dimensions=1)
    order = np.argsort(-scores)
    falling = scores[order]
    last_of_equals = np.flatnonzero(np.append(falling[1:] < falling[:-1], [True] * min(1, falling.size)))
    at_rank: Floats = truth[order].cumsum()[last_of_equals] / (last_of_equals + 1)
    ranks = np.empty(falling.size)
    ranks[order] = np.repeat(at_rank, np.diff(last_of_equals, prepend=-1))
    return ranks


def average_precision(truth: Bools, scores: NDArray[Any]) -> float:
    """The area under the steps of the precision-recall curve, without interpolation; nan without positives.

    That is the sum over distinct scores of (recall gained) × (precision there), which is the mean over
    the positives of the precision at their rank. No end point (recall 0, precision 1) is made up, and
    points are not joined by lines, which is too optimistic (Davis & Goadrich 2006,
    https://doi.org/10.1145/1143844.1143874). Constant scores give the prevalence.

    >>> average_precision(np.array([True, False, True, False]), np.array([0.9, 0.8, 0.7, 0.6]))
    0.8333333333333333
    """
    return mean(positive_ranks(truth, scores))


def positive_ranks(truth: Bools, scores: NDArray[Any]) -> Floats:
    """The `precision_at_rank` of the images that carry the tag alone, in their order: much the quicker to find.

    >>> positive_ranks(np.array([True, False, True]), np.array([0.9, 0.5, 0.5])).round(3).tolist()
    [1.0, 0.667]
    """
    scores = _checked_scores(scores, truth, dimensions=1)
    positive = scores[truth]
    return _count_reaching(positive, positive) / _count_reaching(scores, positive)


def fold_ranks(truth: Bools, probabilities: NDArray[Any], folds: NDArray[Any]) -> Floats:
    """`precision_at_rank` of each image and tag among the images of its own fold, as (n, k); nan in fold -1.

    Each fold has its own model, and scores of different models are not on one scale: ranking them together
    biases the average precision downwards (Forman & Scholz 2010, https://doi.org/10.1145/1882471.1882479).
    """
    evaluated = folds >= 0
    scores = _checked_scores(np.where(evaluated[:, None], probabilities, 0), truth)  # the others' may be nan
    ranks = np.full(scores.shape, np.nan)
    for fold in np.unique(folds[evaluated]):
        rows = np.flatnonzero(folds == fold)
        for tag in range(scores.shape[1]):
            ranks[rows, tag] = precision_at_rank(truth[rows, tag], scores[rows, tag])
    return ranks


def mean_over_folds(ranks: Floats, truth: Bools, folds: NDArray[Any]) -> Floats:
    """Each tag's average precision, as (k,), from its `fold_ranks`: the mean over the folds that hold the tag."""
    by_fold = [
        [mean(ranks[rows, tag][truth[rows, tag]]) for tag in range(truth.shape[1])]
        for rows in (np.flatnonzero(folds == fold) for fold in np.unique(folds[folds >= 0]))
    ]
    columns = np.array(by_fold).reshape(-1, truth.shape[1]).T
    return np.array([mean(column[~np.isnan(column)]) for column in columns])


def fold_average_precision(truth: Bools, probabilities: NDArray[Any], folds: NDArray[Any]) -> Floats:
    """Each tag's average precision, as (k,): the mean over the folds in which the tag has an image.

    `folds` are (n,). Rows in fold -1 are not evaluated and may be nan. nan for a tag without an evaluated image.

    >>> truth, folds = np.array([[True], [False], [True], [False]]), np.array([0, 0, 1, 1])
    >>> fold_average_precision(truth, np.array([[0.2], [0.1], [0.8], [0.9]]), folds).tolist()
    [0.75]
    """
    return mean_over_folds(fold_ranks(truth, probabilities, folds), truth, folds)
