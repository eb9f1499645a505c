"""Finds near duplicates: images of the same shot that were saved, scaled, lit or cropped differently.

A model that was trained on an image's duplicate knows the answer, so near duplicates must be in the same fold. In
two famous sets 3 % and 10 % of the test images have a duplicate in training (Barz & Denzler,
https://arxiv.org/abs/1902.00423).
"""

from __future__ import annotations

import math
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import threadpoolctl

from cvcore.array_types import Bools, Float32s, Integers, Levels
from cvcore.errors import InvalidInput
from cvcore.validation import close_points

# Calibrated on ten sets of real photos, 3,400 in all. At most 9 levels and at least 0.975 finds every copy that was
# saved again as JPEG of quality 40, halved, doubled, made 3 % brighter or darker, or cropped by 1 % per side, and 90 %
# of the copies cropped by 2 % per side. Of the other pairs it finds only shots of one scene, taken seconds apart.
# Rounding alone causes a distance of 0.4.
DISTANCE_MOST = 9
DISTANCE_SAME = 0.5
CORRELATION_LEAST = 0.975

_CHANNELS = 3
_PATTERN_LENGTH = 4000  # the most for float32: products of two patterns stay whole numbers below 2**24
_ROWS, _COLUMNS, _THREADS = 512, 8192, 8  # compared at a time: 16 MB a table in each thread
_AXES, _AXES_ROWS = 16, 2**14
_ROUNDING = 1.01  # how much further apart two may seem along axes, at the very most


def groups(signatures: Levels) -> Integers:
    """The group number of each image, (n,): 0, 1, 2, … in the order of signatures, whatever the order of the rows.

    `signatures` are (n, 192): the upright images scaled to 8 × 8 RGB. Two images are near duplicates if their
    root mean square difference is at most 9 of 255 levels and, after each channel's mean is subtracted, their
    correlation is at least 0.975. The correlation separates flat images of a similar colour, which are close but not
    the same. Images that are at most half a level apart always count as the same. Groups are connected components: if
    A~B and B~C, all three are one group.

    No pair is missed: along any axes near duplicates differ by no more than the distance, see `close_points`, and all
    pairs that may be as near as that are compared.

    Raises:
        InvalidInput: the shape is wrong.

    >>> ramp = np.arange(192, dtype=np.uint8)
    >>> groups(np.stack([ramp[::-1], ramp, ramp + 3])).tolist()
    [1, 0, 0]
    """
    if signatures.ndim != 2 or signatures.shape[1] % _CHANNELS:
        raise InvalidInput(
            f"signatures must have one row per image and 8 x 8 x 3 columns, got shape {signatures.shape}"
        )
    rows, index = _distinct(signatures)
    parents = np.arange(len(rows))
    if len(rows):
        _join_all(parents, signatures[rows])
    _, numbers = np.unique(parents[index], return_inverse=True)
    return numbers


def _distinct(signatures: Levels) -> tuple[Integers, Integers]:
    """A row of each distinct signature, in their order, and which of these each signature is: (distinct,) and (n,).

    As `np.unique` finds them, but without two copies of all.
    """
    whole = np.ascontiguousarray(signatures).view(np.dtype((np.void, signatures.shape[1]))).reshape(-1)
    order = whole.argsort(kind="stable")
    is_first = np.ones(len(order), bool)
    for start in range(1, len(order), _COLUMNS):
        here = slice(start, start + _COLUMNS)
        before = slice(start - 1, start - 1 + len(order[here]))
        is_first[here] = (signatures[order[here]] != signatures[order[before]]).any(axis=1)
    index = np.empty_like(order)
    index[order] = is_first.cumsum() - 1
    return order[is_first], index


def _join_all(parents: Integers, signatures: Levels) -> None:
    """Join all near duplicates, in blocks, as many at a time as there are cores."""
    cells = close_points.cells(_along_axes(signatures))
    distance = _ROUNDING * DISTANCE_MOST * math.sqrt(signatures.shape[1])
    joining = threading.Lock()

    def join(start: int) -> None:
        rows = slice(start, start + _ROWS)
        one, others = cells.order[rows], close_points.near_to(cells, rows, distance)
        for columns in np.array_split(others, len(others) // _COLUMNS + 1):
            group = parents[one]
            if (group == group[0]).all():  # a thousand shots of one scene are soon one group
                columns = columns[parents[cells.order[columns]] != group[0]]
            near = close_points.are_within(cells, rows, columns, distance)
            if not near.any():
                continue
            left, right = one[near.any(axis=1)], cells.order[columns[near.any(axis=0)]]
            alike = _are_alike(signatures[left], signatures[right])
            with joining:
                _join_block(parents, left, right, alike)

    # Each thread computes its own products: numpy's threads wait busily for each other where others use the cores too.
    with (
        threadpoolctl.threadpool_limits(1, "blas"),
        ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1), "near") as pool,
    ):
        list(pool.map(join, range(0, len(signatures), _ROWS)))


def _along_axes(signatures: Levels) -> Float32s:
    """The signatures along the axes in which they differ most, (n, `_AXES`), where none are further apart."""
    some = signatures[:: len(signatures) // _AXES_ROWS + 1].astype(np.float64)
    some -= some.mean(axis=0)
    axes = np.linalg.eigh(some.T @ some)[1][:, -_AXES:].astype(np.float32)
    blocks = np.array_split(signatures, len(signatures) // _COLUMNS + 1)
    return np.concatenate([(block.astype(np.float32) - 128) @ axes for block in blocks])


def _are_alike(one: Levels, other: Levels) -> Bools:
    """Which of these signatures are near duplicates of which of the others."""
    values = one.shape[1]
    squares = _distance_factors(one)[0] @ _distance_factors(other)[1].T
    alike = _patterns(one) @ _patterns(other).T >= CORRELATION_LEAST * _PATTERN_LENGTH**2
    return np.asarray(alike & (squares <= DISTANCE_MOST**2 * values) | (squares <= DISTANCE_SAME**2 * values))


def _distance_factors(signatures: Levels) -> tuple[Float32s, Float32s]:
    """Two matrices whose product holds the squared distances of all pairs: |a|² - 2 a·b + |b|².

    Because levels are centred, all sums are whole numbers below 2**24: float32 is exact in any order of adding.
    """
    levels = signatures.astype(np.float32) - 128
    squares, ones = (levels**2).sum(axis=1, keepdims=True), np.ones((len(levels), 1), np.float32)
    return np.hstack([levels, squares, ones]), np.hstack([-2 * levels, ones, squares])


def _patterns(signatures: Levels) -> Float32s:
    """Signatures minus their channels' means, scaled to one length: products are correlations. Flat ones are 0."""
    pattern = signatures.reshape(len(signatures), signatures.shape[1] // _CHANNELS, _CHANNELS).astype(np.float32)
    pattern = (pattern - pattern.mean(axis=1, keepdims=True)).reshape(signatures.shape)
    lengths = np.sqrt((pattern**2).sum(axis=1, keepdims=True))
    scales = np.divide(_PATTERN_LENGTH, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    rounded: Float32s = np.rint(pattern * scales)
    return rounded


def _join_block(parents: Integers, rows: Integers, columns: Integers, alike: Bools) -> None:
    """Join each row with the columns that are `alike`."""
    # A hundred shots of one scene are 5,000 pairs; after joining each image by one pair, most are in one group.
    one, other = alike.any(axis=1), alike.any(axis=0)
    _join(parents, rows[one], columns[alike[one].argmax(axis=1)])
    _join(parents, columns[other], rows[alike[:, other].argmax(axis=0)])
    left, right = np.nonzero(alike & (parents[rows][:, None] != parents[columns]))
    _join(parents, rows[left], columns[right])


def _join(parents: Integers, left: Integers, right: Integers) -> None:
    """Put each left item and its right one into one group, in place; `parents` (items,) is the group's first item."""
    while (apart := parents[left] != parents[right]).any():
        one, other = parents[left[apart]], parents[right[apart]]
        np.minimum.at(parents, np.maximum(one, other), np.minimum(one, other))
        while not np.array_equal(above := parents[parents], parents):
            parents[:] = above
