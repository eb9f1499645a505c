"""Suggests thresholds, one for all tags or one per tag, with their counts on images that they were not chosen on.

Candidates are the slider's positions, 0 to 100 %. A threshold looks better on the images that it was chosen on than on
others. So each suggestion has two counts. `chosen` are the counts at the suggested thresholds, on the same images that
they were chosen on. `held_out` are the counts of a cross-validation: each fold is counted at thresholds chosen on the
other folds, and the counts are summed.

A candidate without any answer has no precision and is never suggested: on a precision-recall curve it would be the
artificial end point (recall 0, precision 1). Of equally good candidates the middle one is suggested, because it is
farthest from where the counts change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cvcore import validation
from cvcore.array_types import Bools, Float64s, Integers
from cvcore.errors import InvalidInput
from cvcore.languages import number, t
from cvcore.metrics import decision_rule, intervals, ratios
from cvcore.metrics.decision_rule import THRESHOLDS

# Used if nothing can be chosen: the tag has no image, or is not an answer at any threshold.
FALLBACK = 0.5

# This share of a tag's answers at threshold 0 counts as nearly all of them.
NEARLY_ALL = 0.9

COST_MOST = 1000.0

By = Literal["f1", "precision", "recall", "cost"]


@dataclass(frozen=True)
class Goal:
    """The criterion by which a threshold is chosen.

    `f1`: the best F1. `precision`: the highest recall with a precision of at least `value`; if that cannot be reached,
    the highest precision. `recall`: the same with precision and recall exchanged. `cost`: the lowest cost, where a
    missed image costs as much as `value` wrongly given ones. With one threshold for all tags, precision, recall and F1
    are the means over the tags, and cost is the sum.

    Raises:
        InvalidInput: a precision or recall is not in 0..1, or a cost not above 0 and at most 1,000.
    """

    by: By
    value: float = 1.0

    def __post_init__(self) -> None:
        if self.by in ("precision", "recall") and not 0 <= self.value <= 1:
            raise InvalidInput(
                t("{measure} to reach must be in 0..1, got {value}", measure=t(self.by), value=f"{self.value:g}")
            )
        if self.by == "cost" and not 0 < self.value <= COST_MOST:
            raise InvalidInput(
                t(
                    "a missed image must cost above 0 and at most {most}, got {value}",
                    most=number(int(COST_MOST)),
                    value=f"{self.value:g}",
                )
            )


@dataclass(frozen=True, eq=False)
class Suggestion:
    """Thresholds suggested for a goal; arrays are (k,), one entry per tag, also with one threshold for all tags.

    chosen, held_out: int (k, 4) as tp, fp, fn, tn; see the module. by_part: (folds, k), the thresholds chosen without
    each fold. defined: False if nothing could be chosen and the threshold is 0.5 instead. reached: whether the
    precision or recall set as the goal is reached on the images it was chosen on. everything: nearly all images get the
    tag, at a precision no better than the share of images that carry it. nothing: giving no image the tag would cost
    less.
    """

    thresholds: Float64s
    chosen: Integers
    held_out: Integers
    by_part: Float64s
    defined: Bools
    reached: Bools
    everything: Bools
    nothing: Bools


def part_counts(
    truth: Bools, probabilities: NDArray[Any], folds: NDArray[Any], groups: NDArray[Any], *, multilabel: bool
) -> Integers:
    """The counts at every candidate, separately for each part of `validation.parts`, as (parts, 101, k, 4).

    `truth` and `probabilities` are (n, k), `folds` and `groups` (n,), as in `reports`. The sum over parts is
    `metrics.counts`. Every suggestion is computed from this table.

    Raises:
        InvalidInput: a probability is nan, or the shapes differ.
    """
    parts = validation.parts(folds, groups)
    rows = [np.flatnonzero(parts == part) for part in range(parts.max(initial=-1) + 1)]
    tables = [decision_rule.counts(truth[part], probabilities[part], multilabel=multilabel) for part in rows]
    return np.array(tables, np.int64).reshape(-1, len(THRESHOLDS), truth.shape[1], 4)


def suggest(counts: Integers, goal: Goal, *, per_tag: bool) -> Suggestion:
    """Suggest thresholds for a goal, from the `part_counts` (parts, 101, k, 4).

    >>> truth = np.array([[True], [False], [True], [False]])
    >>> probabilities = np.array([[0.9], [0.3], [0.7], [0.2]])
    >>> table = part_counts(truth, probabilities, np.array([0, 0, 1, 1]), np.arange(4), multilabel=True)
    >>> suggested = suggest(table, Goal("f1"), per_tag=True)
    >>> suggested.thresholds.tolist(), suggested.chosen.tolist(), suggested.held_out.tolist()
    ([0.5], [[2, 0, 0, 2]], [[2, 0, 0, 2]])
    """
    total = counts.sum(axis=0)
    places, reached, defined = _choose(total, goal, per_tag=per_tag)
    # With only one part, no images are left to choose on.
    by_part = np.array([_choose(total - part, goal, per_tag=per_tag)[0] for part in counts], np.int64)
    by_part = by_part.reshape(len(counts), total.shape[1])
    held_out = sum((_at(part, places) for part, places in zip(counts, by_part, strict=True)), np.zeros_like(total[0]))
    chosen = _at(total, places)
    return Suggestion(
        thresholds=THRESHOLDS[places],
        chosen=chosen,
        held_out=held_out,
        by_part=THRESHOLDS[by_part],
        defined=defined,
        reached=reached,
        everything=_is_everything(chosen, total[0]),
        nothing=_is_nothing(chosen, goal),
    )


def _choose(table: Integers, goal: Goal, *, per_tag: bool) -> tuple[Integers, Bools, Bools]:
    """The best candidate's index from (101, k, 4) counts, whether the goal is reached, and is defined; each (k,)."""
    tags = table.shape[1]
    precision, recall, f1 = ratios.precision(table), ratios.recall(table), ratios.f1(table)
    # Missed images cost `value`, wrongly given ones 1.
    cost = (goal.value * table[..., 2] + table[..., 1]).astype(np.float64)
    able: Bools = (table[..., 0] + table[..., 1] > 0) & (table[..., 0] + table[..., 2] > 0)
    if not per_tag:
        precision, recall, f1 = (ratios.macro(rate)[:, None] for rate in (precision, recall, f1))
        cost, able = cost.sum(axis=1, keepdims=True), np.asarray(able.any(axis=1, keepdims=True))
    reached: Bools = np.ones_like(able)
    criteria: Sequence[Float64s]
    match goal.by:
        case "f1":
            criteria = [f1]
        case "cost":
            criteria = [-cost]
        case "precision":
            reached = precision >= goal.value
            criteria = [np.minimum(precision, goal.value), recall, precision]
        case "recall":
            reached = recall >= goal.value
            criteria = [np.minimum(recall, goal.value), precision, recall]
    best = _best(able, criteria)
    defined = best.any(axis=0)
    places = np.where(defined, _middle(best), round(100 * FALLBACK))
    is_reached = defined & np.take_along_axis(reached, places[None], axis=0)[0]
    return (
        np.broadcast_to(places, tags),
        np.broadcast_to(is_reached, tags),
        np.broadcast_to(defined, tags),
    )


def _best(able: Bools, criteria: Sequence[Float64s]) -> Bools:
    """Which candidates (101, c) are best by the first criterion; ties are decided by the second, and so on."""
    best = able
    for criterion in criteria:
        known = np.where(best & ~np.isnan(criterion), criterion, -np.inf)
        best = best & (known == known.max(axis=0)) & (known > -np.inf)
    return best


def _middle(best: Bools) -> Integers:
    """The index of the middle candidate marked in each column of (101, c), the lower of two; 0 without any."""
    rank = best.cumsum(axis=0)
    return np.asarray((rank >= (rank[-1] + 1) // 2).argmax(axis=0))


def _at(table: Integers, places: Integers) -> Integers:
    """The counts (k, 4) at each tag's index in a table (101, k, 4)."""
    return table[places, np.arange(table.shape[1])]


def _is_everything(chosen: Integers, at_zero: Integers) -> Bools:
    answered, could_be = (counts[:, 0] + counts[:, 1] for counts in (chosen, at_zero))
    by_chance = ratios.ratio(chosen[:, 0] + chosen[:, 2], chosen.sum(axis=1))
    low, _ = intervals.wilson_interval(chosen[:, 0], answered)
    return np.asarray((answered > 0) & (answered >= NEARLY_ALL * could_be) & (low <= by_chance))


def _is_nothing(chosen: Integers, goal: Goal) -> Bools:
    tp, fp, fn, _ = chosen.T
    return np.asarray((goal.by == "cost") & (goal.value * fn + fp > goal.value * (tp + fn)))
