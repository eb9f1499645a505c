"""An iteration's learning curve at a threshold: what was measured, and what is expected of more images."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore import metrics
from cvcore.array_types import Bools, Float64s, Integers
from cvcore.errors import InvalidInput
from cvcore.languages import t
from cvcore.learning_curves import extrapolation
from cvcore.learning_curves.measurement import BLOCKS, Measurement
from cvcore.metrics import intervals, threshold_sweeps
from cvcore.metrics.reports import MEASURES
from cvcore.records import Thresholds

TARGETS = np.array([1.25, 1.5, 2.0])


@dataclass(frozen=True, eq=False)
class Points:
    """Numbers at growing shares of the images.

    shares: (s,), ascending; 1 is all images. images: (s, k + 1), how many training images each tag has, and their mean.
    values, low and high: (4, s, k + 1), the measures in the order of `reports.MEASURES` with their 95 % intervals; the
    last column is the mean over the tags. nan is undefined.
    """

    shares: Float64s
    images: Float64s
    values: Float64s
    low: Float64s
    high: Float64s


@dataclass(frozen=True, eq=False)
class Curve:
    """What was measured, up to all images; and what is expected of up to twice as many, if every tag grows alike.

    The forecast's intervals are to hold what will be measured then, on the new images as well.
    """

    measured: Points
    forecast: Points


def curve(measurement: Measurement, truth: Bools, groups: NDArray[Any], thresholds: Thresholds) -> Curve:
    """The curve at one threshold, or at one per tag; `truth` (n, k) and `groups` (n,) are the iteration's.

    Raises:
        InvalidInput: a threshold is no whole percent.
    """
    truth, groups = truth[measurement.rows], groups[measurement.rows]
    answered = measurement.levels > _positions(thresholds, truth.shape[1])
    by_point = [_rates(measurement, number, truth, groups, answers) for number, answers in enumerate(answered)]
    shares = np.unique(measurement.shares)
    values, low, high = (
        np.stack([metrics.macro(each[measurement.shares == share], axis=0) for share in shares], axis=1)
        for each in (np.stack([rates[part] for rates in by_point]) for part in range(3))
    )
    tag_images = np.stack([measurement.images[measurement.shares == share].mean(axis=0) for share in shares])
    images = np.column_stack([tag_images, tag_images.mean(axis=1)])
    without = np.stack([_without_blocks(measurement, number, truth, each) for number, each in enumerate(answered)])
    wholes = np.stack([rates[0] for rates in by_point])[:, None]
    blocks = np.concatenate([wholes, without], axis=1)  # (p, 11, 4, k + 1)
    expected = [extrapolation.extrapolate(measurement.shares, blocks[:, :, each], TARGETS) for each in range(4)]
    trials = _trials(truth, groups, answered[-1])
    bands = [_band(name, *each, trials[name]) for name, each in zip(MEASURES, expected, strict=True)]
    return Curve(
        Points(shares, images, values, low, high),
        Points(TARGETS, images[-1] * TARGETS[:, None], *(np.stack(parts) for parts in zip(*bands, strict=True))),
    )


def f1_gains(
    measurement: Measurement, truth: Bools, groups: NDArray[Any], thresholds: Thresholds
) -> tuple[Float64s, Float64s, Float64s]:
    """What as many images again of every tag would bring to each F1, with its 95 % interval: each (k + 1,).

    The last is the mean over the tags. The interval is of the expected gain: it is narrower than the forecast's, which
    holds what will be measured, with the chance of which images come. Arguments and errors are as of `curve`.
    """
    truth, groups = truth[measurement.rows], groups[measurement.rows]
    answered = measurement.levels > _positions(thresholds, truth.shape[1])
    f1 = MEASURES.index("f1")
    wholes = np.stack([_rates(measurement, number, truth, groups, each)[0][f1] for number, each in enumerate(answered)])
    without = np.stack(
        [_without_blocks(measurement, number, truth, each)[:, f1] for number, each in enumerate(answered)]
    )
    blocks = np.concatenate([wholes[:, None], without], axis=1)  # (p, 11, k + 1)
    return extrapolation.gains(measurement.shares, blocks, float(TARGETS[-1]))


def _positions(thresholds: Thresholds, tags: int) -> Integers:
    percents = 100 * np.broadcast_to(np.asarray(thresholds, np.float64), (tags,))
    positions = np.rint(percents).astype(np.int64)
    if (odd := np.flatnonzero(~(np.abs(percents - positions) < 1e-6))).size:
        raise InvalidInput(
            t(
                "a learning curve is known at whole percents, got {got}: choose a threshold such as {near}",
                got=f"{percents[odd[0]] / 100:g}",
                near=f"{positions[odd[0]] / 100:g}",
            )
        )
    return positions


Rates = tuple[Float64s, Float64s, Float64s]


def _rates(measurement: Measurement, number: int, truth: Bools, groups: NDArray[Any], answered: Bools) -> Rates:
    """Values, low and high ends of the four measures, each (4, k + 1), of one classifier."""
    measures = threshold_sweeps.rates_of_answers(truth, answered, groups)
    average_precision = measurement.average_precision[number, 0]
    values = [np.append(each.values[0], each.mean) for each in measures]
    low = [np.append(each.low[0], each.mean_low) for each in measures]
    high = [np.append(each.high[0], each.mean_high) for each in measures]
    return (
        np.stack([*values, np.append(average_precision, metrics.macro(average_precision))]),
        np.stack([*low, measurement.ap_low[number]]),
        np.stack([*high, measurement.ap_high[number]]),
    )


def _without_blocks(measurement: Measurement, number: int, truth: Bools, answered: Bools) -> Float64s:
    """The four measures without each block of images, (10, 4, k + 1)."""
    starts = np.searchsorted(measurement.blocks, np.arange(BLOCKS + 1))
    by_block = np.stack(
        [metrics.count_answers(truth[start:end], answered[start:end]) for start, end in pairwise(starts.tolist())]
    )
    rates = np.stack([metrics.rates(counts) for counts in by_block.sum(axis=0) - by_block])
    average_precision = measurement.average_precision[number, 1:]
    return np.concatenate(
        [rates, np.column_stack([average_precision, metrics.macro(average_precision)])[:, None]], axis=1
    )


def _trials(truth: Bools, groups: NDArray[Any], answered: Bools) -> dict[str, Float64s]:
    """How many independent images each tag's measures rest on, (k,), by measure."""
    carried, given = truth.sum(axis=0), answered.sum(axis=0)
    either = (truth | answered).sum(axis=0)
    alike = np.array([_duplicates(groups[carries]) for carries in truth.T])
    trials = {"precision": given, "recall": carried, "f1": either, "average_precision": carried}
    return {name: count / alike for name, count in trials.items()}


def _duplicates(groups: NDArray[Any]) -> float:
    """How many of a tag's images an image repeats on average, itself included; 1 without near duplicates."""
    _, sizes = np.unique(groups, return_counts=True)
    return float((sizes**2).sum() / sizes.sum()) if sizes.size else 1.0


def _band(name: str, expected: Float64s, deviation: Float64s, trials: Float64s) -> Rates:
    """What will be measured at the targets, with its 95 % interval: each (t, k + 1).

    Two things are uncertain: where the curve goes, and which images will come. For the second, a tag's interval is
    that of a rate measured on so many images. Half of the images behind the mean are known already.
    """
    interval = intervals.f1_interval if name == "f1" else intervals.share_interval
    tags, growth = expected[:, :-1], TARGETS[:, None]
    low, high = interval(tags, trials * growth)
    below, above = np.square(tags - low), np.square(high - tags)
    longer = np.nansum(np.maximum(below, above), axis=1) / np.maximum(metrics.defined_count(tags), 1) ** 2
    of_curve = np.square(intervals.Z * deviation)
    new = ((growth - 1) / growth)[:, 0]
    arms = [np.sqrt(np.column_stack([each, longer * new]) + of_curve) for each in (below, above)]
    return expected, np.maximum(0, expected - arms[0]), np.minimum(1, expected + arms[1])
