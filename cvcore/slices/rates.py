"""The numbers of parts of the evaluated images: those of `metrics.reports`, with the same intervals.

A tag that none of these images carries has no numbers: whatever it was answered with here, nothing is known of how well
it is recognised.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cvcore.array_types import Bools, Float64s, Integers
from cvcore.metrics import intervals, ratios, reports, threshold_sweeps
from cvcore.metrics.ratios import ratio
from cvcore.metrics.reports import Report
from cvcore.metrics.threshold_sweeps import Measure, Sweep
from cvcore.slices.answers import Answers, Evaluated
from cvcore.slices.ranks import Ranks, of_part


def reports_of(evaluated: Evaluated, answers: Answers, ranks: Ranks, chosen: Bools) -> tuple[Report, Report]:
    """The report of the chosen evaluated images, (n,), and that of the others.

    It is that of `metrics.reports.report` on these images alone, but tags that none of them carries are undefined and
    not in the means; their wrong answers are counted.
    """
    here, there = of_part(evaluated, ranks, chosen)
    return _report(evaluated, answers, here, chosen), _report(evaluated, answers, there, ~chosen)


def _report(evaluated: Evaluated, answers: Answers, ranks: Ranks, chosen: Bools) -> Report:
    cells, average_precision = _cells(evaluated, answers, chosen), _average_precision(evaluated, ranks, chosen)
    precision, recall, f1 = (_measure(cells, *which) for which in ((1, 0), (0, 1), (1, 1)))
    return reports.at_position(Sweep(cells.counts[None], precision, recall, f1, average_precision), 0)


@dataclass(frozen=True, eq=False)
class _Cells:
    """How often each tag that images carry was right, wrong and missed in each group of images.

    group, tag: (c,). outcomes: (3, c). counts: (k, 4), each tag's in all groups, as by `metrics.counts`.
    """

    group: Integers
    tag: Integers
    outcomes: Integers
    counts: Integers


def _cells(evaluated: Evaluated, answers: Answers, chosen: Bools) -> _Cells:
    tags = evaluated.predictions.truth.shape[1]
    here = chosen[answers.images]
    image, tag = answers.images[here], answers.tags[here]
    carried, given = answers.carried[here], answers.given[here]
    outcomes = np.stack([carried & given, ~carried, ~given])
    right, wrong, missed = (np.bincount(tag[each], minlength=tags) for each in outcomes)
    rest = np.count_nonzero(chosen) - right - wrong - missed
    known = (right + missed > 0)[tag]
    keys, cell = np.unique(evaluated.groups[image[known]] * tags + tag[known], return_inverse=True)
    by_cell = np.stack([np.bincount(cell, each[known], len(keys)) for each in outcomes])
    return _Cells(keys // max(tags, 1), keys % max(tags, 1), by_cell, np.stack([right, wrong, missed, rest], axis=1))


def _measure(cells: _Cells, of_wrong: int, of_missed: int) -> Measure:
    """Precision, recall or F1, as `intervals.shares_of_right_answers` has it at one position."""
    right, wrong, missed = cells.outcomes
    trials = right + of_wrong * wrong + of_missed * missed
    tags = len(cells.counts)

    def by_tag(values: Float64s) -> Float64s:
        return np.bincount(cells.tag, values, tags).astype(np.float64)

    total, squares = by_tag(trials), by_tag(trials**2)
    share = ratio(by_tag(right), total)
    moves = right - np.nan_to_num(share)[cells.tag] * trials
    norms = np.sqrt(_unless_rounding(by_tag(moves**2), squares))
    rate = {(1, 0): ratios.precision, (0, 1): ratios.recall, (1, 1): ratios.f1}[of_wrong, of_missed]
    is_known = cells.counts[:, 0] + cells.counts[:, 2] > 0
    values = np.where(is_known, rate(cells.counts), np.nan)
    interval = intervals.f1_interval if of_wrong and of_missed else intervals.share_interval
    low, high = interval(values, ratio(total**2, squares))
    weights = np.nan_to_num(ratio(np.nan_to_num(intervals.longer_arms(values, low, high)), norms))
    sums = np.bincount(cells.group, weights[cells.tag] * moves)
    return threshold_sweeps.with_means(values[None], low[None], high[None], norms[None], np.array([sums @ sums]))


def _unless_rounding(deviations: Float64s, squares: Float64s) -> Float64s:
    return np.where(deviations > intervals.ROUNDING * squares, deviations, 0)


def _average_precision(evaluated: Evaluated, ranks: Ranks, chosen: Bools) -> Measure:
    """The mean over folds among the chosen images, as `threshold_sweeps.average_precision`."""
    values, low, high, norms = np.full((4, 1, evaluated.predictions.truth.shape[1]), np.nan)
    sums = np.zeros(evaluated.groups.max(initial=-1) + 1)
    for tag, (first, end) in enumerate(pairwise(ranks.firsts.tolist())):
        here = np.flatnonzero(chosen[ranks.images[first:end]]) + first
        if not len(here):
            continue
        images, precisions = ranks.images[here], ranks.right[here] / ranks.given[here]
        folds = evaluated.folds[images]
        value = values[0, tag] = ratios.macro(ratio(np.bincount(folds, precisions), np.bincount(folds)))
        held, groups = np.unique(evaluated.groups[images], return_inverse=True)
        sizes = np.bincount(groups).astype(np.float64)
        low[0, tag], high[0, tag] = intervals.share_interval(value, sizes.sum() ** 2 / (sizes @ sizes))
        moves = np.bincount(groups, precisions - precisions.mean()).astype(np.float64)
        norm = norms[0, tag] = np.sqrt(_unless_rounding(np.asarray(moves @ moves), np.asarray(sizes @ sizes)))
        if norm > 0:
            sums[held] += intervals.longer_arms(value, low[0, tag], high[0, tag]) / norm * moves
    return threshold_sweeps.with_means(values, low, high, norms, np.array([sums @ sums]))
