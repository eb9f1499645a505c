"""Comparison of Advanced with Quick on rows that neither trained on, and the temperature that Advanced gets."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cvcore import metrics
from cvcore.array_types import Bools, Float32s, Integers
from cvcore.finetuning.fold_splits import FoldSplit
from cvcore.finetuning.fold_training import FoldResult
from cvcore.metrics import calibration
from cvcore.metrics.probabilities import cross_entropy

# The threshold at which answers are compared.
THRESHOLD = 0.5


def is_better(truth: Bools, tuned: Float32s, quick: Float32s, *, multilabel: bool) -> bool:
    """Whether Advanced has a lower log-loss than Quick and at least as many right answers; False without rows.

    All arrays are (rows, tags). Both get the temperature that suits them: the probabilities of a network that has just
    been trained are too low.
    """
    losses = [calibrated_loss(truth, probabilities, multilabel=multilabel) for probabilities in (tuned, quick)]
    if not losses[0] < losses[1]:
        return False
    scaled = [_calibrated(truth, probabilities, multilabel=multilabel) for probabilities in (tuned, quick)]
    right = [all_tags_right(probabilities, truth, multilabel=multilabel).sum() for probabilities in scaled]
    return bool(right[0] >= right[1])


def temperatures(
    truth: Bools, splits: Sequence[FoldSplit], results: Sequence[FoldResult], *, multilabel: bool
) -> list[float]:
    """The temperature of each split's model, fitted on the rows that the other splits but the last evaluate.

    `truth` is the task's, (n, tags).
    """
    compared = splits[:-1]
    fitted = []
    for split in splits:
        others = [other for other in compared if other is not split] or compared
        rows = np.concatenate([other.evaluated for other in others])
        probabilities = np.concatenate([results[other.number].probabilities for other in others])
        fitted.append(calibration.temperature(truth[rows], probabilities, multilabel=multilabel))
    return fitted


def at_own_temperature(
    truth: Bools, probabilities: Float32s, folds: Integers, *, multilabel: bool
) -> NDArray[np.floating]:
    """Quick's out-of-fold probabilities (n, tags) as Advanced's are made: each fold's at a temperature of the others.

    Where there is one fold, its temperature is fitted on itself: that is rather in Quick's favour.
    """
    result = probabilities.copy()
    for fold in np.unique(folds[folds >= 0]):
        rows = folds == fold
        others = (folds >= 0) & ~rows
        others = others if others.any() else rows
        fitted = calibration.temperature(truth[others], probabilities[others], multilabel=multilabel)
        result[rows] = calibration.scaled(probabilities[rows], fitted, multilabel=multilabel)
    return result


def all_tags_right(probabilities: NDArray[np.floating], truth: Bools, *, multilabel: bool) -> Bools:
    """Whether the answer for each image is exactly its tags, bool (images,)."""
    answers = metrics.answers(probabilities, THRESHOLD, multilabel=multilabel)
    return np.asarray((answers == truth).all(axis=1), np.bool_)


def calibrated_loss(truth: Bools, probabilities: NDArray[np.floating], *, multilabel: bool) -> float:
    """Mean log-loss in nats after temperature scaling, which the shipped model gets too; nan without rows.

    >>> truth = np.array([[True, False], [True, False], [True, False], [False, True]])
    >>> round(calibrated_loss(truth, np.tile([0.9, 0.1], (4, 1)), multilabel=False), 3)
    0.562
    """
    if not len(truth):
        return math.nan
    scaled = _calibrated(truth, probabilities, multilabel=multilabel)
    return float(cross_entropy(truth, scaled, multilabel=multilabel).mean())


def _calibrated(truth: Bools, probabilities: NDArray[np.floating], *, multilabel: bool) -> NDArray[np.floating]:
    temperature = calibration.temperature(truth, probabilities, multilabel=multilabel)
    return calibration.scaled(probabilities, temperature, multilabel=multilabel)
