"""Comparison of Advanced with Quick on rows that neither trained on, and the temperature that Advanced gets."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cvcore import metrics
from cvcore.array_types import Bools, Float32s
from cvcore.finetuning.fold_splits import FoldSplit
from cvcore.finetuning.fold_training import FoldResult
from cvcore.metrics import calibration
from cvcore.metrics.probabilities import cross_entropy

# The threshold at which answers are compared.
THRESHOLD = 0.5


def is_better(truth: Bools, tuned: Float32s, quick: Float32s, *, multilabel: bool) -> bool:
    """Whether Advanced has a lower log-loss than Quick and at least as many right answers; False without rows.

    All arrays are (rows, tags). Both get the temperature that suits them, as Advanced's shipped model does.

    >>> truth = np.eye(2, dtype=bool)[[0, 0, 0, 1]]
    >>> good, poor = np.where(truth, 0.9, 0.1), np.where(truth, [[0.9], [0.4], [0.9], [0.9]], 0.1)
    >>> is_better(truth, good, poor, multilabel=False), is_better(truth, good, good, multilabel=False)
    (True, False)
    """
    losses = [calibrated_loss(truth, probabilities, multilabel=multilabel) for probabilities in (tuned, quick)]
    right = [all_tags_right(probabilities, truth, multilabel=multilabel).sum() for probabilities in (tuned, quick)]
    return bool(losses[0] < losses[1] and right[0] >= right[1])


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


def all_tags_right(probabilities: Float32s, truth: Bools, *, multilabel: bool) -> Bools:
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
    temperature = calibration.temperature(truth, probabilities, multilabel=multilabel)
    scaled = calibration.scaled(probabilities, temperature, multilabel=multilabel)
    return float(cross_entropy(truth, scaled, multilabel=multilabel).mean())
