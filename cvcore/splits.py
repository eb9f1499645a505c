"""Which pictures are near duplicates, and which fold judges which picture.

A model that has seen a picture's twin knows the answer: near duplicates therefore share a fold. In two famous
sets 3 % and 10 % of the test pictures have a twin in training (Barz & Denzler, https://arxiv.org/abs/1902.00423).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.errors import InvalidInput

Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]
Singles = NDArray[np.float32]

# Calibrated on ten sets of real photos, 3,400 in all. Within 9 levels and above 0.975 stay all that were saved again
# as JPEG of quality 40, halved, doubled, made 3 % brighter or darker, or cropped by 1 % a side, and 90 % of those
# cropped by 2 % a side; of the others only shots of one scene, seconds apart. Rounding alone makes 0.4.
DISTANCE_MOST = 9
DISTANCE_SAME = 0.5
CORRELATION_LEAST = 0.975

_CHANNELS = 3
_PATTERN_LENGTH = 4000  # as long as float32 can hold: products of two patterns stay whole numbers below 2**24
_BLOCK = 512, 8192  # rows and columns compared at a time, some 16 MB a table


def near_duplicate_groups(signatures: NDArray[np.uint8]) -> Integers:
    """The group of each picture, as (n,), numbered 0, 1, 2, … by signature, so that the order of the rows is all one.

    `signatures` are (n, 192): the upright pictures squeezed to 8 × 8 RGB. Two pictures are near duplicates if
    they are close, their root mean square difference being at most 9 of 255 levels, and show the same
    pattern, the correlation of what is left without each channel's mean being at least 0.975. The second
    keeps apart flat pictures of like colour, which are close without being the same. Less than half a level
    apart, pictures are always the same. A group is everything that a chain of such pairs links.

    All pairs count: pictures are sorted by mean brightness, in which near duplicates differ by no more than
    the distance, and each block is compared with all that can be near. 10,000 photos take about a second.

    Raises:
        InvalidInput: the shape is another.

    >>> ramp = np.arange(192, dtype=np.uint8)
    >>> near_duplicate_groups(np.stack([ramp[::-1], ramp, ramp + 3])).tolist()
    [1, 0, 0]
    """
    if signatures.ndim != 2 or signatures.shape[1] % _CHANNELS:
        raise InvalidInput(f"signatures must be one row a picture, 8 x 8 x 3 values each, got shape {signatures.shape}")
    distinct, index = np.unique(signatures, axis=0, return_inverse=True)
    parents = np.arange(len(distinct))
    for rows, columns, alike in _near_blocks(distinct):
        _join_block(parents, rows, columns, alike)
    _, groups = np.unique(parents[index.reshape(-1)], return_inverse=True)
    return groups


def fold_count(truth: Bools, groups: NDArray[Any], *, most: int = 5) -> int:
    """Into how many folds `folds` splits: `most`, or the fewest groups that carry any one tag, but at least 2.

    A tag whose images are all in one group does not count, because it cannot be evaluated in any case.

    Raises:
        InvalidInput: `most` is below 2.

    >>> fold_count(np.array([[True], [True], [True]]), np.array([0, 1, 2]))
    3
    """
    return _fold_count(_grouped(truth, groups), most)


def folds(truth: Bools, groups: NDArray[Any], *, seed: int, most: int = 5) -> Integers:
    """The fold that judges each picture, as (n,): 0 to `fold_count` - 1, or -1 where none can.

    `truth` is (n, k), `groups` (n,). Groups are never split. Each tag's pictures, and the pictures without
    a tag, are spread as evenly as the groups allow, rarest tag first (iterative stratification, Sechidis,
    Tsoumakas & Vlahavas 2011, https://doi.org/10.1007/978-3-642-23808-6_10).

    A picture in fold -1 is in every fold's training and is not evaluated. Such are the pictures of a tag that has
    all its images in one group: judged by a model that never saw the tag, they could only be wrong. So
    whatever tag an evaluated picture carries, the model that judges it has seen that tag elsewhere.

    The same seed, groups and tags give the same folds in any order of the rows; the seed decides among
    groups that carry the same.

    Raises:
        InvalidInput: `most` is below 2.

    >>> folds(np.array([[True, False]] * 4 + [[False, True]] * 2), np.array([0, 1, 2, 2, 3, 4]), seed=1).tolist()
    [1, 1, 0, 0, 0, 1]
    """
    grouped = _grouped(truth, groups)
    total = _fold_count(grouped, most)
    result = _placed(grouped, seed, total)
    # Rarely all groups of a tag are drawn into one fold by other tags that they carry.
    spread = np.sum([truth[result == fold].any(axis=0) for fold in range(-1, total)], axis=0)
    result[truth[:, spread == 1].any(axis=1)] = -1
    return result


def hold_out(truth: Bools, groups: NDArray[Any], *, seed: int, parts: int = 5) -> Integers:
    """Fold 0 for the one picture in `parts` that is kept aside and judged, -1 for those that train, as (n,).

    As in `folds`, groups are never split, each tag is spread as evenly as they allow, the same seed gives the
    same pictures in any order of the rows, and whatever tag a judged picture carries, the model has seen it
    elsewhere. A tag has no judged picture where all its images are in one group.

    >>> hold_out(np.array([[True, False]] * 5 + [[False, True]] * 5), np.arange(10), seed=1).tolist()
    [-1, -1, -1, 0, -1, 0, -1, -1, -1, -1]
    """
    result = np.where(_placed(_grouped(truth, groups), seed, parts) == 0, 0, -1)
    return _taught(result, truth, groups)


def judged_apart(truth: Bools, groups: NDArray[Any], is_test: Bools) -> tuple[Integers, Bools]:
    """For test pictures that were chosen by hand: the fold of each picture, as (n,), and which pictures train, (n,).

    Test pictures are in fold 0 and never train. Nor do near duplicates of theirs, which would give the answers
    away; these, and test pictures of a tag that nothing else carries, are in fold -1 without training.

    >>> truth, groups = np.array([[True], [True], [True]]), np.array([0, 0, 1])
    >>> [each.tolist() for each in judged_apart(truth, groups, np.array([True, False, False]))]
    [[0, -1, -1], [False, False, True]]
    """
    trains = ~np.isin(groups, groups[is_test])
    untaught = ~truth[trains].any(axis=0)
    return np.where(is_test & ~truth[:, untaught].any(axis=1), 0, -1), trains


def _taught(result: Integers, truth: Bools, groups: NDArray[Any]) -> Integers:
    """The folds of `hold_out`, but that groups with a tag which would be in no training go to the training."""
    untaught = ~truth[result < 0].any(axis=0)
    back = np.unique(groups[truth[:, untaught].any(axis=1)])
    return np.where(np.isin(groups, back), -1, result)


def _placed(grouped: _Grouped, seed: int, total: int) -> Integers:
    """Each row's fold of so many, -1 for the groups that carry a tag alone."""
    priority = np.random.default_rng(seed).permutation(len(grouped.carried))
    lone = np.append(grouped.carriers == 1, False)
    placed = np.full(len(grouped.carried), -1)
    able = ~(grouped.carried[:, lone] > 0).any(axis=1)
    placed[able] = _stratify(grouped.carried[able], grouped.sizes[able], priority[able], total)
    result: Integers = placed[grouped.index]
    return result


def parts(folds: NDArray[Any], groups: NDArray[Any], *, most: int = 5) -> Integers:
    """The parts in turn left out when something is chosen on the other pictures, as (n,): 0, 1, … or -1.

    They are the folds. Where one fold judges all pictures, as with a test set, its groups are dealt out to `most`
    parts. Groups are never split, and -1 stays out of every part.

    >>> parts(np.array([1, 0, -1]), np.array([5, 8, 9])).tolist()
    [1, 0, -1]
    >>> parts(np.array([0, 0, 0, -1]), np.array([5, 5, 8, 9])).tolist()
    [0, 0, 1, -1]
    """
    judged = folds >= 0
    names = np.unique(folds[judged])
    result = np.full(len(folds), -1)
    if len(names) == 1:
        result[judged] = np.unique(groups[judged], return_inverse=True)[1] % most
    else:
        result[judged] = np.searchsorted(names, folds[judged])
    return result


def _near_blocks(signatures: NDArray[np.uint8]) -> Iterator[tuple[Integers, Integers, Bools]]:
    """Positions of some rows, positions of some columns, and which row and column are near duplicates.

    Every pair of near duplicates is in one of the blocks, and every picture with itself.
    """
    brightness = signatures.sum(axis=1, dtype=np.int64)
    order = np.argsort(brightness, kind="stable")
    brightness, values = brightness[order], signatures.shape[1]
    ends = np.searchsorted(brightness, brightness + DISTANCE_MOST * values, side="right")
    one, other = _distance_factors(signatures[order])
    patterns = _patterns(signatures[order])
    height, width = _BLOCK
    for top in range(0, len(order), height):
        rows = slice(top, top + height)
        for start in range(top, ends[rows][-1], width):
            columns = slice(start, min(start + width, ends[rows][-1]))
            squares = one[rows] @ other[columns].T
            near = squares <= DISTANCE_MOST**2 * values
            if not near.any():
                continue
            left, right = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
            alike = patterns[rows][left] @ patterns[columns][right].T >= CORRELATION_LEAST * _PATTERN_LENGTH**2
            both = np.ix_(left, right)
            alike |= squares[both] <= DISTANCE_SAME**2 * values
            yield order[rows][left], order[columns][right], alike & near[both]


def _distance_factors(signatures: NDArray[np.uint8]) -> tuple[Singles, Singles]:
    """Two matrices whose product holds the squared distances of all pairs: |a|² - 2 a·b + |b|².

    Centred, all sums are whole numbers below 2**24, so float32 is exact and the order of adding does not matter.
    """
    levels = signatures.astype(np.float32) - 128
    squares, ones = (levels**2).sum(axis=1, keepdims=True), np.ones((len(levels), 1), np.float32)
    return np.hstack([levels, squares, ones]), np.hstack([-2 * levels, ones, squares])


def _patterns(signatures: NDArray[np.uint8]) -> Singles:
    """Signatures without their channels' means, all of one length: products are correlations; flat ones are 0."""
    pattern = signatures.reshape(len(signatures), signatures.shape[1] // _CHANNELS, _CHANNELS).astype(np.float32)
    pattern = (pattern - pattern.mean(axis=1, keepdims=True)).reshape(signatures.shape)
    lengths = np.sqrt((pattern**2).sum(axis=1, keepdims=True))
    scales = np.divide(_PATTERN_LENGTH, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    whole: Singles = np.rint(pattern * scales)
    return whole


def _join_block(parents: Integers, rows: Integers, columns: Integers, alike: Bools) -> None:
    """Join each row with the columns that are `alike`."""
    # A hundred shots of one scene are 5,000 pairs. Joined by one pair each, most are together already.
    one, other = alike.any(axis=1), alike.any(axis=0)
    _join(parents, rows[one], columns[alike[one].argmax(axis=1)])
    _join(parents, columns[other], rows[alike[:, other].argmax(axis=0)])
    left, right = np.nonzero(alike & (parents[rows][:, None] != parents[columns]))
    _join(parents, rows[left], columns[right])


def _join(parents: Integers, left: Integers, right: Integers) -> None:
    """Put each left and its right into one group, in place; `parents` names each item's group by its first item."""
    while (apart := parents[left] != parents[right]).any():
        one, other = parents[left[apart]], parents[right[apart]]
        np.minimum.at(parents, np.maximum(one, other), np.minimum(one, other))
        while not np.array_equal(above := parents[parents], parents):
            parents[:] = above


@dataclass(frozen=True)
class _Grouped:
    """Rows gathered into groups.

    `index` (n,) is each row's group, `sizes` (g,) counts a group's images, and `carried` (g, k + 1) those that carry
    each tag and, in the last column, those that carry none.
    """

    index: Integers
    sizes: Integers
    carried: Integers

    @property
    def carriers(self) -> Integers:
        """How many groups carry each tag, as (k,)."""
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
    """The fold of each group, as (g,): each goes where its rarest tag is lacking most, then where images are."""
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
    """Every group once, as (tag, group): tags in order of how few waiting groups carry them, largest groups first."""
    waiting = np.ones(len(carried), np.bool_)
    remaining = np.count_nonzero(carried, axis=0)
    while remaining.any():
        tag = int(np.where(remaining > 0, remaining, len(carried) + 1).argmin())
        members = np.flatnonzero(waiting & (carried[:, tag] > 0))
        for group in members[np.lexsort((priority[members], -carried[members, tag]))].tolist():
            yield tag, group
        waiting[members] = False
        remaining -= np.count_nonzero(carried[members], axis=0)
