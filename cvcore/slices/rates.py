"""The numbers of a part of the evaluated images: those of `metrics.reports`, with the same intervals.

A tag that none of these images carries has no numbers: whatever it was answered with here, nothing is known of how well
it is recognised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvcore.array_types import Bools, Float64s, Integers
from cvcore.metrics import intervals, ratios, reports, threshold_sweeps
from cvcore.metrics.ratios import ratio
from cvcore.metrics.reports import Report
from cvcore.metrics.threshold_sweeps import Measure, Sweep
from cvcore.slices.answers import Answers, Ranked


def report(ranked: Ranked, answers: Answers, chosen: Bools) -> Report:
    """The report of the chosen ones of the evaluated images, (n,).

    It is that of `metrics.reports.report` on these images alone, but tags that none of them carries are undefined and
    not in the means; their wrong answers are counted.

    >>> from cvcore.slices import answers
    >>> truth = np.array([[True, False], [True, False], [False, True]])
    >>> evaluation = answers.ranked(truth, truth * 0.9, np.zeros(3, int), np.arange(3))
    >>> found = report(evaluation, answers.answers(evaluation, truth), np.array([True, True, False]))
    >>> found.overall.images, found.tags[0].recall, found.tags[1].recall, found.overall.recall_tags
    (2, 1.0, nan, 1)
    """
    cells = _cells(ranked, answers, chosen)
    precision, recall, f1 = (_measure(cells, *which) for which in ((1, 0), (0, 1), (1, 1)))
    return reports.at_position(Sweep(cells.counts[None], precision, recall, f1, _average_precision(ranked, chosen)), 0)


@dataclass(frozen=True, eq=False)
class _Cells:
    """How often each tag that images carry was right, wrong and missed in each group of images.

    group, tag: (c,). outcomes: (3, c). counts: (k, 4), each tag's in all groups, as by `metrics.counts`.
    """

    group: Integers
    tag: Integers
    outcomes: Integers
    counts: Integers


def _cells(ranked: Ranked, answers: Answers, chosen: Bools) -> _Cells:
    tags = ranked.truth.shape[1]
    here = chosen[answers.images]
    image, tag = answers.images[here], answers.tags[here]
    carried, given = answers.carried[here], answers.given[here]
    outcomes = np.stack([carried & given, ~carried, ~given])
    right, wrong, missed = (np.bincount(tag[each], minlength=tags) for each in outcomes)
    rest = np.count_nonzero(chosen) - right - wrong - missed
    known = (right + missed > 0)[tag]
    keys, cell = np.unique(ranked.groups[image[known]] * tags + tag[known], return_inverse=True)
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


def _average_precision(ranked: Ranked, chosen: Bools) -> Measure:
    """The mean over folds, as `threshold_sweeps.average_precision`, from what is ranked already."""
    values, low, high, norms = np.full((4, 1, ranked.truth.shape[1]), np.nan)
    sums = np.zeros(ranked.groups.max(initial=-1) + 1)
    for tag, (holders, ends) in enumerate(zip(ranked.holders, ranked.ends, strict=True)):
        is_here = chosen[holders]
        if not is_here.any():
            continue
        images, ends_here = holders[is_here], ends[is_here]
        folds = ranked.folds[images]
        # The places of the chosen images, and of those that carry the tag, in the order by probability.
        places, carried = np.flatnonzero(chosen.take(ranked.order[tag].astype(np.intp))), np.sort(ends_here)
        right, given = (
            np.searchsorted(each, ends_here, "right") - np.searchsorted(each, ranked.firsts[folds])
            for each in (carried, places)
        )
        precisions = right / given
        values[0, tag] = ratios.macro(ratio(np.bincount(folds, precisions), np.bincount(folds)))
        held, groups = np.unique(ranked.groups[images], return_inverse=True)
        sizes = np.bincount(groups).astype(np.float64)
        low[0, tag], high[0, tag] = intervals.share_interval(values[0, tag], sizes.sum() ** 2 / (sizes @ sizes))
        moves = np.bincount(groups, precisions - precisions.mean()).astype(np.float64)
        norms[0, tag] = np.sqrt(_unless_rounding(np.asarray(moves @ moves), np.asarray(sizes @ sizes)))
        if norms[0, tag] > 0:
            arm = intervals.longer_arms(values[0, tag], low[0, tag], high[0, tag])
            sums[held] += arm / norms[0, tag] * moves
    return threshold_sweeps.with_means(values, low, high, norms, np.array([sums @ sums]))
