"""Average precision, computed from the ranks of the probabilities without a threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float64s
from cvcore.metrics import ratios
from cvcore.metrics.decision_rule import checked_scores, count_reaching
from cvcore.metrics.ratios import mean


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
    """For each image of the tag, the precision if it and all images that score at least as high were answered with it.

    `truth` and `scores` are (n,), of one tag. Equal scores get the same value, because no threshold separates them.

    >>> positive_ranks(np.array([True, False, True]), np.array([0.9, 0.5, 0.5])).round(3).tolist()
    [1.0, 0.667]
    """
    scores = checked_scores(scores, truth, dimensions=1)
    positive = scores[truth]
    return count_reaching(positive, positive) / count_reaching(scores, positive)


def fold_average_precision(truth: Bools, probabilities: NDArray[Any], folds: NDArray[Any]) -> Float64s:
    """Each tag's average precision, as (k,): the mean over the folds in which the tag has an image.

    Each fold has its own model, and the scores of different models are not comparable: ranking them together
    biases the average precision downwards (Forman & Scholz 2010, https://doi.org/10.1145/1882471.1882479).

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
