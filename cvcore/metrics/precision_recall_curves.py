"""Precision-recall curves, traced by the decision rule: what is counted as the threshold falls from score to score.

A point of the curve is an operating point: a threshold, and what is answered rightly and wrongly at it. The slider's
101 positions are among them, so that its point lies on the curve. Images of all folds are counted together, as the
slider counts them; no end point (recall 0, precision 1) is added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float64s, Integers
from cvcore.metrics import decision_rule

# How many points beside the slider's positions all curves may have together, and one at least: a browser draws them.
POINTS = 6000
POINTS_MIN = 20


@dataclass(frozen=True, eq=False)
class Curve:
    """One tag's operating points, from the highest threshold down; each is the highest that gives its counts.

    thresholds: float (points,), 0..1. tp, fp: int (points,), never both 0, as there is no precision then.
    positives, images: how many images carry the tag, and how many there are.
    """

    thresholds: Float64s
    tp: Integers
    fp: Integers
    positives: int
    images: int


def curves(truth: Bools, probabilities: NDArray[Any], *, multilabel: bool) -> tuple[Curve, ...]:
    """A curve a tag, of `truth` and `probabilities` (n, k): a point a distinct score, or some where there are many.

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
        # The images that can be answered with the tag at all: where only the top tag is, those whose top it is.
        rows = slice(None) if multilabel else np.flatnonzero(levels[:, tag])
        thresholds, tp, fp = _points(truth[rows, tag], probabilities[rows, tag], most)
        drawn.append(Curve(thresholds, tp, fp, int(np.count_nonzero(truth[:, tag])), len(truth)))
    return tuple(drawn)


def _points(truth: Bools, scores: NDArray[Any], most: int) -> tuple[Float64s, Integers, Integers]:
    """Thresholds from the highest down, each with another number of answers, tp and fp."""
    every, right = np.sort(scores), np.sort(scores[truth])
    distinct = every[np.diff(every, prepend=-1) > 0]
    if distinct.size > most:
        # As many steps in recall as there is room for, and the highest score, whoever's it is.
        kept = right[np.linspace(0, right.size - 1, min(most, right.size)).astype(np.int64)]
        distinct = np.append(kept, distinct[-1])
    thresholds = np.unique(np.concatenate([distinct.astype(np.float64), decision_rule.THRESHOLDS]))[::-1]
    answered, tp = (side.size - np.searchsorted(side.astype(np.float64), thresholds) for side in (every, right))
    new = np.diff(answered, prepend=0) > 0
    return thresholds[new], tp[new], (answered - tp)[new]
