"""Estimates how many tags are wrong, from out-of-fold probabilities.

A list of label issues is no count of wrong tags: on sets without one it has 20 to 90 images that are only hard. So the
probabilities q, brought onto the scale of the tags by a slope and an offset for each tag, count as those of the true
tags, and of the tags that were given a share e is wrong at random. Multiclass, with k tags:

    P(given) = (1 - e) q + e (1 - q) / (k - 1)

Multilabel, for each tag of an image, with m of the tags missing and x of the others given needlessly:

    P(given) = (1 - m) q + x (1 - q)

Both are fitted by expectation and maximization. Hard images lower the probabilities of many; wrong tags are the few
that the model contradicts more surely than it errs elsewhere. A likelihood-ratio test says whether there are any.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float64s
from cvcore.metrics.probabilities import from_logits, logits

STEPS, STEPS_OF_PROFILE = 60, 12
RATE_MOST = 0.45
TINY = 1e-12
# Twice the logarithm of the likelihoods' ratio, above which there are wrong tags: chance alone reaches it once in 1,000
# times or less. Hard images make longer tails than the formula says, so weaker evidence is none.
SIGNIFICANT = 10.83
# Of the interval: half of the 95 % quantile of chi-square with one degree of freedom.
PROFILE = 1.92
# From more images the estimate is no better than is needed.
ROWS_MOST, CELLS_MOST = 20_000, 1_000_000
# The interval's ends are looked for among these multiples of the estimated rates.
MULTIPLES = np.geomspace(1, 8, 7)[1:]


@dataclass(frozen=True, eq=False)
class LabelNoise:
    """The probability that a tag is wrong, as estimated, and at the ends of the 95 % interval of the rate.

    Each is (n, k). Multiclass: of the tag that the image carries; 0 elsewhere. Multilabel: that carrying or lacking the
    tag is wrong. `is_present`: whether there are wrong tags at all, as a test says.
    """

    wrong: Float64s
    wrong_low: Float64s
    wrong_high: Float64s
    is_present: bool


@dataclass(frozen=True, eq=False)
class _Fit:
    """slope, offsets (k,); rates: (e,) or (m, x). likelihood: of the given tags, in nats."""

    slope: float
    offsets: Float64s
    rates: Float64s
    likelihood: float


def label_noise(truth: Bools, probabilities: NDArray[np.floating], *, multilabel: bool) -> LabelNoise:
    """Estimate which tags are wrong; `truth` and `probabilities` are (n, k), in Multiclass each image has one tag.

    >>> random = np.random.default_rng(0)
    >>> probable = random.random(1000) ** 6
    >>> is_first = (random.random(1000) < probable) ^ (np.arange(1000) < 50)  # the first 50 are wrong
    >>> truth, probabilities = np.stack([is_first, ~is_first], axis=1), np.stack([probable, 1 - probable], axis=1)
    >>> noise = label_noise(truth, probabilities, multilabel=False)
    >>> noise.is_present, round(float(noise.wrong.sum()))
    (True, 47)
    """
    scores = logits(probabilities, multilabel=multilabel)
    step = max(-(-len(truth) // ROWS_MOST), -(-truth.size // CELLS_MOST), 1)
    carried, fitted = truth[::step], scores[::step]
    zero = np.zeros(2 if multilabel else 1)
    without = _fit(carried, fitted, _Fit(1.0, np.zeros(truth.shape[1]), zero, -np.inf), is_free=False)
    starts = [np.full_like(zero, rate) for rate in (0.01, 0.1)]
    best = max(
        (_fit(carried, fitted, _Fit(1.0, without.offsets, rates, -np.inf), is_free=True) for rates in starts),
        key=lambda each: each.likelihood,
    )
    is_present = 2 * (best.likelihood - without.likelihood) > SIGNIFICANT
    ends = (_end(carried, fitted, best, 1 / MULTIPLES), _end(carried, fitted, best, MULTIPLES))
    wrong, low, high = (_wrong(truth, scores, each) for each in (best, *ends))
    return LabelNoise(wrong, low, high, is_present)


def _fit(truth: Bools, scores: Float64s, start: _Fit, *, is_free: bool, steps: int = STEPS) -> _Fit:
    """The fit from a start, with the start's rates if they are not free."""
    fit, before = start, -np.inf
    for _ in range(steps):
        fit = _step(truth, scores, fit, is_free=is_free)
        if fit.likelihood - before < 1e-3:
            break
        before = fit.likelihood
    return fit


def _step(truth: Bools, scores: Float64s, fit: _Fit, *, is_free: bool) -> _Fit:
    """One step of expectation and maximization; the likelihood is that of the parameters before it."""
    multilabel = len(fit.rates) == 2
    scaled = fit.slope * scores + fit.offsets
    probable = np.clip(from_logits(scaled, multilabel=multilabel), TINY, 1 - TINY)
    wrong, likelihood = _expected(truth, probable, fit.rates)
    if multilabel:
        true = np.where(truth, 1 - wrong, wrong)
        variance = probable * (1 - probable)
        rates = np.array(
            [wrong[~truth].sum() / max(true.sum(), TINY), wrong[truth].sum() / max((1 - true).sum(), TINY)]
        )
        offsets = (true - probable).sum(axis=0) / np.maximum(variance.sum(axis=0), 1.0)
        curvature = (variance * np.square(scores)).sum()
    else:
        own = wrong.sum(axis=1, keepdims=True)
        others = np.where(truth, 0, probable)
        true = np.where(truth, 1 - wrong, own * others / np.maximum(others.sum(axis=1, keepdims=True), TINY))
        rates = np.array([own.mean()])
        offsets = np.log(np.maximum(true.sum(axis=0), TINY) / probable.sum(axis=0))
        mean = (probable * scores).sum(axis=1, keepdims=True)
        curvature = (probable * np.square(scores - mean)).sum()
    slope = fit.slope + float(((true - probable) * scores).sum() / max(curvature, TINY))
    return _Fit(
        float(np.clip(slope, fit.slope / 1.5, fit.slope * 1.5)),
        fit.offsets + np.clip(offsets, -1, 1),
        np.minimum(rates, RATE_MOST) if is_free else fit.rates,
        likelihood,
    )


def _expected(truth: Bools, probable: Float64s, rates: Float64s) -> tuple[Float64s, float]:
    """The probability that each tag is wrong, as in `LabelNoise`, and the likelihood of all."""
    if len(rates) == 2:
        missing, needless = rates
        chance = np.where(truth, (1 - probable) * needless, probable * missing)
        given = chance + np.where(truth, probable * (1 - missing), (1 - probable) * (1 - needless))
    else:
        chance = np.where(truth, (1 - probable) * rates[0] / max(truth.shape[1] - 1, 1), 0)
        given = np.where(truth, chance + probable * (1 - rates[0]), 1)
    return chance / given, float(np.log(given).sum())


def _end(truth: Bools, scores: Float64s, best: _Fit, multiples: Float64s) -> _Fit:
    """The fit at the furthest of these multiples of the best rates that is still in the interval."""
    end = best
    for multiple in multiples:
        rates = np.minimum(best.rates * multiple, RATE_MOST)
        fit = _fit(truth, scores, _Fit(end.slope, end.offsets, rates, -np.inf), is_free=False, steps=STEPS_OF_PROFILE)
        if fit.likelihood < best.likelihood - PROFILE:
            # Between this multiple and the one before.
            halfway = np.sqrt(end.rates * fit.rates)
            return _Fit(fit.slope, fit.offsets, halfway, fit.likelihood)
        end = fit
    return end


def _wrong(truth: Bools, scores: Float64s, fit: _Fit) -> Float64s:
    probable = from_logits(fit.slope * scores + fit.offsets, multilabel=len(fit.rates) == 2)
    return _expected(truth, np.clip(probable, TINY, 1 - TINY), fit.rates)[0]
