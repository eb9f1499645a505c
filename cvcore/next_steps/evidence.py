"""What the steps are judged on: an iteration's evaluated images, their out-of-fold probabilities and answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cvcore import metrics
from cvcore.array_types import Bools, Float64s, Integers
from cvcore.next_steps.steps import Gain
from cvcore.records import Thresholds

BLOCKS = 20
SEED = 0

# Student's t at 97.5 % by degrees of freedom, 1 to 19: https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm
STUDENT = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Evidence:
    """The evaluated images: truth and probabilities (n, k), folds and groups of near duplicates (n,).

    `rows` (n,) are their rows in the iteration's arrays, `thresholds` those in use. Each image's probabilities are
    those of a classifier that was not trained on it.
    """

    truth: Bools
    probabilities: NDArray[np.floating]
    folds: Integers
    groups: Integers
    thresholds: Thresholds
    multilabel: bool
    rows: Integers

    @cached_property
    def answered(self) -> Bools:
        """The answers at the thresholds in use, (n, k)."""
        return metrics.answers(self.probabilities, np.asarray(self.thresholds), multilabel=self.multilabel)

    @cached_property
    def blocks(self) -> Integers:
        """At most 20 random parts of the images, near duplicates together, (n,)."""
        _, group = np.unique(self.groups, return_inverse=True)
        order = np.random.default_rng(SEED).permutation(group.max(initial=-1) + 1)
        return np.asarray(order[group] % BLOCKS)

    def counts(self, truth: NDArray[np.generic], answered: Bools) -> Float64s:
        """Each block's tp, fp and fn, (blocks, k, 3); `truth` can be a share, that the image carries the tag."""
        carried = np.asarray(truth, np.float64)
        cells = (carried * answered, (1 - carried) * answered, carried * ~answered)
        totals = np.zeros((BLOCKS, carried.shape[1], 3))
        for place, cell in enumerate(cells):
            np.add.at(totals[..., place], self.blocks, cell)
        return totals[: self.blocks.max(initial=-1) + 1]


def mean_f1(counts: Float64s) -> float:
    """The mean F1 of (k, 3) counts over the tags where it is defined.

    >>> mean_f1(np.array([[1.0, 0, 1], [2, 0, 0]])).__round__(3)
    0.833
    """
    right, wrong, missed = counts.T
    return float(metrics.macro(metrics.ratio(2 * right, 2 * right + wrong + missed)))


Measure = Callable[[Float64s], float]


def gain(
    before: Float64s, after: Float64s, measure_before: Measure = mean_f1, measure_after: Measure = mean_f1
) -> Gain:
    """The change of a measure of counts, from each block's counts, with the jackknife's interval over the blocks.

    `before` and `after` are (blocks, k, 3), with their own tags each. Leaving out one block after the other says how
    much the change depends on which images there are: Efron & Stein 1981, https://doi.org/10.1214/aos/1176345462.
    With fewer than two blocks the interval is -1..1.

    >>> tenfold = np.ones((10, 1, 1))
    >>> gain(tenfold * [[1.0, 0, 1]], tenfold * [[2.0, 0, 0]])
    Gain(expected=0.33333333333333337, low=0.33333333333333337, high=0.33333333333333337)
    """

    def change(kept: Float64s, kept_after: Float64s) -> float:
        return measure_after(kept_after) - measure_before(kept)

    total, total_after = before.sum(axis=0), after.sum(axis=0)
    whole = change(total, total_after)
    blocks = len(before)
    if blocks < 2 or np.isnan(whole):
        return Gain(0.0 if np.isnan(whole) else whole, -1.0, 1.0)
    without = np.array([change(total - one, total_after - other) for one, other in zip(before, after, strict=True)])
    without = without[~np.isnan(without)]
    squares = float(np.square(without - without.mean()).sum()) if without.size else 0.0
    reach = STUDENT[min(blocks - 1, len(STUDENT)) - 1] * (squares * (blocks - 1) / blocks) ** 0.5
    return Gain(whole, max(-1.0, whole - reach), min(1.0, whole + reach))
