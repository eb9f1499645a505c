"""Precision-recall curves, traced by the decision rule: what is counted as the threshold falls from score to score.

A point of the curve is an operating point: a threshold, and what is answered rightly and wrongly at it. The slider's
101 positions are among them, so that its point lies on the curve. Images of all folds are counted together, as the
slider counts them; no end point (recall 0, precision 1) is made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore import metrics
from cvcore.metrics import Bools, Floats, Integers

# How many points beside the slider's positions all curves may have together, and one at least: a browser draws them.
POINTS = 6000
POINTS_MIN = 20


@dataclass(frozen=True, eq=False)
class Curve:
    """One tag's operating points, from the highest threshold down; each is the highest that gives its counts.

    thresholds: float (points,), 0..1. tp, fp: int (points,), never both 0, as there is no precision then.
    positives, images: how many images carry the tag, and how many there are.
    """

    thresholds: Floats
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
    reached = metrics.levels(probabilities, truth, multilabel=multilabel) > 0
    most = max(POINTS_MIN, POINTS // truth.shape[1])
    return tuple(
        _curve(truth[answerable, tag], probabilities[answerable, tag], truth[:, tag], most)
        for tag, answerable in enumerate(reached.T)
    )


def _curve(truth: Bools, scores: NDArray[Any], all_truth: Bools, most: int) -> Curve:
    """The curve of the images that can be answered with the tag at all."""
    right, wrong = (np.sort(scores[chosen].astype(np.float64)) for chosen in (truth, ~truth))
    rising = np.sort(np.concatenate([right, wrong]))
    distinct = rising[np.diff(rising, prepend=-1) > 0]
    if distinct.size > most:
        # As many steps in recall as there is room for, and the highest score, whoever's it is.
        kept = right[np.linspace(0, right.size - 1, min(most, right.size)).astype(np.int64)]
        distinct = np.append(kept, distinct[-1])
    thresholds = np.unique(np.concatenate([distinct, metrics.THRESHOLDS]))[::-1]
    tp, fp = (side.size - np.searchsorted(side, thresholds) for side in (right, wrong))
    new = np.diff(tp + fp, prepend=0) > 0
    return Curve(thresholds[new], tp[new], fp[new], int(np.count_nonzero(all_truth)), len(all_truth))
