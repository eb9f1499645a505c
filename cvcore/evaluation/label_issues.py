"""Finds tags that are probably wrong, the images with the highest cross-entropy, and groups of near duplicates.

Everything comes from out-of-fold probabilities: a model trained on a wrong tag would repeat it.

Wrong tags are found by confident learning (Northcutt, Jiang & Chuang 2021, https://arxiv.org/abs/1911.00068). A tag's
threshold is its mean probability over the images that carry it. An image is a label issue if another tag reaches its
threshold for this image and is more probable than the tag that the image carries. On 600 photos of flowers with 30
tags flipped, 21 of these were among the first 30 label issues, and 25 among all 56.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore import metrics
from cvcore.array_types import Bools, Float64s, Integers
from cvcore.evaluation.by_image import blocks
from cvcore.metrics.probabilities import cross_entropy

NEARLY = 0.1  # how close to wrong an answer still counts as hard

# Read at a time.
_TAGS, _MEMBERS = 16, 8192


@dataclass(frozen=True, eq=False)
class LabelIssues:
    """Tags that are probably wrong, the most probable errors first.

    rows: int (m,), the images. tags: int (m,), columns. Multiclass: the suggested tag. Multilabel: the tag to remove
    if the image has it, otherwise to add. own: float (m,), 0..1, the probability that the image's tagging is right:
    of the tag it carries, or in Multilabel of carrying or lacking the tag in question; ascending.
    """

    rows: Integers
    tags: Integers
    own: Float64s


@dataclass(frozen=True, eq=False)
class DuplicateGroups:
    """Groups of near duplicates, renumbered from 1; groups that are not tagged consistently come first.

    rows: int (m,), the images, group by group. numbers: int (m,), the group of each. differing: how many groups are
    not tagged consistently.
    """

    rows: Integers
    numbers: Integers
    differing: int


def find_label_issues(truth: Bools, probabilities: NDArray[Any], evaluated: Bools, *, multilabel: bool) -> LabelIssues:
    """Find label issues by confident learning.

    `truth` (n, k), `probabilities` (n, k) and `evaluated` (n,) are as in `confusion.Answers`. Multilabel: each tag is
    examined separately, as carried or not carried. Ties are not reported, so constant scores give no label issue.

    >>> truth = np.array([[True, False], [True, False], [False, True], [False, True]])
    >>> scores = np.array([[0.9, 0.1], [0.1, 0.9], [0.2, 0.8], [0.3, 0.7]])
    >>> issues = find_label_issues(truth, scores, np.ones(4, bool), multilabel=False)
    >>> issues.rows.tolist(), issues.tags.tolist(), issues.own.tolist()
    ([1], [1], [0.1])
    """
    on = _means(truth, probabilities, evaluated)
    find = partial(_against_each_other, means=on)
    if multilabel:
        find = partial(_one_by_one, on=on, off=_means(truth, probabilities, evaluated, without=True))
    found, start = [], 0
    for carried, scores, is_evaluated in blocks.blocks(truth, probabilities, evaluated):
        places = np.flatnonzero(is_evaluated)
        rows, tags, own = find(carried[places], scores[places])
        found.append((start + places[rows], tags, own))
        start += len(scores)
    rows, tags, own = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.argsort(own, kind="stable")
    return LabelIssues(rows[order], tags[order], own[order])


def hardest_images(
    truth: Bools, probabilities: NDArray[Any], evaluated: Bools, most: int, *, multilabel: bool
) -> Integers:
    """The rows of the images with the highest cross-entropy that are wrong or nearly, as (m,), at most `most`.

    The highest comes first; ties by row. Multiclass: another tag is more probable than the image's own, or less
    probable by at most `NEARLY`. Multilabel: a tag of the image has at most 0.5 + `NEARLY` / 2, or another tag at least
    0.5 - `NEARLY` / 2.

    >>> truth, scores = np.eye(3, dtype=bool), np.array([[0.8, 0.1, 0.1], [0.5, 0.4, 0.1], [0.6, 0.2, 0.2]])
    >>> hardest_images(truth, scores, np.ones(3, bool), 5, multilabel=False).tolist()
    [2, 1]
    """
    places, losses, start = [], [], 0
    for carried, scores, is_evaluated in blocks.blocks(truth, probabilities, evaluated):
        rows = np.flatnonzero(is_evaluated)
        rows = rows[_is_nearly_wrong(carried[rows], scores[rows], multilabel)]
        places.append(start + rows)
        losses.append(cross_entropy(carried[rows], scores[rows], multilabel=multilabel))
        start += len(scores)
    hardest: Integers = np.concatenate(places)[np.argsort(-np.concatenate(losses), kind="stable")[:most]]
    return hardest


def _is_nearly_wrong(truth: Bools, probabilities: NDArray[Any], multilabel: bool) -> Bools:
    """Which images have a probability on the wrong side, or within `NEARLY` of it, as (n,)."""
    against = np.where(truth, 1 - probabilities, probabilities)
    if multilabel:
        return np.asarray(against.max(axis=1, initial=0) >= 0.5 - NEARLY / 2)
    own = np.where(truth, probabilities, 0).max(axis=1, initial=0)
    return np.asarray(np.where(truth, 0, probabilities).max(axis=1, initial=0) >= own - NEARLY)


def duplicate_groups(truth: Bools, groups: NDArray[Any]) -> DuplicateGroups:
    """The groups of near duplicates with two or more images, renumbered from 1, inconsistent groups first.

    `groups` (n,) are numbered as by `near_duplicates.groups`. A group is tagged consistently if every tag is on all of
    its images or on none.

    >>> duplicates = duplicate_groups(np.array([[True], [True], [True], [False], [True]]), np.array([0, 0, 1, 1, 2]))
    >>> duplicates.rows.tolist(), duplicates.numbers.tolist(), duplicates.differing
    ([2, 3, 0, 1], [1, 1, 2, 2], 1)
    """
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    members = np.flatnonzero(sizes[group] > 1)
    members = members[np.argsort(group[members], kind="stable")]
    starts = np.flatnonzero(np.diff(group[members], prepend=-1))
    sizes = np.diff(starts, append=len(members))
    differs = _are_tagged_differently(truth, members, np.repeat(starts, sizes))
    order = np.argsort(np.repeat(~differs, sizes), kind="stable")
    return DuplicateGroups(
        members[order],
        np.repeat(np.arange(len(starts)) + 1, sizes[np.argsort(~differs, kind="stable")]),
        int(differs.sum()),
    )


def _are_tagged_differently(truth: Bools, members: Integers, firsts: Integers) -> Bools:
    """Which groups have an image that is not tagged as the first of them, (groups,).

    `members` (m,) are the images, group by group, and `firsts` (m,) the place of each one's first there.
    """

    def differs(carried: Bools, of_first: Bools) -> Bools:
        return np.asarray((carried != of_first).any(axis=1))

    parts = [slice(start, start + _MEMBERS) for start in range(0, len(members), _MEMBERS)]
    each = [differs(truth[members[part]], truth[members[firsts[part]]]) for part in parts]
    starts = np.flatnonzero(firsts == np.arange(len(members)))
    return np.logical_or.reduceat(np.concatenate(each), starts) if len(members) else np.zeros(0, np.bool_)


def _against_each_other(truth: Bools, scores: NDArray[Any], means: Float64s) -> tuple[Integers, Integers, Float64s]:
    own = np.where(truth, scores, -1).max(axis=1, initial=-1)
    others = np.where(~truth & (scores >= means), scores, -1)
    tags, best = others.argmax(axis=1), others.max(axis=1, initial=-1)
    rows = np.flatnonzero((best > own) & (own >= 0))
    return rows, tags[rows], own[rows].astype(np.float64)


def _one_by_one(truth: Bools, scores: NDArray[Any], on: Float64s, off: Float64s) -> tuple[Integers, Integers, Float64s]:
    # It must also differ from the images that share its tagging. Without this, a model that gives all images the same
    # score would flag half of them.
    missing = ~truth & (scores >= on) & (scores > off) & (scores > 0.5)
    needless = truth & (scores <= off) & (scores < on) & (scores < 0.5)
    rows, tags = np.nonzero(missing | needless)
    carried = scores[rows, tags].astype(np.float64)
    return rows, tags, np.where(truth[rows, tags], carried, 1 - carried)


def _means(truth: Bools, scores: NDArray[Any], evaluated: Bools, *, without: bool = False) -> Float64s:
    """Each tag's mean score over the images with it, or `without` it, as (k,); nan without any, and no score is >= nan.

    A few tags at a time: a sum must be of all scores at once, for the same last digit.
    """
    sums, numbers = [], []
    for start in range(0, truth.shape[1], _TAGS):
        some = slice(start, start + _TAGS)
        for carried, column in zip(*(blocks.columns(each, some).T for each in (truth, scores)), strict=True):
            chosen = (carried != without) & evaluated
            sums.append(column[chosen].sum(dtype=np.float64))
            numbers.append(np.count_nonzero(chosen))
    return metrics.ratio(np.array(sums), np.array(numbers))
