"""The numbers of parts of the evaluated images: those of `metrics.reports`, with the same intervals.

A tag that none of these images carries has no numbers: whatever it was answered with here, nothing is known of how well
it is recognised.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float64s, Integers
from cvcore.evaluation.by_image import blocks
from cvcore.metrics import intervals, ratios, reports, threshold_sweeps
from cvcore.metrics.ratios import ratio
from cvcore.metrics.reports import Report
from cvcore.metrics.threshold_sweeps import Measure, Sweep
from cvcore.slices.answers import Answers, Evaluated

# Read at a time.
_TAGS = 8


def reports_of(evaluated: Evaluated, answers: Answers, parts: Sequence[Bools]) -> list[Report]:
    """The report of each part of the evaluated images, (n,): whether an image is in it.

    It is that of `metrics.reports.report` on these images alone, but tags that none of them carries are undefined and
    not in the means; their wrong answers are counted.
    """
    precisions = _average_precisions(evaluated, parts)
    return [_report(evaluated, answers, part, each) for part, each in zip(parts, precisions, strict=True)]


def _report(evaluated: Evaluated, answers: Answers, chosen: Bools, average_precision: Measure) -> Report:
    cells = _cells(evaluated, answers, chosen)
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


def _average_precisions(evaluated: Evaluated, parts: Sequence[Bools]) -> list[Measure]:
    """Of each part the mean over folds, as `threshold_sweeps.average_precision`."""
    arrays, bounds = evaluated.predictions, [*evaluated.firsts.tolist(), len(evaluated.rows)]
    folds = [[start + np.flatnonzero(part[start:end]) for start, end in pairwise(bounds)] for part in parts]
    found = [_AveragePrecision(evaluated, images) for images in folds]
    for tag, (carried, scores) in enumerate(_columns(arrays.truth, arrays.probabilities)):
        for each in found:
            each.add(tag, carried, scores)
    return [each.measure() for each in found]


def _columns(*arrays: NDArray[Any]) -> Iterator[tuple[NDArray[Any], ...]]:
    """Each column, (rows,), of matrices."""
    for start in range(0, arrays[0].shape[1], _TAGS):
        yield from zip(*(blocks.columns(each, slice(start, start + _TAGS)).T for each in arrays), strict=True)


class _AveragePrecision:
    """The average precision of a part, whose images are given by fold, tag by tag."""

    def __init__(self, evaluated: Evaluated, folds: Sequence[Integers]) -> None:
        self._evaluated = evaluated
        self._folds = [(images, evaluated.rows[images]) for images in folds]
        self._values, self._low, self._high, self._norms = np.full((4, 1, evaluated.predictions.truth.shape[1]), np.nan)
        self._sums = np.zeros(evaluated.groups.max(initial=-1) + 1)

    def add(self, tag: int, carried: Bools, scores: NDArray[Any]) -> None:
        """Compute that of a tag; `carried` and `scores` are of all rows."""
        images, precisions = self._precisions(carried, scores)
        if not len(images):
            return
        folds = self._evaluated.folds[images]
        value = self._values[0, tag] = ratios.macro(ratio(np.bincount(folds, precisions), np.bincount(folds)))
        held, groups = np.unique(self._evaluated.groups[images], return_inverse=True)
        sizes = np.bincount(groups).astype(np.float64)
        low, high = intervals.share_interval(value, sizes.sum() ** 2 / (sizes @ sizes))
        moves = np.bincount(groups, precisions - precisions.mean()).astype(np.float64)
        norm = np.sqrt(_unless_rounding(np.asarray(moves @ moves), np.asarray(sizes @ sizes)))
        self._low[0, tag], self._high[0, tag], self._norms[0, tag] = low, high, norm
        if norm > 0:
            self._sums[held] += intervals.longer_arms(value, low, high) / norm * moves

    def _precisions(self, carried: Bools, scores: NDArray[Any]) -> tuple[Integers, Float64s]:
        """The images that carry the tag, by fold, and the precision in their fold down to their probability."""
        held = [images[carried[rows]] for images, rows in self._folds]
        precisions = []
        for images, (_, rows) in zip(held, self._folds, strict=True):
            own = scores[self._evaluated.rows[images]]
            right, given = (len(each) - np.searchsorted(np.sort(each), own) for each in (own, scores[rows]))
            precisions.append(right / given)
        return np.concatenate(held), np.concatenate(precisions)

    def measure(self) -> Measure:
        """What was computed, with the means over the tags."""
        sums = np.array([self._sums @ self._sums])
        return threshold_sweeps.with_means(self._values, self._low, self._high, self._norms, sums)
