"""Judges how well a family of numbers tells tags apart: shares of right answers, their intervals and p-values.

A share is the mean of two: of the images with one tag that are told from the other's, and the reverse. So guessing is
right half of the time, however many images each tag has. It rests on images that the classifier was not trained on.
Near duplicates count as one image: numbers of images are Kish's effective sample sizes, see `metrics.intervals`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float64s, Integers
from cvcore.metrics import ratio
from cvcore.metrics.intervals import longer_arms, share_interval
from cvcore.shortcuts.classifier import Scores

GUESSING = 0.5


@dataclass(frozen=True, eq=False)
class Evaluated:
    """The images that are judged: their tags (n, k), folds (n,), -1 if not evaluated, and groups of near duplicates.

    `design` (2, k): how many independent images each evaluated image with the tag counts for, and each without it.
    """

    truth: Bools
    folds: Integers
    design: Float64s

    @classmethod
    def of(cls, truth: Bools, folds: Integers, groups: Integers) -> Evaluated:
        """The images with their design effects."""
        rows = np.flatnonzero(folds >= 0)
        _, group = np.unique(groups[rows], return_inverse=True)
        sizes = np.bincount(group)
        design = np.ones((2, truth.shape[1]))
        if sizes.max(initial=1) > 1:
            for tag in range(truth.shape[1]):
                mine = np.bincount(group[truth[rows, tag]], minlength=len(sizes))
                for side, each in enumerate((mine, sizes - mine)):
                    design[side, tag] = each.sum() / max(np.square(each).sum(), 1)
        return cls(truth, folds, design)


@dataclass(frozen=True, eq=False)
class Judgement:
    """How well one family tells each tag (row) from each other tag (column), and from all others (the last column).

    All are (k, k + 1). share: of right answers, 0..1, symmetric but for the last column; nan on the diagonal and where
    a side has no image. low, high: its 95 % interval. p_values: how often guessing is as good, one-sided. images and
    others: the independent images of the row's tag, and of the column's.
    """

    share: Float64s
    low: Float64s
    high: Float64s
    p_values: Float64s
    images: Float64s
    others: Float64s


def judge(scores: Scores, evaluated: Evaluated) -> Judgement:
    """Judge a family's scores, which are (n, k); an image with both tags of a pair is left out of it."""
    rows = evaluated.folds >= 0
    having, lacking, truth = scores.having[rows], scores.lacking[rows], evaluated.truth[rows]
    tags = truth.shape[1]
    right, images = np.full((tags, tags + 1), np.nan), np.zeros((tags, tags + 1))
    of_others, others = np.full(tags, np.nan), np.zeros(tags)
    for tag in range(tags):
        mine = truth[:, tag]
        ahead = np.column_stack([having[mine, tag, None] - having[mine], having[mine, tag] - lacking[mine, tag]])
        counted = np.column_stack([~truth[mine], np.ones(np.count_nonzero(mine), np.bool_)])
        right[tag], images[tag] = _right(ahead, counted)
        behind = (lacking[~mine, tag] - having[~mine, tag])[:, None]
        of_others[tag], others[tag] = (each[0] for each in _right(behind, np.ones(behind.shape, np.bool_)))
    images, others = images * evaluated.design[0][:, None], others * evaluated.design[1]
    other_right, other_images = (
        np.column_stack([each[:, :tags].T, last]) for each, last in ((right, of_others), (images, others))
    )
    return _combined(right, images, other_right, other_images, _inflation(evaluated.folds))


def _right(ahead: NDArray[Any], counted: Bools) -> tuple[Float64s, Float64s]:
    """For each column the share of right answers, a tie being half of one, and the number of images it is of."""
    total = counted.sum(axis=0, dtype=np.float64)
    correct = ((ahead > 0) & counted).sum(axis=0) + ((ahead == 0) & counted).sum(axis=0) / 2
    return ratio(correct, total), total


def _combined(
    right: Float64s, images: Float64s, other_right: Float64s, other_images: Float64s, inflation: float
) -> Judgement:
    """The mean of two shares; their arms combine like standard errors (Zou & Donner 2008), as in `metrics`."""
    share = (right + other_right) / 2
    sides = ((right, images), (other_right, other_images))
    arm = np.hypot(*(longer_arms(each, *share_interval(each, number)) for each, number in sides)) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = inflation * GUESSING**2 * (1 / images + 1 / other_images) / 4
        z = (share - GUESSING) / np.sqrt(variance)
    p_values = np.vectorize(lambda value: erfc(value / sqrt(2)) / 2, otypes=[np.float64])(z)
    return Judgement(share, np.clip(share - arm, 0, 1), np.clip(share + arm, 0, 1), p_values, images, other_images)


def _inflation(folds: Integers) -> float:
    """How much larger the variance is than with images that no other fold's classifier was trained on.

    Nadeau & Bengio 2003, https://doi.org/10.1023/A:1024068626366: 1 + the sum over folds of tested / trained images.
    """
    tested = np.bincount(folds[folds >= 0])
    return 1 + float((tested / np.maximum(len(folds) - tested, 1)).sum())
