"""Splits images into folds: near duplicates share a fold, and each tag is distributed over the folds evenly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Integers
from cvcore.errors import InvalidInput


def fold_count(truth: Bools, groups: NDArray[Any], *, most: int = 5) -> int:
    """The number of folds that `folds` makes: `most`, or fewer if a tag is carried by fewer groups, but at least 2.

    A tag whose images are all in one group is ignored, because it cannot be evaluated at all.

    Raises:
        InvalidInput: `most` is below 2.

    >>> fold_count(np.array([[True], [True], [True]]), np.array([0, 1, 2]))
    3
    """
    return _fold_count(_grouped(truth, groups), most)


def folds(truth: Bools, groups: NDArray[Any], *, seed: int, most: int = 5) -> Integers:
    """The fold that evaluates each image, (n,): 0 to `fold_count` - 1, or -1 if it cannot be evaluated in any fold.

    `truth` is (n, k), `groups` (n,). Groups are never split. Each tag's images, and the images without
    a tag, are distributed over the folds as evenly as the groups allow, rarest tag first (iterative stratification,
    Sechidis, Tsoumakas & Vlahavas 2011, https://doi.org/10.1007/978-3-642-23808-6_10).

    An image in fold -1 is trained on in every fold and is not evaluated. This happens to a tag whose images are all in
    one group: a model that was not trained on the tag could only be wrong about them. So the model that evaluates an
    image was trained on other images of each of its tags.

    The same seed, groups and tags give the same folds in any order of the rows; the seed decides among
    groups with the same tags.

    Raises:
        InvalidInput: `most` is below 2.

    >>> folds(np.array([[True, False]] * 4 + [[False, True]] * 2), np.array([0, 1, 2, 2, 3, 4]), seed=1).tolist()
    [1, 1, 0, 0, 0, 1]
    """
    grouped = _grouped(truth, groups)
    total = _fold_count(grouped, most)
    result = _placed(grouped, seed, total)
    # Rarely, all groups of a tag end up in one fold because of other tags that they carry.
    spread = np.sum([truth[result == fold].any(axis=0) for fold in range(-1, total)], axis=0)
    result[truth[:, spread == 1].any(axis=1)] = -1
    return result


def hold_out(truth: Bools, groups: NDArray[Any], *, seed: int, parts: int = 5) -> Integers:
    """Hold out one image in `parts`: (n,), 0 for images that are held out and evaluated, -1 for those trained on.

    As in `folds`, groups are never split, each tag is distributed as evenly as they allow, the same seed gives the
    same images in any order of the rows, and the model was trained on other images of each tag that an evaluated image
    carries. A tag whose images are all in one group has no evaluated image.

    >>> hold_out(np.array([[True, False]] * 5 + [[False, True]] * 5), np.arange(10), seed=1).tolist()
    [-1, -1, -1, 0, -1, 0, -1, -1, -1, -1]
    """
    result = np.where(_placed(_grouped(truth, groups), seed, parts) == 0, 0, -1)
    return _with_every_tag_trained(result, truth, groups)


def by_test_images(truth: Bools, groups: NDArray[Any], is_test: Bools) -> tuple[Integers, Bools]:
    """Split by the user's own test images: the fold of each image, (n,), and which images are trained on, (n,).

    Test images are in fold 0 and are never trained on. Near duplicates of test images are not trained on either,
    because the model would then know the answers. They, and test images of a tag that no training image carries, are
    in fold -1: neither evaluated nor trained on.

    >>> truth, groups = np.array([[True], [True], [True]]), np.array([0, 0, 1])
    >>> [array.tolist() for array in by_test_images(truth, groups, np.array([True, False, False]))]
    [[0, -1, -1], [False, False, True]]
    """
    trains = ~np.isin(groups, groups[is_test])
    untrained = ~truth[trains].any(axis=0)
    return np.where(is_test & ~truth[:, untrained].any(axis=1), 0, -1), trains


def _with_every_tag_trained(result: Integers, truth: Bools, groups: NDArray[Any]) -> Integers:
    """`hold_out`'s folds, with groups moved back to training for tags that would otherwise have no training image."""
    untrained = ~truth[result < 0].any(axis=0)
    moved = np.unique(groups[truth[:, untrained].any(axis=1)])
    return np.where(np.isin(groups, moved), -1, result)


def _placed(grouped: _Grouped, seed: int, total: int) -> Integers:
    """The fold of each row, one of `total`; -1 for a group that is the only one of a tag."""
    priority = np.random.default_rng(seed).permutation(len(grouped.carried))
    lone = np.append(grouped.carriers == 1, False)
    placed = np.full(len(grouped.carried), -1)
    able = ~(grouped.carried[:, lone] > 0).any(axis=1)
    placed[able] = _stratify(grouped.carried[able], grouped.sizes[able], priority[able], total)
    result: Integers = placed[grouped.index]
    return result


def parts(folds: NDArray[Any], groups: NDArray[Any], *, most: int = 5) -> Integers:
    """The part of each image, (n,): 0, 1, … or -1; parts are left out in turn when something is chosen on the others.

    The parts are the folds. If all images are evaluated in one fold, as with a test set, its groups are distributed
    over `most` parts. Groups are never split, and images of fold -1 are in no part.

    >>> parts(np.array([1, 0, -1]), np.array([5, 8, 9])).tolist()
    [1, 0, -1]
    >>> parts(np.array([0, 0, 0, -1]), np.array([5, 5, 8, 9])).tolist()
    [0, 0, 1, -1]
    """
    evaluated = folds >= 0
    names = np.unique(folds[evaluated])
    result = np.full(len(folds), -1)
    if len(names) == 1:
        result[evaluated] = np.unique(groups[evaluated], return_inverse=True)[1] % most
    else:
        result[evaluated] = np.searchsorted(names, folds[evaluated])
    return result


@dataclass(frozen=True)
class _Grouped:
    """Rows collected into groups.

    `index` (n,) is each row's group, `sizes` (g,) each group's number of images. `carried` (g, k + 1) counts a group's
    images that carry each tag and, in the last column, its images without a tag.
    """

    index: Integers
    sizes: Integers
    carried: Integers

    @property
    def carriers(self) -> Integers:
        """The number of groups that carry each tag, (k,)."""
        return np.asarray(np.count_nonzero(self.carried[:, :-1], axis=0))


def _grouped(truth: Bools, groups: NDArray[Any]) -> _Grouped:
    names, index = np.unique(groups, return_inverse=True)
    carried = np.zeros((len(names), truth.shape[1] + 1), np.int64)
    np.add.at(carried, index, np.column_stack([truth, ~truth.any(axis=1)]))
    return _Grouped(index, np.bincount(index, minlength=len(names)), carried)


def _fold_count(grouped: _Grouped, most: int) -> int:
    if most < 2:
        raise InvalidInput(f"most must be 2 folds or more, got {most}")
    carriers = grouped.carriers[grouped.carriers > 1]
    return min(most, int(carriers.min(initial=most)))


def _stratify(carried: Integers, sizes: Integers, priority: Integers, total: int) -> Integers:
    """The fold of each group, (g,): the fold that still needs the most images of the group's rarest tag.

    On a tie, it is the fold that still needs the most images of any kind.
    """
    lacking = np.tile(carried.sum(axis=0), (total, 1))  # what a fold still needs of each tag, times `total`
    room = [int(sizes.sum())] * total
    placed = np.full(len(carried), -1)
    for tag, group in _by_rarest_tag(carried, priority):
        needs = list(zip(lacking[:, tag].tolist(), room, strict=True))
        fold = needs.index(max(needs))
        placed[group] = fold
        lacking[fold] -= total * carried[group]
        room[fold] -= total * int(sizes[group])
    return placed


def _by_rarest_tag(carried: Integers, priority: Integers) -> Iterator[tuple[int, int]]:
    """Every group once, as (tag, group): first the tag that the fewest waiting groups carry, largest group first."""
    waiting = np.ones(len(carried), np.bool_)
    remaining = np.count_nonzero(carried, axis=0)
    while remaining.any():
        tag = int(np.where(remaining > 0, remaining, len(carried) + 1).argmin())
        members = np.flatnonzero(waiting & (carried[:, tag] > 0))
        for group in members[np.lexsort((priority[members], -carried[members, tag]))].tolist():
            yield tag, group
        waiting[members] = False
        remaining -= np.count_nonzero(carried[members], axis=0)
