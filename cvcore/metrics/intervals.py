"""The 95 % intervals of rates; they are wide for tags with few images.

Precision, recall, F1 and average precision are all means over images: over those answered with a tag, those that carry
it, or those that do either. So one interval serves them all: Wilson's, which is not too narrow when every answer was
right (10 of 10 is 72 % to 100 %, not 100 % to 100 %). Its sample size is the number of *independent* images, because
near duplicates repeat each other.

The bootstrap (resampling the images) does not work here: if the images show no error, no resample has one either, and
the interval shrinks to a point. With 8 images per tag and a good model, bootstrap intervals contained the true average
precision in 3 of 100 simulated evaluations, these intervals in 97; with a mediocre model, in 90 and in 99.

The intervals cover the choice of images, not of the random seed: another seed changes the numbers, too.

Two formulas are computed here at many thresholds at once, without the correlation matrix; the tests have both as plain
definitions:

- The number of independent images is Kish's effective sample size, (Σ m)² / Σ m² over the sizes m of the groups of near
  duplicates (Kish 1965, Survey Sampling, chapter 8).
- The half width of the mean over k tags combines those of the tags like standard errors, with the correlation C (k, k)
  of the tags' means: sqrt(r' C r) / k, where r is the longer arm of each tag's interval. Two tags' means are correlated
  if the same groups of images raise or lower both. Zou & Donner 2008, https://doi.org/10.1002/sim.3095, combine lower
  and upper arms separately. Taking the longer arm for both widens intervals near 100 %, so that they contain the true
  mean in 91 to 100 % of simulations with 2 to 20 tags of 8 to 60 images; with separate arms it fell to 81 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float64s, Integers, Levels
from cvcore.metrics import ratios
from cvcore.metrics.ratios import ratio

Z = 1.959963984540054  # the standard normal's 97.5 % point
# If the sum of squared deviations is below this share of the trials' sum of squares, it is only rounding error: 0.
ROUNDING = 1e-12

# Rows times columns that are multiplied at once: few enough to stay in the processor's cache, and for OpenBLAS to use
# one thread. On a busy processor two threads wait for each other and take ten times as long.
BLOCK_CELLS = 200_000


def wilson_interval(successes: NDArray[Any] | float, trials: NDArray[Any] | float) -> tuple[Float64s, Float64s]:
    """The 95 % interval of a proportion as (low, high), each shaped like its input; nan where trials are 0.

    It contains successes / trials and lies within 0..1. Both can be fractions, like a number of independent images.
    Source: Brown, Cai & DasGupta 2001, https://doi.org/10.1214/ss/1009213286.

    >>> [round(float(limit), 3) for limit in wilson_interval(10, 10)]
    [0.722, 1.0]
    """
    n = np.asarray(trials, np.float64)
    share = ratio(np.asarray(successes, np.float64), n)
    shrinkage = ratio(np.asarray(Z**2), n)
    centre = (share + shrinkage / 2) / (1 + shrinkage)
    reach = np.sqrt(shrinkage * (share * (1 - share) + shrinkage / 4)) / (1 + shrinkage)
    # At 0 and 1 the limit is the share itself; rounding must not put the share outside.
    return np.clip(np.minimum(centre - reach, share), 0, 1), np.clip(np.maximum(centre + reach, share), 0, 1)


def share_interval(share: NDArray[Any] | float, trials: NDArray[Any] | float) -> tuple[Float64s, Float64s]:
    """Wilson's interval of a share among `trials` trials, as (low, high).

    >>> [round(float(limit), 3) for limit in share_interval(1.0, 10)]
    [0.722, 1.0]
    """
    return wilson_interval(np.asarray(share) * np.asarray(trials), trials)


def f1_interval(f1: NDArray[Any] | float, trials: NDArray[Any] | float) -> tuple[Float64s, Float64s]:
    """The 95 % interval of an F1 as (low, high); `trials` are the images that carry the tag or were answered with it.

    F1 = 2 p / (1 + p), where p = tp / (tp + fp + fn) is the share of right answers among those images, a proportion;
    Wilson's interval of p is transformed in the same way. It stays within 0..1 and is never a single point.
    Source: Lam, Gopal & Qian 2023, the indirect Wilson method, https://arxiv.org/abs/2309.14621.

    >>> [round(float(limit), 3) for limit in f1_interval(1.0, 10)]
    [0.839, 1.0]
    """
    f1 = np.asarray(f1, np.float64)
    low, high = wilson_interval(f1 / (2 - f1) * trials, trials)
    return np.minimum(2 * low / (1 + low), f1), np.maximum(2 * high / (1 + high), f1)


# ---- precision, recall and F1 at many thresholds
#
# `levels` (n, k) are those of `decision_rule`; `starts` are the first rows of the groups of near duplicates, whose rows
# are contiguous.


@dataclass(frozen=True, eq=False)
class Share:
    """A measure as the share of right answers among a tag's trials; the arrays are (t, k).

    Right answers are always trials; `of_wrong` and `of_missed` say whether wrongly answered and missed images are, too.
    `norms` are the lengths of the vectors of the groups' deviations from the share.
    """

    of_wrong: bool
    of_missed: bool
    share: Float64s
    norms: Float64s
    values: Float64s
    low: Float64s
    high: Float64s


def reaching(levels: Levels, positions: int, weights: NDArray[Any] | None = None) -> NDArray[Any]:
    """At each position, the sum of the weights (by default 1) of the rows that are answered, (t,)."""
    at_level = np.bincount(levels, weights, positions + 1)
    return at_level[:0:-1].cumsum()[::-1]


def shares_of_right_answers(counts: Integers, levels: Levels, truth: Bools, starts: Integers) -> list[Share]:
    """Precision, recall and F1 as shares of right answers."""
    right, wrong, missed, _ = np.moveaxis(counts.astype(np.float64), -1, 0)
    twice = _pairs_of_duplicates(levels, truth, starts, len(counts))
    shares = []
    for rate, of_wrong, of_missed in (
        (ratios.precision, True, False),
        (ratios.recall, False, True),
        (ratios.f1, True, True),
    ):
        # Sums over groups of trials², right x trials and right²: the sums over rows, plus the pairs of duplicates.
        parts = np.array([1, of_wrong, of_missed], np.float64)
        trials = right + of_wrong * wrong + of_missed * missed
        squares = trials + np.einsum("abtk,a,b->tk", twice, parts, parts)
        products = right + np.einsum("atk,a->tk", twice[0], parts)
        right_squares = right + twice[0, 0]
        share, independent = ratio(right, trials), ratio(trials**2, squares)
        deviations = right_squares - 2 * share * products + share**2 * squares
        norms = np.sqrt(np.where(deviations > ROUNDING * squares, deviations, 0))
        values = rate(counts)
        interval = f1_interval if of_wrong and of_missed else share_interval
        shares.append(Share(of_wrong, of_missed, share, norms, values, *interval(values, independent)))
    return shares


def _pairs_of_duplicates(levels: Levels, truth: Bools, starts: Integers, positions: int) -> Float64s:
    """How many pairs of different images of one group have which outcomes, as (3, 3, t, k).

    Outcomes are 0 right, 1 wrong, 2 missed. Cell [a, b] counts, at each position, the ordered pairs in which the first
    image has outcome a and the second outcome b. Images are visited from the highest level down; each forms pairs with
    the images of its group that came before it.
    """
    pairs = np.zeros((3, 3, positions, truth.shape[1]))
    sizes = np.diff(starts, append=len(truth))
    several = np.repeat(sizes > 1, sizes)
    first = np.repeat(np.cumsum(sizes[sizes > 1]) - sizes[sizes > 1], sizes[sizes > 1])
    for tag in range(truth.shape[1] if first.size else 0):
        order = np.argsort(first * (positions + 1) + positions - levels[several, tag].astype(np.int64), kind="stable")
        level, positive = levels[several, tag][order], truth[several, tag][order].astype(np.int64)
        before = np.cumsum(positive) - positive
        right = before - before[first]
        wrong = np.arange(first.size) - first - right
        carried = np.bincount(first, positive, first.size)[first]
        missed = carried - right - positive
        for cell, gained in (
            ((0, 0), 2 * right * positive),
            ((1, 1), 2 * wrong * (1 - positive)),
            ((2, 2), -2 * missed * positive),
            ((0, 1), wrong * positive + right * (1 - positive)),
            ((0, 2), (missed - right) * positive),
            ((1, 2), missed * (1 - positive) - wrong * positive),
        ):
            pairs[(*cell, slice(None), tag)] = reaching(level, positions, gained)
        pairs[2, 2, :, tag] += (carried * positive).sum() - positive.sum()
    pairs[1, 0], pairs[2, 0], pairs[2, 1] = pairs[0, 1], pairs[0, 2], pairs[1, 2]
    return pairs


def squared_lengths(shares: list[Share], levels: Levels, truth: Bools, starts: Integers) -> Float64s:
    """For each share and position, the sum over groups of (sum over tags of arm / norm x deviation)², as (3, t).

    An image's deviation is 1 - share if it is answered rightly, - share if it is another trial, and 0 otherwise. It is
    computed as the sum of three terms: one if the image is answered, one if answered rightly, one if it carries the
    tag.
    """
    terms = []
    for share in shares:
        weight = ratio(np.nan_to_num(longer_arms(share.values, share.low, share.high)), share.norms)
        weight, lost = np.nan_to_num(weight), np.nan_to_num(weight * share.share)
        wrong, missed = -lost * share.of_wrong, -lost * share.of_missed
        terms.append(np.concatenate([wrong, weight - lost - wrong - missed, missed], axis=1))
    weights = np.stack(terms, axis=-1)  # (t, 3 k, 3)
    lengths = np.zeros((len(weights), len(shares)))
    for rows, runs in _blocks(starts, len(truth), weights.shape[1]):
        level, carried = levels[rows], truth[rows]
        # Answered, answered rightly, carried (255: at every position).
        reached = np.concatenate([level, level * carried, carried * np.uint8(255)], axis=1)
        # The terms of one image are never large compared with their sum; those of duplicates can cancel each other out
        # and need all digits. A single position costs little in full precision.
        alone = len(runs) == len(level)
        kind = np.float32 if alone and len(weights) > 1 else np.float64
        weighing = weights.astype(kind)
        for position in range(len(weights)):
            sums = (reached > position).astype(kind) @ weighing[position]
            sums = sums if alone else np.add.reduceat(sums, runs)
            lengths[position] += np.einsum("gm,gm->m", sums, sums, dtype=np.float64)
    return lengths.T


def _blocks(starts: Integers, size: int, columns: int) -> list[tuple[slice, Integers]]:
    """Slices of rows that contain complete groups, each with the places where its groups start."""
    rows = max(1, BLOCK_CELLS // columns)
    firsts = np.unique(np.searchsorted(starts, np.arange(0, size, rows)))
    ends = np.append(starts, size)
    bounds = np.append(firsts[firsts < len(starts)], len(starts))
    return [
        (slice(ends[first], ends[last]), starts[first:last] - starts[first])
        for first, last in pairwise(bounds.tolist())
    ]


def longer_arms(values: Float64s, low: Float64s, high: Float64s) -> Float64s:
    """The longer arm of each interval."""
    return np.maximum(values - low, high - values)
