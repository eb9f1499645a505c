"""The strip of a tag: its images, and those taken for it, in one row from the least to the most probable.

A threshold cuts the row in two: on its right stand the images answered with the tag. Only positions of the slider,
`decision_rule.THRESHOLDS`, are cuts, so an image needs no more than its level: it is answered at THRESHOLDS[i] if its
level > i. Level 0 is answered at none: in Multiclass another tag came first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvcore.array_types import Bools, Float32s, Float64s, Integers
from cvcore.evaluation import analysis
from cvcore.evaluation.by_image import blocks
from cvcore.evaluation.by_image.top_tags import TopTags, top_tags
from cvcore.evaluation.out_of_fold import OutOfFold
from cvcore.metrics import decision_rule
from cvcore.records import Iteration
from cvcore.store import Store

DRAWN = 400

# Of the images without the tag, in Multilabel: the most probable ones, twice as many as have the tag, but no fewer.
UNTAGGED_SHARE, UNTAGGED_LEAST = 2, 40

_POSITIONS = len(decision_rule.THRESHOLDS)


@dataclass(frozen=True, eq=False)
class Strip:
    """Images to draw, as int arrays (m,) in their order, and the counts of all evaluated images.

    rows: the images. levels: at how many of the 101 thresholds each is answered with the tag; 0 at none. own: bool,
    which carry the tag. probabilities: float64, of the tag. first: the column of each image's most probable tag, and
    first_levels: at how many thresholds that tag is the answer; in Multilabel the tag itself. counts: int (101, 3), tp,
    fp and fn at each threshold, of all images, drawn or not. in_row: how many images the row has, of which `rows` are
    evenly spaced ones if there are too many to draw. below: how many images without the tag are left out of the row
    because they do not reach THRESHOLDS[floor].
    """

    rows: Integers
    levels: Integers
    own: Bools
    probabilities: Float64s
    first: Integers
    first_levels: Integers
    counts: Integers
    in_row: int
    below: int
    floor: int


def load(store: Store, iteration: Iteration, tag: int, *, most: int = DRAWN) -> Strip:
    """The strip of the tag in column `tag` of a trained iteration; raises as `evaluation.load`."""
    loaded = analysis.load_analysis(store, iteration)
    return strip(loaded.out_of_fold, tag, most=most, tops=loaded.top_tags)


def strip(predictions: OutOfFold, tag: int, *, most: int = DRAWN, tops: TopTags | None = None) -> Strip:
    """The strip of the tag in column `tag`, with at most `most` images; of more, ones evenly spaced in the row.

    `tops` are the `top_tags` of Multiclass predictions, if they are known already.

    The order is by level 0 or not, then by probability, then by row. In Multiclass all images are in the row that carry
    the tag or have it as their top tag; in Multilabel those that carry it, and of the others the most probable ones.

    >>> truth, probabilities = np.array([[True], [True], [False]]), np.array([[0.9], [0.2], [0.5]], np.float32)
    >>> folds = groups = np.arange(3)
    >>> found = strip(OutOfFold(truth, probabilities, folds, groups, probabilities, folds, multilabel=True), 0)
    >>> found.rows.tolist(), found.levels.tolist(), found.counts[50].tolist()
    ([1, 2, 0], [21, 51, 90], [1, 1, 1])
    """
    evaluated = np.flatnonzero(predictions.evaluated)
    own, scores = (blocks.column(each, tag)[evaluated] for each in (predictions.truth, predictions.probabilities))
    if predictions.multilabel:
        levels, first, first_levels = _levels_of_one(scores, tag)
    else:
        levels, first, first_levels = _levels(tops or top_tags(*_arrays(predictions)), evaluated, tag)
    floor = _floor(own, levels) if predictions.multilabel else 0
    places = np.flatnonzero(own | (levels > floor))
    order = places[np.lexsort((places, scores[places], levels[places] > 0))]
    drawn = _evenly(order, most)
    return Strip(
        rows=evaluated[drawn],
        levels=levels[drawn],
        own=own[drawn],
        probabilities=scores[drawn].astype(np.float64),
        first=first[drawn],
        first_levels=first_levels[drawn],
        counts=_counts(own, levels),
        in_row=len(order),
        below=len(own) - len(order) if predictions.multilabel else 0,
        floor=floor,
    )


def _arrays(predictions: OutOfFold) -> tuple[Bools, Float32s, Bools]:
    return predictions.truth, predictions.probabilities, predictions.evaluated


def _levels(tops: TopTags, evaluated: Integers, tag: int) -> tuple[Integers, Integers, Integers]:
    """Each image's level for the tag, its most probable tag, and the level of that tag; all (n,)."""
    first, first_levels = tops.top[evaluated].astype(np.int64), _levels_of(tops.probability[evaluated])
    return np.where(first == tag, first_levels, 0), first, first_levels


def _levels_of_one(scores: Float32s, tag: int) -> tuple[Integers, Integers, Integers]:
    """As `_levels`, of a Multilabel tag, which is the only one that is looked at."""
    levels = _levels_of(scores)
    return levels, np.full(len(levels), tag), levels


def _levels_of(scores: Float32s) -> Integers:
    column = scores[:, None]
    return decision_rule.levels(column, np.zeros(column.shape, np.bool_), multilabel=True)[:, 0].astype(np.int64)


def _floor(own: Bools, levels: Integers) -> int:
    """The lowest level such that the images without the tag above it are few enough to be drawn."""
    allowed = max(UNTAGGED_LEAST, UNTAGGED_SHARE * int(np.count_nonzero(own)))
    is_enough = _above(levels[~own]) <= allowed
    return int(is_enough.argmax()) if is_enough.any() else _POSITIONS - 1


def _counts(own: Bools, levels: Integers) -> Integers:
    tp, fp = _above(levels[own]), _above(levels[~own])
    return np.column_stack([tp, fp, np.count_nonzero(own) - tp])


def _above(levels: Integers) -> Integers:
    """For each of the 101 positions, how many levels are above it, which means answered there; as (101,)."""
    at_least = np.bincount(levels, minlength=_POSITIONS + 1)[::-1].cumsum()[::-1]
    above: Integers = at_least[1:]
    return above


def _evenly(order: Integers, most: int) -> Integers:
    """At most so many places, evenly spaced from the first to the last."""
    if len(order) <= most:
        return order
    return order[np.linspace(0, len(order) - 1, most).round().astype(np.int64)]
