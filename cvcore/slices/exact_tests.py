"""Whether mistakes are commoner inside a slice than outside, tag by tag, and what may be said after many looks."""

from __future__ import annotations

import functools
import math
from statistics import NormalDist

import numpy as np

from cvcore.array_types import Bools, Float64s, Integers

# Parts of a distribution that are rarer than this, beside its top, do not matter; nor do smaller p-values.
_RARE = 1e-25
P_LEAST = 1e-15


def exact_p(wrong: Integers, inside: Integers, wrong_of_all: Integers, images: Integers) -> float:
    """The probability that chance alone puts at least as many mistakes inside, one-sided.

    The arrays are (s,), by stratum: mistakes inside, images inside, mistakes and images of all. In each stratum the
    mistakes are dealt to the images by lot, so that a stratum with many mistakes proves nothing: the exact conditional
    test of a common odds ratio, with one stratum Fisher's. Source: Cox 1970, Analysis of Binary Data, chapter 5; it is
    `mantelhaen.test(exact = TRUE)` in R.

    >>> exact_p(*np.array([[3], [3], [3], [6]]))
    0.05
    """
    total, first = np.ones(1), 0
    for stratum in np.argsort(np.minimum(inside, wrong_of_all), kind="stable").tolist():
        chances, least = _dealt(int(inside[stratum]), int(wrong_of_all[stratum]), int(images[stratum]))
        total, first = _trimmed(np.convolve(total, chances), first + least)
    from_here = max(0, int(wrong.sum()) - first)
    return round(min(1.0, max(P_LEAST, float(total[from_here:].sum() / total.sum()))), 15)


def _trimmed(chances: Float64s, first: int) -> tuple[Float64s, int]:
    """A distribution without the ends that do not matter, and the number that its first chance is for."""
    kept = np.flatnonzero(chances > chances.max() * _RARE)
    return chances[kept[0] : kept[-1] + 1], first + int(kept[0])


def _dealt(inside: int, wrong: int, images: int) -> tuple[Float64s, int]:
    """The hypergeometric distribution: how many of `wrong` mistakes among `images` are inside by chance."""
    least, most = max(0, inside + wrong - images), min(inside, wrong)
    numbers = np.arange(least, most + 1)
    logs = _log_factorials(max(1024, 1 << images.bit_length()))
    chances = -(
        logs[numbers] + logs[wrong - numbers] + logs[inside - numbers] + logs[images - wrong - inside + numbers]
    )
    return _trimmed(np.exp(chances - chances.max()), least)


@functools.lru_cache(maxsize=4)
def _log_factorials(size: int) -> Float64s:
    return np.append(0.0, np.cumsum(np.log(np.arange(1, size))))


def scores(wrong: Integers, inside: Integers, wrong_of_all: Integers, images: Integers) -> Float64s:
    """By how many standard deviations the mistakes inside exceed chance; nan where chance decides nothing.

    The arrays are as in `exact_p`, (slices, s) or one that fits: Mantel and Haenszel's statistic without its square.

    >>> scores(*np.array([[[3]], [[3]], [[3]], [[6]]])).round(3).tolist()
    [2.236]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.nan_to_num(inside * wrong_of_all / images)
        parts = inside * wrong_of_all * (images - inside) * (images - wrong_of_all) / (images**2 * (images - 1.0))
        variance = np.nan_to_num(parts, posinf=0.0).sum(axis=-1)
        return np.asarray(np.where(variance > 0, (wrong - expected).sum(axis=-1) / np.sqrt(variance), np.nan))


def common_difference(
    wrong: Integers, inside: Integers, wrong_of_all: Integers, images: Integers, *, miss: float = 0.05
) -> tuple[float, float, float]:
    """How much larger the share of mistakes is inside than outside, at equal strata, with its 1 - `miss` interval.

    The arrays are as in `exact_p`. Mantel and Haenszel's common risk difference, with Sato's variance, which serves
    few large and many small strata; source: https://doi.org/10.2307/2531546. nan without strata that have both.

    >>> [round(each, 2) for each in common_difference(*np.array([[6], [10], [7], [30]]))]
    [0.55, 0.23, 0.87]
    """
    both = (inside > 0) & (inside < images)
    a, n1 = wrong[both].astype(np.float64), inside[both].astype(np.float64)
    b, n0, n = wrong_of_all[both] - a, images[both] - n1, images[both].astype(np.float64)
    weight = float((n1 * n0 / n).sum())
    if not weight:
        return math.nan, math.nan, math.nan
    difference = float(((a * n0 - b * n1) / n).sum()) / weight
    of_sizes = float(((n1**2 * b - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / n**2).sum())
    of_mistakes = float(((a * (n0 - b) + b * (n1 - a)) / (2 * n)).sum())
    deviation = math.sqrt(max(0.0, difference * of_sizes + of_mistakes)) / weight
    reach = NormalDist().inv_cdf(1 - miss / 2) * deviation
    return difference, max(-1.0, difference - reach), min(1.0, difference + reach)


def tested(scores: Float64s, wrong: Integers, inside: Integers, wrong_of_all: Integers, images: Integers) -> Float64s:
    """The p-value of each slice, (slices,); exact where it can be a finding, from the normal distribution elsewhere."""
    normal = NormalDist()
    p_values = np.array([1.0 if math.isnan(score) else 1 - normal.cdf(score) for score in scores.tolist()])
    suspicious: Bools = p_values < 0.1
    for place in np.flatnonzero(suspicious).tolist():
        p_values[place] = exact_p(wrong[place], inside[place], wrong_of_all, images)
    return p_values
