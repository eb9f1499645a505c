"""Average precision, computed from the ranks of the probabilities without a threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float64s
from cvcore.metrics import ratios
from cvcore.metrics.decision_rule import checked_scores, count_reaching
from cvcore.metrics.ratios import mean


def precision_at_rank(truth: Bools, scores: NDArray[Any]) -> Float64s:
    """For each image, the precision if it and all images that score at least as high were answered with the tag.

    `truth` and `scores` are (n,), of one tag. Equal scores get the same value, because no threshold separates them.

    >>> precision_at_rank(np.array([True, False, True]), np.array([0.9, 0.5, 0.5])).round(3).tolist()
    [1.0, 0.667, 0.667]
    """
    scores = checked_scores(scores, truth, dimensions=1)
    order = np.argsort(-scores)
    falling = scores[order]
    last_of_ties = np.flatnonzero(np.append(falling[1:] < falling[:-1], [True] * min(1, falling.size)))
    at_rank: Float64s = truth[order].cumsum()[last_of_ties] / (last_of_ties + 1)
    ranks = np.empty(falling.size)
    ranks[order] = np.repeat(at_rank, np.diff(last_of_ties, prepend=-1))
    return ranks


def average_precision(truth: Bools, scores: NDArray[Any]) -> float:
    """The area under the steps of the precision-recall curve, without interpolation; nan without positives.

    It is the sum over distinct scores of (recall gained) × (precision there), which equals the mean over the positives
    of the precision at their rank. No end point (recall 0, precision 1) is added. Points are not connected by straight
    lines, because that is too optimistic (Davis & Goadrich 2006,
    https://doi.org/10.1145/1143844.1143874). Constant scores give the prevalence.

    >>> average_precision(np.array([True, False, True, False]), np.array([0.9, 0.8, 0.7, 0.6]))
    0.8333333333333333
    """
    return mean(positive_ranks(truth, scores))


def positive_ranks(truth: Bools, scores: NDArray[Any]) -> Float64s:
    """The `precision_at_rank` of only the images that carry the tag, in their order; much faster.

    >>> positive_ranks(np.array([True, False, True]), np.array([0.9, 0.5, 0.5])).round(3).tolist()
    [1.0, 0.667]
    """
    scores = checked_scores(scores, truth, dimensions=1)
    positive = scores[truth]
    return count_reaching(positive, positive) / count_reaching(scores, positive)


def fold_ranks(truth: Bools, probabilities: NDArray[Any], folds: NDArray[Any]) -> Float64s:
    """`precision_at_rank` of each image and tag among the images of its own fold, as (n, k); nan in fold -1.

    Each fold has its own model, and the scores of different models are not comparable: ranking them together
    biases the average precision downwards (Forman & Scholz 2010, https://doi.org/10.1145/1882471.1882479).
    """
    evaluated = folds >= 0
    scores = checked_scores(np.where(evaluated[:, None], probabilities, 0), truth)  # the others can be nan
    ranks = np.full(scores.shape, np.nan)
    for fold in np.unique(folds[evaluated]):
        rows = np.flatnonzero(folds == fold)
        for tag in range(scores.shape[1]):
            ranks[rows, tag] = precision_at_rank(truth[rows, tag], scores[rows, tag])
    return ranks


def mean_over_folds(ranks: Float64s, truth: Bools, folds: NDArray[Any]) -> Float64s:
    """Each tag's average precision, as (k,), from its `fold_ranks`: the mean over folds with an image of the tag."""
    by_fold = [
        [mean(ranks[rows, tag][truth[rows, tag]]) for tag in range(truth.shape[1])]
        for rows in (np.flatnonzero(folds == fold) for fold in np.unique(folds[folds >= 0]))
    ]
    columns = np.array(by_fold).reshape(-1, truth.shape[1]).T
    return np.array([mean(column[~np.isnan(column)]) for column in columns])


def fold_average_precision(truth: Bools, probabilities: NDArray[Any], folds: NDArray[Any]) -> Float64s:
    """Each tag's average precision, as (k,): the mean over the folds in which the tag has an image.

    `folds` are (n,). Rows in fold -1 are not evaluated and can be nan. nan for a tag without an evaluated image.

    >>> truth, folds = np.array([[True], [False], [True], [False]]), np.array([0, 0, 1, 1])
    >>> fold_average_precision(truth, np.array([[0.2], [0.1], [0.8], [0.9]]), folds).tolist()
    [0.75]
    """
    by_fold = [
        [average_precision(truth[rows, tag], probabilities[rows, tag]) for tag in range(truth.shape[1])]
        for rows in (np.flatnonzero(folds == fold) for fold in np.unique(folds[folds >= 0]))
    ]
    return ratios.macro(np.array(by_fold).reshape(-1, truth.shape[1]), axis=0)
