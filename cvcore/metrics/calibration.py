"""Calibration: of all answers with a probability of 90 %, are 90 in 100 right?

Multiclass compares the top tag's probability with how often the top tag is right; Multilabel compares every tag's
probability with how often images carry the tag. A model that is too sure, or not sure enough, is corrected by one
number, the temperature, by which all logits are divided (Guo et al. 2017, https://arxiv.org/abs/1706.04599). For each
fold it is fitted on the other folds. It changes no order of the tags, so in Multiclass the top tag stays the same.

The calibration error depends on the bins and is noisy where a bin has few answers, so counts are given, too (Nixon et
al. 2019, https://arxiv.org/abs/1904.01685). Bins are of equal width: 0 to 10 %, 10 to 20 %, … 90 to 100 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore import validation
from cvcore.array_types import Bools, Float64s
from cvcore.metrics import intervals, ratios
from cvcore.metrics.probabilities import from_logits, logits

BINS = 10

# Temperatures outside this range would only come from too few images.
COLDEST, HOTTEST = 0.05, 20.0

# This many images, evenly spaced, are enough to fit one number.
FITTED_ON = 20_000

# Images that are scaled at a time, because numbers between take several times their memory.
_BLOCK = 8192


@dataclass(frozen=True, eq=False)
class Reliability:
    """Predicted probabilities and observed shares: arrays are (10,), one entry per bin, nan in bins without an answer.

    counts: the number of answers in the bin. said: their mean probability. right: the share that was right. low, high:
    its 95 % interval, in which near duplicates, and the tags of one image, count as one. error: the expected
    calibration error, the mean of |said - right| weighted by counts; nan without any answer.
    """

    counts: Float64s
    said: Float64s
    right: Float64s
    low: Float64s
    high: Float64s
    error: float


@dataclass(frozen=True)
class Calibration:
    """Reliability before and after temperature scaling.

    temperature: fitted on all images; above 1 the model is too sure, below 1 not sure enough. after: each fold is
    scaled with a temperature fitted on the other folds.
    """

    before: Reliability
    after: Reliability
    temperature: float


def calibration(
    truth: Bools, probabilities: NDArray[Any], folds: NDArray[Any], groups: NDArray[Any], *, multilabel: bool
) -> Calibration:
    """The calibration of probabilities (n, k), before and after temperature scaling.

    Rows in fold -1 are left out.

    >>> truth = np.array([[True, False], [False, True]] * 10)
    >>> scores = np.where(truth, 0.75, 0.25)
    >>> calibrated = calibration(truth, scores, np.arange(20) % 5, np.arange(20), multilabel=False)
    >>> calibrated.before.error, calibrated.temperature < 1
    (0.25, True)
    """
    parts = validation.parts(folds, groups)
    evaluated = slice(None) if (parts >= 0).all() else parts >= 0
    truth, parts, groups = truth[evaluated], parts[evaluated], groups[evaluated]
    # In 32 bits, as an iteration stores them: with 100,000 images and 100 tags one copy takes 40 MB.
    original = np.asarray(probabilities[evaluated], np.float32)
    rescaled = np.empty_like(original)
    for part in range(parts.max(initial=-1) + 1):
        in_part = parts == part
        fitted = temperature(truth, original, multilabel=multilabel, without=in_part)
        rows = np.flatnonzero(in_part)
        for some in np.array_split(rows, len(rows) // _BLOCK + 1):
            rescaled[some] = scaled(original[some], fitted, multilabel=multilabel)
    return Calibration(
        reliability(truth, original, groups, multilabel=multilabel),
        reliability(truth, rescaled, groups, multilabel=multilabel),
        temperature(truth, original, multilabel=multilabel),
    )


def reliability(truth: Bools, probabilities: NDArray[Any], groups: NDArray[Any], *, multilabel: bool) -> Reliability:
    """Predicted probability and observed share, bin by bin; a probability of exactly 100 % is in the last bin.

    >>> scores = np.array([[0.95, 0.05], [0.95, 0.05], [0.3, 0.7]])
    >>> bins = reliability(np.array([[True, False]] * 3), scores, np.arange(3), multilabel=False)
    >>> bins.counts.tolist()[7:], bins.right.tolist()[7:]
    ([1.0, 0.0, 2.0], [0.0, nan, 1.0])
    """
    images, tags = probabilities.shape
    if multilabel:
        said, is_right = probabilities.ravel(), truth.ravel()
        rows = np.repeat(np.arange(images), tags)
    else:
        rows = np.arange(images)
        top = probabilities.argmax(axis=1)
        said, is_right = probabilities[rows, top], truth[rows, top]
    # 0.9 belongs to the bin from 0.9 on, although float32 0.9 is a little less than 0.9.
    bins = np.minimum(np.floor(BINS * said + 1e-6), BINS - 1).astype(np.int64)
    counts, sums, hits = (
        np.bincount(bins, weights=weights, minlength=BINS).astype(np.float64)
        for weights in (np.ones(len(bins)), said, is_right)
    )
    mean, right = ratios.ratio(sums, counts), ratios.ratio(hits, counts)
    _, index = np.unique(groups, return_inverse=True)
    sizes = np.bincount(index[rows] * BINS + bins, minlength=BINS * (index.max(initial=-1) + 1)).reshape(-1, BINS)
    independent = ratios.ratio(counts**2, (sizes.astype(np.float64) ** 2).sum(axis=0))
    low, high = intervals.share_interval(right, independent)
    error = float(np.nansum(counts * np.abs(mean - right)) / counts.sum()) if len(bins) else float("nan")
    return Reliability(counts, mean, right, low, high, error)


def temperature(truth: Bools, probabilities: NDArray[Any], *, multilabel: bool, without: Bools | None = None) -> float:
    """The temperature, 0.05 to 20, that minimizes the log-loss when logits are divided by it; 1 without images.

    `without` (n,) are images to leave out.

    The loss is convex in 1 / temperature, so bisection finds the point where its slope is 0.
    In Multiclass the logits are log p, in Multilabel log p - log(1 - p).
    """
    rows = np.arange(len(truth)) if without is None else np.flatnonzero(~without)
    if not len(rows):
        return 1.0
    rows = rows[:: -(-len(rows) // FITTED_ON)]
    truth, scores = truth[rows], logits(probabilities[rows], multilabel=multilabel)
    observed = scores[truth].sum()
    cold, hot = np.log(COLDEST), np.log(HOTTEST)
    while hot - cold > 1e-3:
        middle = (cold + hot) / 2
        predicted = from_logits(scores / np.exp(middle), multilabel=multilabel)
        # The mean predicted logit is below the observed: lower the temperature.
        if (predicted * scores).sum() < observed:
            hot = middle
        else:
            cold = middle
    return float(np.exp((cold + hot) / 2))


def scaled(probabilities: NDArray[Any], temperature: float, *, multilabel: bool) -> Float64s:
    """Probabilities (n, k) after dividing their logits by a temperature; 1 changes nothing.

    >>> scaled(np.array([[0.8, 0.2]]), 2, multilabel=False).round(3).tolist()
    [[0.667, 0.333]]
    """
    return from_logits(logits(probabilities, multilabel=multilabel) / temperature, multilabel=multilabel)
