"""Which tags are probably wrong, which images have the highest cross-entropy, and which are near duplicates.

Everything comes from out-of-fold probabilities: a model trained on a wrong tag would repeat it.

Wrong tags are found by confident learning (Northcutt, Jiang & Chuang 2021, https://arxiv.org/abs/1911.00068): a
tag's threshold is the mean probability that its own images got for it, and an image is a label issue when another tag
reaches its threshold there and is more probable than the tag the image carries. On 600 photos of flowers with 30 tags
flipped, the first 30 label issues held 21 of them, and all 56 held 25.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore import metrics
from cvcore.array_types import Bools, Float64s, Integers
from cvcore.metrics.probabilities import cross_entropy

_BLOCK = 8192


@dataclass(frozen=True, eq=False)
class LabelIssues:
    """Tags that are probably wrong, the most probable errors first.

    rows: int (m,), the images. tags: int (m,), the column in question: in Multiclass the tag to carry instead, in
    Multilabel the tag to take off where the image carries it, else to put on. own: float (m,), 0..1, the
    probability of what is tagged; the lowest come first.
    """

    rows: Integers
    tags: Integers
    own: Float64s


@dataclass(frozen=True, eq=False)
class DuplicateGroups:
    """Near duplicates: rows, int (m,), group by group, and numbers, int (m,), the group of each from 1 on.

    Groups whose images are tagged differently come first; there are `differing` of them.
    """

    rows: Integers
    numbers: Integers
    differing: int


def find_label_issues(truth: Bools, probabilities: NDArray[Any], evaluated: Bools, *, multilabel: bool) -> LabelIssues:
    """The label issues that confident learning finds.

    `truth` (n, k), `probabilities` (n, k) and `evaluated` (n,) as in `confusion.Answers`. Multilabel looks at each
    tag by itself, as carried or not. A tie is no issue: constant scores give none.

    >>> truth = np.array([[True, False], [True, False], [False, True], [False, True]])
    >>> scores = np.array([[0.9, 0.1], [0.1, 0.9], [0.2, 0.8], [0.3, 0.7]])
    >>> issues = find_label_issues(truth, scores, np.ones(4, bool), multilabel=False)
    >>> issues.rows.tolist(), issues.tags.tolist(), issues.own.tolist()
    ([1], [1], [0.1])
    """
    places = np.flatnonzero(evaluated)
    judge = _one_by_one if multilabel else _against_each_other
    rows, tags, own = judge(truth[places], probabilities[places])
    order = np.argsort(own, kind="stable")
    return LabelIssues(places[rows][order], tags[order], own[order])


def hardest_images(
    truth: Bools, probabilities: NDArray[Any], evaluated: Bools, most: int, *, multilabel: bool
) -> Integers:
    """The rows of the images with the highest cross-entropy, as (m,), at most `most`; equals in the rows' order."""
    places = np.flatnonzero(evaluated)
    # Some thousands at a time: the steps between would take several times the room of the probabilities.
    parts = np.array_split(places, len(places) // _BLOCK + 1)
    surprise = np.concatenate(
        [cross_entropy(truth[part], probabilities[part], multilabel=multilabel) for part in parts]
    )
    hard: Integers = places[np.argsort(-surprise, kind="stable")[:most]]
    return hard


def duplicate_groups(truth: Bools, groups: NDArray[Any]) -> DuplicateGroups:
    """The groups of near duplicates, as `near_duplicates.groups` numbers them, that hold several images.

    >>> twins = duplicate_groups(np.array([[True], [True], [True], [False], [True]]), np.array([0, 0, 1, 1, 2]))
    >>> twins.rows.tolist(), twins.numbers.tolist(), twins.differing
    ([2, 3, 0, 1], [1, 1, 2, 2], 1)
    """
    _, every, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    members = np.flatnonzero(sizes[every] > 1)
    members = members[np.argsort(every[members], kind="stable")]
    starts = np.flatnonzero(np.diff(every[members], prepend=-1))
    sizes = np.diff(starts, append=len(members))
    carriers = np.add.reduceat(truth[members], starts, axis=0, dtype=np.int64)
    # Alike are the tags of a group if each of them is on all of its images or on none.
    differs = ((carriers > 0) & (carriers < sizes[:, None])).any(axis=1)
    order = np.argsort(np.repeat(~differs, sizes), kind="stable")
    return DuplicateGroups(
        members[order],
        np.repeat(np.arange(len(starts)) + 1, sizes[np.argsort(~differs, kind="stable")]),
        int(differs.sum()),
    )


def _against_each_other(truth: Bools, scores: NDArray[Any]) -> tuple[Integers, Integers, Float64s]:
    own = np.where(truth, scores, -1).max(axis=1, initial=-1)
    others = np.where(~truth & (scores >= _means(truth, scores)), scores, -1)
    tags, best = others.argmax(axis=1), others.max(axis=1, initial=-1)
    rows = np.flatnonzero((best > own) & (own >= 0))
    return rows, tags[rows], own[rows].astype(np.float64)


def _one_by_one(truth: Bools, scores: NDArray[Any]) -> tuple[Integers, Integers, Float64s]:
    on, off = _means(truth, scores), _means(~truth, scores)
    # Unlike the images that are tagged like it, as well, or a model that says the same of all would doubt half of them.
    missing = ~truth & (scores >= on) & (scores > off) & (scores > 0.5)
    needless = truth & (scores <= off) & (scores < on) & (scores < 0.5)
    rows, tags = np.nonzero(missing | needless)
    carried = scores[rows, tags].astype(np.float64)
    return rows, tags, np.where(truth[rows, tags], carried, 1 - carried)


def _means(chosen: Bools, scores: NDArray[Any]) -> Float64s:
    """Each tag's mean over the chosen images, as (k,); nan, which no number reaches, where there are none."""
    sums = [column[some].sum(dtype=np.float64) for column, some in zip(scores.T, chosen.T, strict=True)]
    return metrics.ratio(np.array(sums), np.count_nonzero(chosen, axis=0))
