"""Precision-recall curves from the decision rule: counts at each threshold, from the highest score down.

Each point of the curve is an operating point: a threshold with its right and wrong answers. The slider's 101 positions
are among them, so that its point lies on the curve. Images of all folds are counted together, as at the slider; no end
point (recall 0, precision 1) is added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float64s, Integers
from cvcore.metrics import decision_rule

# How many points all curves together can have, and each at least, besides the slider's positions: a browser draws them.
POINTS = 6000
POINTS_MIN = 20


@dataclass(frozen=True, eq=False)
class Curve:
    """One tag's operating points, thresholds descending; each threshold is the highest that gives its counts.

    thresholds: float (points,), 0..1. tp, fp: int (points,), never both 0, because precision would be undefined.
    positives, images: how many images carry the tag, and how many there are.
    """

    thresholds: Float64s
    tp: Integers
    fp: Integers
    positives: int
    images: int


def curves(truth: Bools, probabilities: NDArray[Any], *, multilabel: bool) -> tuple[Curve, ...]:
    """One curve per tag from `truth` and `probabilities` (n, k): a point per distinct score, or a selection of them.

    Raises:
        InvalidInput: a probability is nan, or the shapes differ.

    >>> truth = np.array([[True], [False], [True]])
    >>> curve, = curves(truth, np.array([[0.9], [0.5], [0.4]]), multilabel=True)
    >>> curve.thresholds.tolist(), curve.tp.tolist(), curve.fp.tolist()
    ([0.9, 0.5, 0.4], [1, 1, 2], [0, 1, 1])
    """
    levels = decision_rule.levels(probabilities, truth, multilabel=multilabel)
    most = max(POINTS_MIN, POINTS // truth.shape[1])
    drawn = []
    for tag in range(truth.shape[1]):
        # The images that can be answered with the tag: in Multiclass only those with it as the top tag.
        rows = slice(None) if multilabel else np.flatnonzero(levels[:, tag])
        thresholds, tp, fp = _points(truth[rows, tag], probabilities[rows, tag], most)
        drawn.append(Curve(thresholds, tp, fp, int(np.count_nonzero(truth[:, tag])), len(truth)))
    return tuple(drawn)


def _points(truth: Bools, scores: NDArray[Any], most: int) -> tuple[Float64s, Integers, Integers]:
    """Thresholds, descending, each with a different number of answers, and their tp and fp."""
    ascending, positive = np.sort(scores), np.sort(scores[truth])
    distinct = ascending[np.diff(ascending, prepend=-1) > 0]
    if distinct.size > most:
        # `most` steps in recall, and the highest score, also if that image does not carry the tag.
        chosen = positive[np.linspace(0, positive.size - 1, min(most, positive.size)).astype(np.int64)]
        distinct = np.append(chosen, distinct[-1])
    thresholds = np.unique(np.concatenate([distinct.astype(np.float64), decision_rule.THRESHOLDS]))[::-1]
    answered, tp = (
        reaching.size - np.searchsorted(reaching.astype(np.float64), thresholds) for reaching in (ascending, positive)
    )
    new = np.diff(answered, prepend=0) > 0
    return thresholds[new], tp[new], (answered - tp)[new]
