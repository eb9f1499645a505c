"""How far a model's rates differ from fold to fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore import metrics
from cvcore.metrics import Bools, Floats


@dataclass(frozen=True, eq=False)
class Deviations:
    """Standard deviations over the folds: of each tag's precision and recall, (k,), and of their means over tags."""

    precision: Floats
    recall: Floats
    overall_precision: float
    overall_recall: float


def deviations(
    truth: Bools, probabilities: NDArray[Any], folds: NDArray[Any], threshold: float, *, multilabel: bool
) -> Deviations:
    """The population's standard deviation over the folds in which a rate is defined; nan where it is in none.

    Shapes and fold -1 are as in `reports.report`.

    Raises:
        InvalidInput: the threshold is outside 0..1, or a probability is nan.

    >>> truth = np.array([[True, False], [False, True], [True, False], [False, True]])
    >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.3, 0.7]])
    >>> found = deviations(truth, probabilities, np.array([0, 0, 1, 1]), 0.5, multilabel=False)
    >>> found.precision.tolist(), found.recall.tolist(), found.overall_recall
    ([0.0, 0.25], [0.5, 0.0], 0.25)
    """
    counts = []
    for fold in np.unique(folds[folds >= 0]):
        rows = folds == fold
        answers = metrics.answers(probabilities[rows], threshold, multilabel=multilabel)
        counts.append(metrics.count_answers(truth[rows], answers))
    precisions = metrics.precision(np.stack(counts))
    recalls = metrics.recall(np.stack(counts))
    return Deviations(
        precision=_deviation(precisions),
        recall=_deviation(recalls),
        overall_precision=float(_deviation(metrics.macro(precisions)[:, None])[0]),
        overall_recall=float(_deviation(metrics.macro(recalls)[:, None])[0]),
    )


def _deviation(by_fold: Floats) -> Floats:
    """Of each column of (folds, k), nan left out."""
    means = metrics.macro(by_fold, axis=0)
    return np.sqrt(metrics.macro(np.square(by_fold - means), axis=0))
