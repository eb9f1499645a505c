"""Images that are alike in how hard they are: those of the same tags."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float64s, Integers
from cvcore.evaluation.by_image import blocks
from cvcore.metrics.ratios import ratio

# A set of tags that so few images have counts as the hardest of its tags.
IMAGES_LEAST = 20
SETS_MOST = 200

_WORD_BYTES = 8


def strata(truth: Bools, is_wrong: Bools, rows: Integers | None = None) -> Integers:
    """The stratum of each image, (n,), numbered from 0: images with the same tags.

    `rows` (n,) are the images' rows in `truth` (all, tags); without them they are all of its rows.

    Where fewer than 20 images have just these tags, or 200 other sets of tags are commoner, the tag of them that is
    answered wrongly most often decides.

    >>> strata(np.array([[True, False], [False, False], [True, False]]), np.zeros(3, bool)).tolist()
    [1, 0, 1]
    """
    rows = np.arange(len(truth)) if rows is None else rows
    if not rows.size or not truth.shape[1]:
        return np.zeros(len(rows), np.int64)
    packed = blocks.of_rows(rows, lambda carried: np.packbits(carried, axis=1), truth)
    names = _tag_sets(packed)
    sizes = np.bincount(names)
    commonest = np.argsort(-sizes, kind="stable")[:SETS_MOST]
    is_rare = ~np.isin(np.arange(len(sizes)), commonest[sizes[commonest] >= IMAGES_LEAST])[names]
    if is_rare.any():
        hardest = _hardest(packed[is_rare], _shares_of_wrong(packed, is_wrong, truth.shape[1]))
        names[is_rare] = hardest - truth.shape[1] - 1
    return _places(names)[1]


def _tag_sets(packed: NDArray[np.uint8]) -> Integers:
    """The place of each row among the distinct rows in order, (n,): as of `np.unique`, which is slow with rows.

    So it is with the places of single words: where few are distinct, to search for them is many times faster.
    """
    count, size = packed.shape
    padded = np.zeros((count, -(-size // _WORD_BYTES) * _WORD_BYTES), np.uint8)
    padded[:, :size] = packed
    found = np.zeros(count, np.int64)
    for word in padded.view(">u8").astype(np.uint64).T:
        words, place = _places(word)
        found = _places(found * len(words) + place)[1]
    return found


def _places(values: NDArray[Any]) -> tuple[NDArray[Any], Integers]:
    """The distinct values in order, and the place of each value among them."""
    distinct = np.unique(values)
    return distinct, np.searchsorted(distinct, values)


def _shares_of_wrong(packed: NDArray[np.uint8], is_wrong: Bools, tags: int) -> Float64s:
    """The share of each tag's images that are answered wrongly, (tags,)."""
    counts = np.zeros((2, tags), np.int64)
    for some, wrong in blocks.blocks(packed, is_wrong):
        carried = np.unpackbits(some, axis=1, count=tags)
        counts += [carried[wrong].sum(axis=0, dtype=np.int64), carried.sum(axis=0, dtype=np.int64)]
    return np.nan_to_num(ratio(*counts))


def _hardest(packed: NDArray[np.uint8], shares: Float64s) -> Integers:
    """The tag of each image that is answered wrongly most often, (n,); -1 for an image without tags."""

    def hardest(some: NDArray[np.uint8]) -> Integers:
        carried = np.unpackbits(some, axis=1, count=len(shares)).astype(np.bool_)
        return np.where(carried.any(axis=1), np.where(carried, shares, -1).argmax(axis=1), -1)

    return np.concatenate([hardest(some) for (some,) in blocks.blocks(packed)])
