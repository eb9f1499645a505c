"""The most probable tag of each image, which is all that Multiclass answers come from, at any threshold.

An image has one tag there, and at most one answer: the tags and answers of a million images take a few megabytes, where
a table of a hundred tags would take a hundred.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float32s, Integers
from cvcore.evaluation.by_image import blocks
from cvcore.metrics import confusion, decision_rule


@dataclass(frozen=True, eq=False)
class TopTags:
    """Arrays (n,): own, the column of each image's tag, `tags` for none. top: the column of its most probable tag.

    probability: of that tag; nan where an image was not evaluated. tags: how many columns there are.
    """

    own: NDArray[np.int32]
    top: NDArray[np.int32]
    probability: Float32s
    evaluated: Bools
    tags: int


def top_tags(truth: Bools, probabilities: Float32s, evaluated: Bools) -> TopTags:
    """The top tags of images, found once; arguments as for `confusion.answers`.

    Raises:
        InvalidInput: an evaluated image's probability is nan.

    >>> found = top_tags(np.eye(2, dtype=bool), np.array([[0.4, 0.6], [0.5, 0.5]]), np.ones(2, bool))
    >>> found.own.tolist(), found.top.tolist(), found.probability.tolist()
    ([0, 1], [1, 0], [0.6, 0.5])
    """
    own, top, probability = [], [], []
    for carried, scores, is_evaluated in blocks.blocks(truth, probabilities, evaluated):
        decision_rule.check_scores(scores[is_evaluated], None, dimensions=2)
        best = np.nan_to_num(scores).argmax(axis=1)
        own.append(confusion.column(carried).astype(np.int32))
        top.append(best.astype(np.int32))
        probability.append(scores[np.arange(len(scores)), best])
    return TopTags(np.concatenate(own), np.concatenate(top), np.concatenate(probability), evaluated, truth.shape[1])


def answered(found: TopTags, threshold: float | NDArray[Any]) -> NDArray[np.int32]:
    """The column of each image's answer at a threshold, one number or (k,): `tags` for none; (n,).

    The rule is that of `decision_rule.answers`.

    Raises:
        InvalidInput: a threshold is outside 0..1.

    >>> found = top_tags(np.eye(2, dtype=bool), np.array([[0.4, 0.6], [0.5, 0.5]]), np.ones(2, bool))
    >>> answered(found, 0.55).tolist()
    [1, 2]
    """
    limits = decision_rule.checked_thresholds(threshold)
    limit = limits[found.top, None] if limits.ndim else limits
    reached = np.zeros(len(found.top), np.bool_)
    # Of one column, with its own limit in each row: another tag cannot come first.
    reached[found.evaluated] = decision_rule.answers(
        found.probability[found.evaluated, None],
        limit[found.evaluated] if limits.ndim else limits,
        multilabel=True,
    )[:, 0]
    return np.where(reached, found.top, np.int32(found.tags))


def matrix(found: TopTags, answers: NDArray[np.int32]) -> Integers:
    """How many images of each tag (row) were answered with each tag (column), as (k + 1, k + 1).

    The last column counts images with no answer, the last row images with no tag (0 after a training). The sum is the
    number of evaluated images, a row's sum the number that carry its tag.

    >>> truth = np.array([[True, False], [True, False], [False, True]])
    >>> found = top_tags(truth, np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]]), np.ones(3, bool))
    >>> matrix(found, answered(found, 0.6)).tolist()
    [[1, 1, 0], [0, 0, 1], [0, 0, 0]]
    """
    size = found.tags + 1
    cells = found.own[found.evaluated].astype(np.int64) * size + answers[found.evaluated]
    return np.bincount(cells, minlength=size * size).reshape(size, size)
