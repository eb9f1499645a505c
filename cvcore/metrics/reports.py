"""What a model got right and wrong at a threshold: every tag's rates and their means, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float64s, Integers
from cvcore.errors import InvalidInput
from cvcore.metrics import counting, intervals, ranking, ratios
from cvcore.metrics.threshold_sweeps import Sweep

Interval = tuple[float, float]


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
    """The unweighted means of the tags' rates; `…_tags` says over how many tags, those where it is defined.

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

    `truth` (n, k) and `probabilities` (n, k), the out-of-fold ones, are as in `metrics`; `threshold` is one
    number or (k,). `folds` (n,) say which model judged an image: counts are summed over folds, average
    precision is the mean over folds and does not depend on the threshold. Rows in fold -1 are left out of
    everything; their probabilities may be nan. `groups` (n,) name the near duplicates that count as one.

    Raises:
        InvalidInput: a threshold is outside 0..1, a probability is nan, or the shapes differ.

    >>> import numpy as np
    >>> truth = np.array([[True, False], [True, False], [False, True], [False, True]])
    >>> probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]])
    >>> made = report(truth, probabilities, np.array([0, 1, 0, 1]), np.arange(4), 0.5, multilabel=False)
    >>> made.tags[1].precision, made.tags[1].recall, made.overall.recall
    (0.6666666666666666, 1.0, 0.75)
    """
    if not len(truth) == len(probabilities) == len(folds) == len(groups):
        lengths = len(truth), len(probabilities), len(folds), len(groups)
        raise InvalidInput(f"truth, probabilities, folds and groups must be of one length, got {lengths}")
    evaluated = folds >= 0
    truth, probabilities = truth[evaluated], probabilities[evaluated]
    folds, groups = folds[evaluated], groups[evaluated]
    answered = counting.answers(probabilities, threshold, multilabel=multilabel)
    counts = counting.count_answers(truth, answered)
    ranks = ranking.fold_ranks(truth, probabilities, folds)
    measures = (
        _measure("precision", ratios.precision(counts), answered, truth, groups),
        _measure("recall", ratios.recall(counts), truth, answered, groups),
        _measure("f1", ratios.f1(counts), truth | answered, truth & answered, groups),
        _measure("average_precision", ranking.mean_over_folds(ranks, truth, folds), truth, ranks, groups),
    )
    tags = tuple(_tag_report(measures, tag, counts[tag]) for tag in range(len(counts)))
    return Report(overall=_overall_report(measures, len(truth)), tags=tags)


def at_position(swept: Sweep, position: int) -> Report:
    """The report at `metrics.THRESHOLDS[position]`, read off an evaluation that was swept already."""
    measures = []
    for name in ("precision", "recall", "f1", "average_precision"):
        each = getattr(swept, name)
        place = position if len(each.values) > 1 else 0  # average precision has no threshold
        mean_interval = float(each.mean_low[place]), float(each.mean_high[place])
        measures.append(_Measure(name, each.values[place], each.low[place], each.high[place], mean_interval))
    counts = swept.counts[position]
    tags = tuple(_tag_report(tuple(measures), tag, row) for tag, row in enumerate(counts))
    return Report(overall=_overall_report(tuple(measures), int(counts[0].sum())), tags=tags)


@dataclass(frozen=True)
class _Measure:
    """One measure of all tags: values and limits (k,), and the interval of the values' mean."""

    name: str
    values: Float64s
    low: Float64s
    high: Float64s
    macro_interval: Interval


def _measure(name: str, values: Float64s, trials: Bools, outcomes: NDArray[Any], groups: NDArray[Any]) -> _Measure:
    """A measure that is, or comes from, each tag's mean of `outcomes` (n, k) where `trials` (n, k) are true."""
    independent = intervals.independent_trials(trials, groups)
    if name == "f1":
        low, high = intervals.f1_interval(values, independent)
    else:
        low, high = intervals.share_interval(values, independent)
    together = intervals.correlation(trials, outcomes, groups)
    return _Measure(name, values, low, high, intervals.macro_interval(values, low, high, together))


def _tag_report(measures: tuple[_Measure, ...], tag: int, counts: Integers) -> TagReport:
    rates: dict[str, Any] = {}
    for measure in measures:
        rates[measure.name] = float(measure.values[tag])
        rates[f"{measure.name}_interval"] = float(measure.low[tag]), float(measure.high[tag])
    tp, fp, fn, _ = counts.tolist()
    return TagReport(images=tp + fn, tp=tp, fp=fp, fn=fn, **rates)


def _overall_report(measures: tuple[_Measure, ...], images: int) -> OverallReport:
    rates: dict[str, Any] = {}
    for measure in measures:
        rates[measure.name] = float(ratios.macro(measure.values))
        rates[f"{measure.name}_interval"] = measure.macro_interval
        rates[f"{measure.name}_tags"] = int(ratios.defined_count(measure.values))
    return OverallReport(images=images, **rates)


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
    """The population's standard deviation over the folds in which a rate is defined; nan where it is in none.

    Shapes and fold -1 are as in `reports.report`.

    Raises:
        InvalidInput: the threshold is outside 0..1, or a probability is nan.

    >>> truth = np.array([[True, False], [False, True], [True, False], [False, True]])
    >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.3, 0.7]])
    >>> found = deviations(truth, probabilities, np.array([0, 0, 1, 1]), 0.5, multilabel=False)
    >>> found.precision.tolist(), found.recall.tolist(), found.overall_recall
    ([0.0, 0.25], [0.5, 0.0], 0.25)
    """
    counts = []
    for fold in np.unique(folds[folds >= 0]):
        rows = folds == fold
        answers = counting.answers(probabilities[rows], threshold, multilabel=multilabel)
        counts.append(counting.count_answers(truth[rows], answers))
    precisions = ratios.precision(np.stack(counts))
    recalls = ratios.recall(np.stack(counts))
    return Deviations(
        precision=_deviation(precisions),
        recall=_deviation(recalls),
        overall_precision=float(_deviation(ratios.macro(precisions)[:, None])[0]),
        overall_recall=float(_deviation(ratios.macro(recalls)[:, None])[0]),
    )


def _deviation(by_fold: Float64s) -> Float64s:
    """Of each column of (folds, k), nan left out."""
    means = ratios.macro(by_fold, axis=0)
    return np.sqrt(ratios.macro(np.square(by_fold - means), axis=0))
