"""An evaluation prepared so that the numbers of any part of its images are found without a table of all answers.

Of the answers at a threshold only the pairs of image and tag matter in which the image carries the tag or was answered
with it: with 100 tags that is one pair in 50.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cvcore.array_types import Bools, Integers
from cvcore.evaluation.by_image import blocks, top_tags
from cvcore.evaluation.by_image.top_tags import TopTags
from cvcore.evaluation.out_of_fold import OutOfFold
from cvcore.metrics import confusion


@dataclass(frozen=True, eq=False)
class Evaluated:
    """The evaluated images of an iteration, n of them by fold.

    predictions: the iteration's arrays. rows: (n,), the images' rows in them. folds, groups: (n,), each numbered from
    0. firsts: each fold's first image.
    """

    predictions: OutOfFold
    rows: Integers
    folds: Integers
    groups: Integers
    firsts: Integers


def evaluated(predictions: OutOfFold) -> Evaluated:
    """An iteration's evaluated images.

    >>> truth = np.eye(3, dtype=bool)
    >>> kernel, bias = np.zeros((1, 3)), np.zeros(3)
    >>> found = evaluated(OutOfFold(truth, truth * 0.9, np.array([7, -1, 4]), np.arange(3), kernel, bias, False))
    >>> found.rows.tolist(), found.folds.tolist(), found.groups.tolist()
    ([2, 0], [0, 1], [1, 0])
    """
    rows = np.argsort(predictions.folds, kind="stable")
    rows = rows[predictions.folds[rows] >= 0]
    _, firsts, folds = np.unique(predictions.folds[rows], return_index=True, return_inverse=True)
    _, groups = np.unique(predictions.groups[rows], return_inverse=True)
    return Evaluated(predictions, rows, folds, groups, firsts)


@dataclass(frozen=True, eq=False)
class Answers:
    """Where evaluated images carry a tag or were answered with it: arrays (m,), in any order.

    images: their numbers, 0 to n - 1 as in `Evaluated`; tags: columns; carried, given: whether the image carries the
    tag, and was answered with it. is_wrong: (n,), whether an image has an answer that it should not have, or lacks one.
    """

    images: Integers
    tags: Integers
    carried: Bools
    given: Bools
    is_wrong: Bools


def answers(evaluated: Evaluated, threshold: Any, tops: TopTags | None) -> Answers:
    """The answers of an evaluation at a threshold, one number or one per tag; `tops` are those of a Multiclass one.

    Raises:
        InvalidInput: a threshold is outside 0..1, or a probability of an evaluated image is nan.
    """
    limits = np.asarray(threshold, np.float64)
    return _several_each(evaluated, limits) if tops is None else _one_each(evaluated, limits, tops)


def _one_each(evaluated: Evaluated, limits: Any, tops: TopTags) -> Answers:
    own, given = (each[evaluated.rows].astype(np.int64) for each in (tops.own, top_tags.answered(tops, limits)))
    is_wrong = own != given
    carry, only_given = np.flatnonzero(own < tops.tags), np.flatnonzero(is_wrong & (given < tops.tags))
    return Answers(
        np.concatenate([carry, only_given]),
        np.concatenate([own[carry], given[only_given]]),
        np.repeat([True, False], [len(carry), len(only_given)]),
        np.concatenate([~is_wrong[carry], np.ones(len(only_given), np.bool_)]),
        is_wrong,
    )


def _several_each(evaluated: Evaluated, limits: Any) -> Answers:
    arrays, number = evaluated.predictions, np.zeros(len(evaluated.predictions.folds), np.int64)
    number[evaluated.rows] = np.arange(len(evaluated.rows))
    is_wrong, parts, start = np.zeros(len(evaluated.rows), np.bool_), [], 0
    for carried, scores, is_evaluated in blocks.blocks(arrays.truth, arrays.probabilities, arrays.evaluated):
        given = confusion.answers(carried, scores, is_evaluated, limits, multilabel=True).predicted
        numbers = number[start : start + len(scores)]
        is_wrong[numbers[is_evaluated]] = (carried != given)[is_evaluated].any(axis=1)
        rows, tags = np.nonzero((carried | given) & is_evaluated[:, None])
        parts.append((numbers[rows], tags, carried[rows, tags], given[rows, tags]))
        start += len(scores)
    images, tags, carries, is_given = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Answers(images, tags, carries, is_given, is_wrong)
