"""Whether one iteration is better than another on the same images, or their difference may be chance.

McNemar's exact test of the images with every tag right gives the verdict. Each rate's difference has an interval beside
it.

Both have answered the same images, so only the images where they differ count. A difference of two rates is, to first
order, a sum over images of how far each image moves it; near duplicates move together, so it is summed per group.
The variance of the difference is the sum of the squares of these group sums, plus two artificial groups, one in each
direction, as large as the largest group seen, or as one image. Without these, four images in favour of one iteration
would be enough to call it better, and no differing image would give an interval of width 0. For shares of right answers
this is nearly Bonett and Price's interval, https://doi.org/10.3102/1076998611411915. It then calls the same results
better as McNemar's exact test (https://doi.org/10.1007/BF02295996): six to zero, not five to zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cvcore.array_types import Bools, Float64s, Integers
from cvcore.metrics import decision_rule, ratios
from cvcore.metrics.intervals import Z

RATES = ("precision", "recall", "f1")

SIGNIFICANT = 0.05

Verdict = Literal["better", "worse", "may be chance"]


@dataclass(frozen=True, eq=False)
class Differences:
    """The differences between two iterations' rates: arrays are (3, k + 1).

    Rows are precision, recall and F1. Columns are the tags, then the mean: in `first` and `second` over each
    iteration's own defined tags, in `value` over the tags where both are defined. first, second: the rates, 0..1.
    value: first - second; low, high: its 95 % interval within -1..1. nan if undefined for either.
    """

    first: Float64s
    second: Float64s
    value: Float64s
    low: Float64s
    high: Float64s


@dataclass(frozen=True)
class RightAnswers:
    """How many of `images` each iteration answered with every tag right, and McNemar's exact test of the two.

    only_first, only_second: the number of images that only this iteration has right. groups_first, groups_second: the
    number of groups of near duplicates in which this iteration has more images right; the test counts these. p_value:
    the probability that chance alone divides these groups at least as unevenly.
    """

    images: int
    first: int
    second: int
    only_first: int
    only_second: int
    groups_first: int
    groups_second: int
    p_value: float

    @property
    def verdict(self) -> Verdict:
        """Whether the first is better or worse, or the difference may be chance: p is 5 % or more."""
        if self.p_value >= SIGNIFICANT:
            return "may be chance"
        return "better" if self.groups_first > self.groups_second else "worse"


def differences(truth: Bools, first: Bools, second: Bools, groups: Integers) -> Differences:
    """The differences between two iterations' rates; `truth` and answers are (n, k), `groups` of near duplicates (n,).

    >>> truth = np.ones((8, 1), bool)
    >>> compared = differences(truth, truth, np.arange(8)[:, None] < 2, np.arange(8))
    >>> compared.value[1].tolist(), compared.low[1].round(2).tolist()
    ([0.75, 0.75], [0.06, 0.06])
    """
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1)) if len(groups) else order
    one, other = (ratios.rates(decision_rule.count_answers(truth, answered)) for answered in (first, second))
    value, shared = one - other, ~np.isnan(one - other)
    # As if both were equally good: with their own rates, four of four against none of four would have no variance.
    pooled = (one + other) / 2
    low, high = np.full_like(value, np.nan), np.full_like(value, np.nan)
    for rate, name in enumerate(RATES):
        moves = _moves(name, truth, first, pooled[rate, :-1]) - _moves(name, truth, second, pooled[rate, :-1])
        units = _units(name, truth, first, second, one[rate, :-1], other[rate, :-1])
        sums = np.add.reduceat(moves[order], starts, axis=0) if len(starts) else moves
        columns = shared[rate, :-1]
        mean = sums[:, columns].sum(axis=1) / max(1, columns.sum())
        reach = Z * np.append(_error(sums, units), _error(mean, units[columns].max(initial=0) / max(1, columns.sum())))
        if columns.any():
            value[rate, -1] = value[rate, :-1][columns].mean()
        low[rate], high[rate] = np.maximum(value[rate] - reach, -1), np.minimum(value[rate] + reach, 1)
    return Differences(one, other, value, low, high)


def right_answers(truth: Bools, first: Bools, second: Bools, groups: Integers) -> RightAnswers:
    """How many images each of two iterations answers with every tag right, and whether the two differ.

    >>> truth = np.ones((8, 1), bool)
    >>> right_answers(truth, truth, np.arange(8)[:, None] < 2, np.arange(8))
    RightAnswers(images=8, first=8, second=2, only_first=6, only_second=0, groups_first=6, groups_second=0, \
p_value=0.03125)
    """
    one, other = ((truth == answered).all(axis=1) for answered in (first, second))
    _, index = np.unique(groups, return_inverse=True)
    ahead = np.bincount(index, weights=one.astype(float) - other)
    groups_first, groups_second = int((ahead > 0).sum()), int((ahead < 0).sum())
    return RightAnswers(
        images=len(truth),
        first=int(one.sum()),
        second=int(other.sum()),
        only_first=int((one & ~other).sum()),
        only_second=int((other & ~one).sum()),
        groups_first=groups_first,
        groups_second=groups_second,
        p_value=mcnemar(groups_first, groups_second),
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided p-value of McNemar's test, from the numbers of pairs that only one side has right.

    >>> mcnemar(6, 0), mcnemar(5, 0), mcnemar(3, 3)
    (0.03125, 0.0625, 1.0)
    """
    total, fewer = only_first + only_second, min(only_first, only_second)
    steps = np.arange(1, fewer + 1)
    # Logarithms of the binomial coefficients, because the coefficients themselves grow too large.
    logs = np.append(0.0, np.cumsum(np.log(total + 1 - steps) - np.log(steps)))
    return round(min(1.0, float(2 * np.exp(logs - total * np.log(2)).sum())), 12)


def adjusted(p_values: Float64s) -> Float64s:
    """Benjamini and Hochberg's adjustment of p-values, of any shape, for how many were looked at; nan stays nan.

    Of those that are at most q, about a share q is there by chance alone. Source:
    https://doi.org/10.1111/j.2517-6161.1995.tb02031.x.

    >>> adjusted(np.array([0.01, 0.04, np.nan, 0.03])).round(3).tolist()
    [0.03, 0.04, nan, 0.04]
    """
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(-p_values.ravel()[known], kind="stable")]
    ranks = np.arange(len(order), 0, -1)
    result = np.full(p_values.size, np.nan)
    result[order] = np.minimum.accumulate(np.minimum(1, p_values.ravel()[order] * len(order) / ranks))
    return result.reshape(p_values.shape)


def _moves(name: str, truth: Bools, answered: Bools, rate: Float64s) -> Float64s:
    """How far each image moves the rate, to first order: (part - rate × total) / the sum of totals, as (n, k)."""
    part, total = _part(name, truth, answered), _total(name, truth, answered)
    return np.asarray(np.nan_to_num((part - rate * total) / np.maximum(total.sum(axis=0), 1)))


def _part(name: str, truth: Bools, answered: Bools) -> Float64s:
    """What each image adds to the rate's numerator, as (n, k)."""
    both = (truth & answered).astype(np.float64)
    return 2 * both if name == "f1" else both


def _total(name: str, truth: Bools, answered: Bools) -> Float64s:
    """What each image adds to the rate's denominator, as (n, k)."""
    match name:
        case "precision":
            return answered.astype(np.float64)
        case "recall":
            return truth.astype(np.float64)
    return np.add(truth, answered, dtype=np.float64)


def _units(name: str, truth: Bools, first: Bools, second: Bools, one: Float64s, other: Float64s) -> Float64s:
    """How far one image can move each tag's difference if it is answered differently, as (k,)."""
    totals = [np.maximum(_total(name, truth, answered).sum(axis=0), 1) for answered in (first, second)]
    # With F1, an image that is found instead of missed moves the numerator by 2 - F1; with the others by at most 1.
    most = 2 - np.nan_to_num(np.minimum(one, other)) if name == "f1" else np.ones_like(one)
    return np.asarray(most / np.minimum(*totals))


def _error(sums: Float64s, unit: Float64s | float) -> Float64s:
    largest = np.maximum(np.abs(sums).max(axis=0, initial=0), unit)
    return np.asarray(np.sqrt((sums**2).sum(axis=0) + 2 * largest**2))
