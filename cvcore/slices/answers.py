"""An evaluation prepared so that the numbers of any part of its images are found in milliseconds.

The probabilities are ranked once. Of the answers at a threshold only the pairs of image and tag matter in which the
image carries the tag or was answered with it: with 100 tags that is one pair in 50.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Integers
from cvcore.metrics import decision_rule


@dataclass(frozen=True, eq=False)
class Ranked:
    """The evaluated images of an iteration, n of them by fold, and their order by probability.

    rows: (n,), their rows in the iteration's arrays. truth: (n, k). folds, groups: (n,), each numbered from 0. firsts:
    each fold's first image. order: uint32 (k, n), by tag: images by fold, in a fold those with the highest probability
    first. holders: for each tag, the images that carry it. ends: for each of them, the last place in the tag's order
    that has a probability as high as the image's.
    """

    rows: Integers
    truth: Bools
    folds: Integers
    groups: Integers
    firsts: Integers
    order: NDArray[np.uint32]
    holders: list[Integers]
    ends: list[Integers]


def ranked(truth: Bools, probabilities: NDArray[Any], folds: NDArray[Any], groups: NDArray[Any]) -> Ranked:
    """Rank an evaluation once, for `rates.report`; arguments as for `metrics.reports.report`.

    Raises:
        InvalidInput: a probability of an evaluated image is nan, or the shapes differ.

    >>> scores = np.array([[0.1], [0.9], [0.9], [0.5]])
    >>> found = ranked(np.ones((4, 1), bool), scores, np.array([0, 0, 0, 1]), np.arange(4))
    >>> found.ends[0].tolist()
    [2, 1, 1, 3]
    """
    rows = np.argsort(folds, kind="stable")
    rows = rows[folds[rows] >= 0]
    truth, probabilities = truth[rows], probabilities[rows]
    decision_rule.check_scores(probabilities, truth, dimensions=2)
    _, firsts, fold = np.unique(folds[rows], return_index=True, return_inverse=True)
    bounds = [*firsts.tolist(), len(rows)]
    order = np.empty(truth.T.shape, np.uint32)
    holders = [np.flatnonzero(carried) for carried in truth.T]
    ends = []
    for tag in range(len(order)):
        scores, held = np.negative(probabilities[:, tag]), holders[tag]
        ends.append(np.empty(len(held), np.int64))
        for number, (start, end) in enumerate(pairwise(bounds)):
            order[tag, start:end] = start + np.argsort(scores[start:end])
            here = fold[held] == number
            in_order = scores[order[tag, start:end]]
            ends[tag][here] = start + np.searchsorted(in_order, scores[held[here]], "right") - 1
    _, group = np.unique(groups[rows], return_inverse=True)
    return Ranked(rows, truth, fold, group, firsts, order, holders, ends)


@dataclass(frozen=True, eq=False)
class Answers:
    """Where evaluated images carry a tag or were answered with it: arrays (m,), in the order of images.

    images: their numbers, 0 to n - 1 as in `Ranked`; tags: columns; carried, given: whether the image carries the tag,
    and was answered with it. is_wrong: (n,), whether an image has an answer that it should not have, or lacks one.
    """

    images: Integers
    tags: Integers
    carried: Bools
    given: Bools
    is_wrong: Bools


def answers(ranked: Ranked, predicted: Bools) -> Answers:
    """The answers of an evaluation; `predicted` are those of all of the iteration's images, (rows, k).

    >>> evaluation = ranked(np.eye(2, dtype=bool), np.eye(2), np.zeros(2, int), np.arange(2))
    >>> answers(evaluation, np.array([[True, False], [True, False]])).is_wrong.tolist()
    [False, True]
    """
    given = predicted[ranked.rows]
    images, tags = np.nonzero(ranked.truth | given)
    is_wrong = (ranked.truth != given).any(axis=1)
    return Answers(images, tags, ranked.truth[images, tags], given[images, tags], is_wrong)
