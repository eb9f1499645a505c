"""Evaluates all 101 positions of the slider at once: counts, rates and the 95 % interval of every rate.

Two things make it fast with 100,000 images and 100 tags. The level that a probability reaches says at which thresholds
it is an answer. And the half width of a mean's interval, sqrt(r' C r) see `intervals`, is the length of
a vector with one sum per group of images, so that no correlation matrix is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float64s, Integers, Levels
from cvcore.errors import InvalidInput
from cvcore.metrics import decision_rule, intervals, ranking, ratios
from cvcore.metrics.ratios import ratio

POSITIONS = decision_rule.THRESHOLDS.size


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


def rates_of_answers(truth: Bools, answered: Bools, groups: NDArray[Any]) -> tuple[Measure, Measure, Measure]:
    """Precision, recall and F1 of given answers, at one position, as by `sweep_one`.

    All arrays have evaluated rows alone: `truth` and `answered` are (n, k), `groups` (n,).

    >>> _, recall, _ = rates_of_answers(np.eye(2, dtype=bool), np.eye(2, dtype=bool), np.arange(2))
    >>> recall.mean.tolist(), recall.mean_low.round(2).tolist()
    ([1.0], [0.44])
    """
    rows = _evaluated_rows(truth, answered, np.zeros(len(truth)), groups)
    return _rates(rows, rows.probabilities.astype(np.uint8), 1)[1]


def average_precision(truth: Bools, probabilities: NDArray[Any], folds: NDArray[Any], groups: NDArray[Any]) -> Measure:
    """The average precision of every tag and overall, as in `sweep`, which needs no threshold."""
    rows = _evaluated_rows(truth, probabilities, folds, groups)
    return _average_precision(rows.truth, rows.probabilities, rows.folds, rows.starts)


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
    counts, (precision, recall, f1) = _rates(rows, levels, positions)
    average_precision = _average_precision(rows.truth, rows.probabilities, rows.folds, rows.starts)
    return Sweep(counts, precision, recall, f1, average_precision)


def _rates(rows: _Rows, levels: Levels, positions: int) -> tuple[Integers, tuple[Measure, Measure, Measure]]:
    """The counts, and precision, recall and F1; as `_sweep`."""
    counts = _counts(levels, rows.truth, positions)
    shares = intervals.shares_of_right_answers(counts, levels, rows.truth, rows.starts)
    lengths = intervals.squared_lengths(shares, levels, rows.truth, rows.starts)
    precision, recall, f1 = (
        with_means(share.values, share.low, share.high, share.norms, length)
        for share, length in zip(shares, lengths, strict=True)
    )
    return counts, (precision, recall, f1)


def with_means(values: Float64s, low: Float64s, high: Float64s, norms: Float64s, lengths: Float64s) -> Measure:
    """A measure with the intervals of its means, see `intervals`.

    lengths: (t,), the squared lengths of the groups' sums, without the tags that have no deviations.
    """
    mean, count = ratios.macro(values), ratios.defined_count(values)
    alone = np.nansum(np.where(norms > 0, 0, intervals.longer_arms(values, low, high) ** 2), axis=-1)
    reach = ratio(np.sqrt(lengths + alone), count)
    return Measure(values, low, high, mean, np.maximum(0, mean - reach), np.minimum(1, mean + reach))


def _counts(levels: Levels, truth: Bools, positions: int) -> Integers:
    table = np.empty((positions, truth.shape[1], 4), np.int64)
    for tag, (level, positive) in enumerate(zip(levels.T, truth.T, strict=True)):
        tp, fp = (intervals.reaching(level[chosen], positions) for chosen in (positive, ~positive))
        positives = np.count_nonzero(positive)
        table[:, tag] = np.column_stack([tp, fp, positives - tp, len(positive) - positives - fp])
    return table


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
            sums[held] += intervals.longer_arms(values, low, high)[0, tag] / norms[0, tag] * deviations
    return with_means(values, low, high, norms, np.array([sums @ sums]))
