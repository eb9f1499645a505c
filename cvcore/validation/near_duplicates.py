"""Finds near duplicates: images of the same shot that were saved, scaled, lit or cropped differently.

A model that was trained on an image's duplicate knows the answer, so near duplicates must be in the same fold. In
two famous sets 3 % and 10 % of the test images have a duplicate in training (Barz & Denzler,
https://arxiv.org/abs/1902.00423).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Integers
from cvcore.errors import InvalidInput

Singles = NDArray[np.float32]

# Calibrated on ten sets of real photos, 3,400 in all. At most 9 levels and at least 0.975 finds every copy that was
# saved again as JPEG of quality 40, halved, doubled, made 3 % brighter or darker, or cropped by 1 % per side, and 90 %
# of the copies cropped by 2 % per side. Of the other pairs it finds only shots of one scene, taken seconds apart.
# Rounding alone causes a distance of 0.4.
DISTANCE_MOST = 9
DISTANCE_SAME = 0.5
CORRELATION_LEAST = 0.975

_CHANNELS = 3
_PATTERN_LENGTH = 4000  # the most for float32: products of two patterns stay whole numbers below 2**24
_BLOCK = 512, 8192  # rows and columns compared at a time: about 16 MB per table


def groups(signatures: NDArray[np.uint8]) -> Integers:
    """The group number of each image, (n,): 0, 1, 2, … in the order of signatures, whatever the order of the rows.

    `signatures` are (n, 192): the upright images scaled to 8 × 8 RGB. Two images are near duplicates if their
    root mean square difference is at most 9 of 255 levels and, after each channel's mean is subtracted, their
    correlation is at least 0.975. The correlation separates flat images of a similar colour, which are close but not
    the same. Images that are at most half a level apart always count as the same. Groups are connected components: if
    A~B and B~C, all three are one group.

    No pair is missed: images are sorted by mean brightness, in which near duplicates differ by no more than
    the distance, and each block is compared with all images that can be near. 10,000 photos take about a second.

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
    distinct, index = np.unique(signatures, axis=0, return_inverse=True)
    parents = np.arange(len(distinct))
    for rows, columns, alike in _near_blocks(distinct):
        _join_block(parents, rows, columns, alike)
    _, numbers = np.unique(parents[index.reshape(-1)], return_inverse=True)
    return numbers


def _near_blocks(signatures: NDArray[np.uint8]) -> Iterator[tuple[Integers, Integers, Bools]]:
    """Blocks of pairs: positions of rows, positions of columns, and a table of which are near duplicates.

    Every pair of near duplicates is in one of the blocks; so is every image paired with itself.
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

    Because levels are centred, all sums are whole numbers below 2**24: float32 is exact in any order of adding.
    """
    levels = signatures.astype(np.float32) - 128
    squares, ones = (levels**2).sum(axis=1, keepdims=True), np.ones((len(levels), 1), np.float32)
    return np.hstack([levels, squares, ones]), np.hstack([-2 * levels, ones, squares])


def _patterns(signatures: NDArray[np.uint8]) -> Singles:
    """Signatures minus their channels' means, scaled to one length: products are correlations. Flat ones are 0."""
    pattern = signatures.reshape(len(signatures), signatures.shape[1] // _CHANNELS, _CHANNELS).astype(np.float32)
    pattern = (pattern - pattern.mean(axis=1, keepdims=True)).reshape(signatures.shape)
    lengths = np.sqrt((pattern**2).sum(axis=1, keepdims=True))
    scales = np.divide(_PATTERN_LENGTH, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    rounded: Singles = np.rint(pattern * scales)
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
