"""Reports at a threshold: every tag's rates and their means, with 95 % intervals; and the deviations between folds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float64s
from cvcore.metrics import decision_rule, ratios, threshold_sweeps
from cvcore.metrics.threshold_sweeps import Measure, Sweep

Interval = tuple[float, float]

MEASURES = ("precision", "recall", "f1", "average_precision")


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Precision, recall, F1 and average precision, 0..1, each with its 95 % interval; nan where undefined."""

    precision: float
    precision_interval: Interval
    recall: float
    recall_interval: Interval
    f1: float
    f1_interval: Interval
    average_precision: float
    average_precision_interval: Interval


@dataclass(frozen=True, kw_only=True)
class TagReport(Rates):
    """One tag's rates; `images` counts the evaluated images that carry it, so images = tp + fn."""

    images: int
    tp: int
    fp: int
    fn: int


@dataclass(frozen=True, kw_only=True)
class OverallReport(Rates):
    """The unweighted means of the tags' rates; `…_tags` is the number of tags with a defined rate.

    `images` counts the evaluated images.
    """

    images: int
    precision_tags: int
    recall_tags: int
    f1_tags: int
    average_precision_tags: int


@dataclass(frozen=True)
class Report:
    """An evaluation at a threshold; `tags` are in the order of the columns."""

    overall: OverallReport
    tags: tuple[TagReport, ...]


def report(
    truth: Bools,
    probabilities: NDArray[Any],
    folds: NDArray[Any],
    groups: NDArray[Any],
    threshold: float | NDArray[Any],
    *,
    multilabel: bool,
) -> Report:
    """The rates of every tag, and overall, at a threshold.

    `truth` (n, k) and out-of-fold `probabilities` (n, k) are as in `metrics`; `threshold` is one number or (k,).
    `folds` (n,) say which fold's model evaluated an image: counts are summed over folds; average precision is the mean
    over folds and does not depend on the threshold. Rows in fold -1 are left out of everything; their probabilities can
    be nan. `groups` (n,) number the groups of near duplicates; in intervals a group counts as one image.

    Raises:
        InvalidInput: a threshold is outside 0..1, a probability is nan, or the shapes differ.

    >>> import numpy as np
    >>> truth = np.array([[True, False], [True, False], [False, True], [False, True]])
    >>> probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]])
    >>> at_half = report(truth, probabilities, np.array([0, 1, 0, 1]), np.arange(4), 0.5, multilabel=False)
    >>> at_half.tags[1].precision, at_half.tags[1].recall, at_half.overall.recall
    (0.6666666666666666, 1.0, 0.75)
    """
    swept = threshold_sweeps.sweep_one(truth, probabilities, folds, groups, threshold, multilabel=multilabel)
    return at_position(swept, 0)


def at_position(swept: Sweep, position: int) -> Report:
    """The report at one position of a sweep: in a sweep of all thresholds at `metrics.THRESHOLDS[position]`."""
    counts = swept.counts[position]
    tags = tuple(_tag_report(swept, position, tag) for tag in range(len(counts)))
    overall: dict[str, Any] = {}
    for name in MEASURES:
        measure, place = _measure(swept, name, position)
        overall[name] = float(measure.mean[place])
        overall[f"{name}_interval"] = float(measure.mean_low[place]), float(measure.mean_high[place])
        overall[f"{name}_tags"] = int(ratios.defined_count(measure.values[place]))
    return Report(overall=OverallReport(images=int(counts[0].sum()), **overall), tags=tags)


def _tag_report(swept: Sweep, position: int, tag: int) -> TagReport:
    rates: dict[str, Any] = {}
    for name in MEASURES:
        measure, place = _measure(swept, name, position)
        rates[name] = float(measure.values[place, tag])
        rates[f"{name}_interval"] = float(measure.low[place, tag]), float(measure.high[place, tag])
    tp, fp, fn, _ = swept.counts[position, tag].tolist()
    return TagReport(images=tp + fn, tp=tp, fp=fp, fn=fn, **rates)


def _measure(swept: Sweep, name: str, position: int) -> tuple[Measure, int]:
    """A measure by name, and the index of a position in it: 0 for average precision, which does not depend on it."""
    measure: Measure = getattr(swept, name)
    return measure, position if len(measure.values) > 1 else 0


# ---- deviations between folds


@dataclass(frozen=True, eq=False)
class Deviations:
    """Standard deviations over the folds: of each tag's precision and recall, (k,), and of their means over tags."""

    precision: Float64s
    recall: Float64s
    overall_precision: float
    overall_recall: float


def deviations(
    truth: Bools, probabilities: NDArray[Any], folds: NDArray[Any], threshold: float, *, multilabel: bool
) -> Deviations:
    """How much precision and recall differ from fold to fold; arguments as for `report`.

    The population standard deviation over the folds in which a rate is defined; nan if it is defined in no fold.

    Raises:
        InvalidInput: the threshold is outside 0..1, or a probability is nan.

    >>> truth = np.array([[True, False], [False, True], [True, False], [False, True]])
    >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.3, 0.7]])
    >>> spread = deviations(truth, probabilities, np.array([0, 0, 1, 1]), 0.5, multilabel=False)
    >>> spread.precision.tolist(), spread.recall.tolist(), spread.overall_recall
    ([0.0, 0.25], [0.5, 0.0], 0.25)
    """
    counts = []
    for fold in np.unique(folds[folds >= 0]):
        rows = folds == fold
        answers = decision_rule.answers(probabilities[rows], threshold, multilabel=multilabel)
        counts.append(decision_rule.count_answers(truth[rows], answers))
    precisions, recalls = ratios.precision(np.stack(counts)), ratios.recall(np.stack(counts))
    return Deviations(
        precision=_deviation(precisions),
        recall=_deviation(recalls),
        overall_precision=float(_deviation(ratios.macro(precisions)[:, None])[0]),
        overall_recall=float(_deviation(ratios.macro(recalls)[:, None])[0]),
    )


def _deviation(by_fold: Float64s) -> Float64s:
    """The standard deviation of each column of (folds, k), as (k,), without nan values."""
    means = ratios.macro(by_fold, axis=0)
    return np.sqrt(ratios.macro(np.square(by_fold - means), axis=0))
