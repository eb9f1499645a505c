"""Precision, recall and F1 of changed images at a threshold, and how far they fall; all with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore import metrics
from cvcore.array_types import Bools, Float64s, Integers
from cvcore.metrics import paired_comparison, threshold_sweeps
from cvcore.metrics.intervals import Z
from cvcore.metrics.paired_comparison import RATES
from cvcore.metrics.threshold_sweeps import Measure
from cvcore.records import Thresholds
from cvcore.robustness.changes import CONDITIONS, Change
from cvcore.robustness.measurement import Measurement


@dataclass(frozen=True, eq=False)
class Numbers:
    """Rates of the same images, unchanged and under every condition.

    Rows are `RATES`: precision, recall, F1. Columns are the tags, then their mean. values, low, high: (3, 1 + c,
    k + 1), the first of the unchanged images. change, change_low, change_high: (3, c, k + 1), each minus that of the
    unchanged images, with the 95 % interval of this difference of pairs. p_values: (3, c, k + 1), of no difference.
    images: (k,), how many of the images carry each tag. nan is undefined.
    """

    values: Float64s
    low: Float64s
    high: Float64s
    change: Float64s
    change_low: Float64s
    change_high: Float64s
    p_values: Float64s
    images: Integers


def rounded(thresholds: Thresholds) -> Thresholds:
    """The thresholds in whole per cent: answers are kept at these only.

    >>> rounded(0.333), rounded((0.5, 0.126))
    (0.33, (0.5, 0.13))
    """
    if isinstance(thresholds, tuple):
        return tuple(round(threshold, 2) for threshold in thresholds)
    return round(thresholds, 2)


def answered(measurement: Measurement, thresholds: Thresholds) -> Bools:
    """Which tags are answered at one threshold, or at one per tag, `rounded`: (1 + c, n, k).

    Raises:
        InvalidInput: a threshold is outside 0..1.
    """
    limits = metrics.checked_thresholds(np.asarray(thresholds, np.float64))
    return measurement.levels > np.rint(100 * limits).astype(np.int64)


def numbers(measurement: Measurement, truth: Bools, groups: NDArray[Any], thresholds: Thresholds) -> Numbers:
    """The numbers at one threshold, or at one per tag, `rounded`; `truth` and `groups` are all of the iteration's.

    Raises:
        InvalidInput: a threshold is outside 0..1.
    """
    truth, groups = truth[measurement.rows], groups[measurement.rows]
    answers = answered(measurement, thresholds)
    rates = [_columns(threshold_sweeps.rates_of_answers(truth, each, groups)) for each in answers]
    values, low, high = np.stack(rates, axis=2)
    compared = [paired_comparison.differences(truth, each, answers[0], groups) for each in answers[1:]]
    change, change_low, change_high = (
        np.stack([getattr(each, name) for each in compared], axis=1) for name in ("value", "low", "high")
    )
    error = np.maximum(change_high - change, change - change_low) / Z
    p_values = np.vectorize(lambda z: erfc(z / sqrt(2)), otypes=[np.float64])(np.abs(change) / error)
    return Numbers(values, low, high, change, change_low, change_high, p_values, truth.sum(axis=0))


def _columns(measures: Sequence[Measure]) -> Float64s:
    """Values, low and high ends of the measures' tags and mean, (3, measures, k + 1)."""
    return np.array(
        [
            [np.append(each.values[0], each.mean) for each in measures],
            [np.append(each.low[0], each.mean_low) for each in measures],
            [np.append(each.high[0], each.mean_high) for each in measures],
        ]
    )


def places(change: Change) -> list[tuple[float, int]]:
    """Each strength of a change with its place in the `values` of numbers, where 0 are the unchanged images.

    >>> from cvcore.robustness.changes import BY_NAME
    >>> places(BY_NAME["darker"])[:2]
    [(1, 6), (2, 7)]
    """
    return [(strength, 1 + place) for place, (each, strength) in enumerate(CONDITIONS) if each == change]


def position(measure: str) -> int:
    """The row of a rate in `Numbers`."""
    return RATES.index(measure)
