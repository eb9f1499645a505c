"""Evaluates all 101 positions of the slider at once: counts, rates and the 95 % interval of every rate.

Two things make it fast with 100,000 images and 100 tags. The level that a probability reaches says at which thresholds
it is an answer. And the half width of a mean's interval, sqrt(r' C r) as in `intervals.macro_interval`, is the length
of a vector with one sum per group of images, so that no correlation matrix is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float64s, Integers, Levels
from cvcore.errors import InvalidInput
from cvcore.metrics import decision_rule, intervals, ranking, ratios
from cvcore.metrics.ratios import ratio

POSITIONS = decision_rule.THRESHOLDS.size

# Rows times columns that are multiplied at once: few enough to stay in the processor's cache, and for OpenBLAS to use
# one thread. On a busy processor two threads wait for each other and take ten times as long.
BLOCK_CELLS = 200_000


@dataclass(frozen=True, eq=False)
class Measure:
    """One measure: each tag's values and interval ends, (t, k), and those of the mean over the tags, (t,).

    t is the number of thresholds, 101 or 1; 1 for average precision, which does not depend on one. nan where undefined.
    """

    values: Float64s
    low: Float64s
    high: Float64s
    mean: Float64s
    mean_low: Float64s
    mean_high: Float64s


@dataclass(frozen=True, eq=False)
class Sweep:
    """Counts at the thresholds, (t, k, 4) as by `metrics.counts`, and the measures computed from them."""

    counts: Integers
    precision: Measure
    recall: Measure
    f1: Measure
    average_precision: Measure


def sweep(
    truth: Bools, probabilities: NDArray[Any], folds: NDArray[Any], groups: NDArray[Any], *, multilabel: bool
) -> Sweep:
    """The rates of every tag, and overall, at each of `metrics.THRESHOLDS`; arguments as for `reports.report`.

    Raises:
        InvalidInput: a probability is nan, or the shapes differ.

    >>> truth = np.array([[True, False], [True, False], [False, True], [False, True]])
    >>> probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]])
    >>> swept = sweep(truth, probabilities, np.array([0, 1, 0, 1]), np.arange(4), multilabel=False)
    >>> swept.recall.values[50].tolist(), swept.recall.low[50].round(2).tolist()
    ([0.5, 1.0], [0.09, 0.34])
    """
    rows = _evaluated_rows(truth, probabilities, folds, groups)
    return _sweep(rows, decision_rule.levels(rows.probabilities, rows.truth, multilabel=multilabel), POSITIONS)


def sweep_one(
    truth: Bools,
    probabilities: NDArray[Any],
    folds: NDArray[Any],
    groups: NDArray[Any],
    threshold: float | NDArray[Any],
    *,
    multilabel: bool,
) -> Sweep:
    """The same as `sweep` at one threshold of any value, for all tags, or (k,), one per tag.

    Raises:
        InvalidInput: a threshold is outside 0..1, a probability is nan, or the shapes differ.

    >>> truth, probabilities = np.array([[True], [False]]), np.array([[0.9], [0.4]])
    >>> sweep_one(truth, probabilities, np.zeros(2), np.arange(2), 0.375, multilabel=True).counts.tolist()
    [[[1, 1, 0, 0]]]
    """
    rows = _evaluated_rows(truth, probabilities, folds, groups)
    decision_rule.check_scores(rows.probabilities, rows.truth, dimensions=2)
    answered = decision_rule.answers(rows.probabilities, threshold, multilabel=multilabel)
    return _sweep(rows, answered.astype(np.uint8), 1)


def position_of(threshold: float | tuple[float, ...]) -> int | None:
    """The index of a threshold in `metrics.THRESHOLDS`; None if it is not there, or if each tag has its own.

    >>> position_of(0.29), position_of(0.295), position_of((0.5, 0.5))
    (29, None, None)
    """
    if isinstance(threshold, tuple):
        return None
    places = np.flatnonzero(threshold == decision_rule.THRESHOLDS)
    return int(places[0]) if places.size else None


@dataclass(frozen=True, eq=False)
class _Rows:
    """The evaluated rows, sorted by group of near duplicates; `starts` are the first rows of the groups."""

    truth: Bools
    probabilities: NDArray[Any]
    folds: NDArray[Any]
    starts: Integers


def _evaluated_rows(truth: Bools, probabilities: NDArray[Any], folds: NDArray[Any], groups: NDArray[Any]) -> _Rows:
    if not len(truth) == len(probabilities) == len(folds) == len(groups):
        lengths = len(truth), len(probabilities), len(folds), len(groups)
        raise InvalidInput(f"truth, probabilities, folds and groups must be of one length, got {lengths}")
    # Groups of one image first.
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.lexsort((group, sizes[group] > 1))
    order = order[folds[order] >= 0]
    groups = groups[order]
    starts = np.flatnonzero(np.diff(groups, prepend=groups[:1] - 1))
    return _Rows(truth[order], probabilities[order], folds[order], starts)


def _sweep(rows: _Rows, levels: Levels, positions: int) -> Sweep:
    """The rates at `positions` positions; a tag is an answer at position i if its level (n, k) is above i."""
    counts = _counts(levels, rows.truth, positions)
    shares = _shares(counts, levels, rows.truth, rows.starts)
    lengths = _lengths(shares, levels, rows.truth, rows.starts)
    precision, recall, f1 = (
        _measure(share.values, share.low, share.high, share.norms, length)
        for share, length in zip(shares, lengths, strict=True)
    )
    average_precision = _average_precision(rows.truth, rows.probabilities, rows.folds, rows.starts)
    return Sweep(counts, precision, recall, f1, average_precision)


def _measure(values: Float64s, low: Float64s, high: Float64s, norms: Float64s, lengths: Float64s) -> Measure:
    """A measure with the intervals of its means, see `intervals.macro_interval`.

    lengths: (t,), the squared lengths of the groups' sums, without the tags that have no deviations.
    """
    mean, count = ratios.macro(values), ratios.defined_count(values)
    alone = np.nansum(np.where(norms > 0, 0, _arms(values, low, high) ** 2), axis=-1)
    reach = ratio(np.sqrt(lengths + alone), count)
    return Measure(values, low, high, mean, np.maximum(0, mean - reach), np.minimum(1, mean + reach))


def _arms(values: Float64s, low: Float64s, high: Float64s) -> Float64s:
    """The longer arm of each interval."""
    return np.maximum(values - low, high - values)


# ---- precision, recall and F1: shares of right answers


@dataclass(frozen=True, eq=False)
class _Share:
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


def _counts(levels: Levels, truth: Bools, positions: int) -> Integers:
    table = np.empty((positions, truth.shape[1], 4), np.int64)
    for tag, (level, positive) in enumerate(zip(levels.T, truth.T, strict=True)):
        tp, fp = (_reaching(level[chosen], positions) for chosen in (positive, ~positive))
        positives = np.count_nonzero(positive)
        table[:, tag] = np.column_stack([tp, fp, positives - tp, len(positive) - positives - fp])
    return table


def _reaching(levels: Levels, positions: int, weights: NDArray[Any] | None = None) -> NDArray[Any]:
    """At each position, the sum of the weights (by default 1) of the rows that are answered, (t,)."""
    at_level = np.bincount(levels, weights, positions + 1)
    return at_level[:0:-1].cumsum()[::-1]


def _shares(counts: Integers, levels: Levels, truth: Bools, starts: Integers) -> list[_Share]:
    """Precision, recall and F1 as shares of right answers."""
    right, wrong, missed, _ = np.moveaxis(counts.astype(np.float64), -1, 0)
    twice = _duplicates(levels, truth, starts, len(counts))
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
        norms = np.sqrt(np.where(deviations > intervals.ROUNDING * squares, deviations, 0))
        values = rate(counts)
        interval = intervals.f1_interval if of_wrong and of_missed else intervals.share_interval
        shares.append(_Share(of_wrong, of_missed, share, norms, values, *interval(values, independent)))
    return shares


def _duplicates(levels: Levels, truth: Bools, starts: Integers, positions: int) -> Float64s:
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
            pairs[(*cell, slice(None), tag)] = _reaching(level, positions, gained)
        pairs[2, 2, :, tag] += (carried * positive).sum() - positive.sum()
    pairs[1, 0], pairs[2, 0], pairs[2, 1] = pairs[0, 1], pairs[0, 2], pairs[1, 2]
    return pairs


def _lengths(shares: list[_Share], levels: Levels, truth: Bools, starts: Integers) -> Float64s:
    """For each share and position, the sum over groups of (sum over tags of arm / norm x deviation)², as (3, t).

    An image's deviation is 1 - share if it is answered rightly, - share if it is another trial, and 0 otherwise. It is
    computed as the sum of three terms: one if the image is answered, one if answered rightly, one if it carries the
    tag.
    """
    terms = []
    for share in shares:
        weight = ratio(np.nan_to_num(_arms(share.values, share.low, share.high)), share.norms)
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


# ---- average precision: a mean of ranks, at no threshold


def _average_precision(truth: Bools, probabilities: NDArray[Any], folds: NDArray[Any], starts: Integers) -> Measure:
    """The mean over folds, one tag at a time, because the ranks of all tags at once would take 80 MB."""
    order = np.argsort(folds, kind="stable")
    bounds = np.flatnonzero(np.diff(folds[order])) + 1
    groups = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(truth)))[order]
    values, low, high, norms = np.full((4, 1, truth.shape[1]), np.nan)
    sums = np.zeros(len(starts))
    for tag in range(truth.shape[1]):
        carried, scores = truth[order, tag], probabilities[order, tag]
        in_folds = zip(np.split(carried, bounds), np.split(scores, bounds), strict=True)
        by_fold = [ranking.positive_ranks(*fold) for fold in in_folds]
        values[0, tag] = ratios.mean([ratios.mean(ranks) for ranks in by_fold if ranks.size])
        held, group = np.unique(groups[carried], return_inverse=True)
        sizes = np.bincount(group).astype(np.float64)
        low[0, tag], high[0, tag] = intervals.share_interval(values[0, tag], ratio(sizes.sum() ** 2, sizes @ sizes))
        ranks = np.concatenate(by_fold)
        deviations = np.bincount(group, ranks - ranks.mean()) if ranks.size else sizes
        length = float(deviations @ deviations)
        norms[0, tag] = np.sqrt(length if length > intervals.ROUNDING * (sizes @ sizes) else 0)
        if norms[0, tag] > 0:
            sums[held] += _arms(values, low, high)[0, tag] / norms[0, tag] * deviations
    return _measure(values, low, high, norms, np.array([sums @ sums]))
