"""Where images that carry a tag rank among others by the tag's probability: what average precision is computed from.

To rank all images takes seconds among a million of them. It is done once for an iteration; of a slice and the rest only
the smaller part is ranked, and the larger has what is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float32s, Integers
from cvcore.evaluation.by_image import blocks
from cvcore.slices.answers import Evaluated

# Increase the number when a formula changes: older files are ignored.
FILE = "ranks-1.npz"

# Probabilities in memory at a time.
_CELLS = 2**24


@dataclass(frozen=True, eq=False)
class Ranks:
    """The pairs of an evaluated image and a tag that it carries, m of them: by tag, and by image as in `Evaluated`.

    images: (m,). scores: (m,), the tag's probability of the image. given: (m,), how many images of its fold have at
    least that probability; right: (m,), how many of these carry the tag. firsts: (k + 1,), where each tag's pairs
    begin, and where the last ones end.
    """

    images: NDArray[np.int32]
    scores: Float32s
    given: NDArray[np.int32]
    right: NDArray[np.int32]
    firsts: Integers


def ranks(evaluated: Evaluated) -> Ranks:
    """The ranks of all evaluated images."""
    arrays, everything = evaluated.predictions, np.ones(len(evaluated.rows), np.bool_)
    bounds, firsts = _bounds(evaluated, np.arange(len(evaluated.rows))), [0]
    found = [(np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(0, np.int32))]
    for carried, scores in _by_tag(evaluated, everything, arrays.truth, arrays.probabilities):
        images = np.flatnonzero(carried)
        own, held = scores[images], _bounds(evaluated, images)
        given, right = _at_least(own, held, scores, bounds), _at_least(own, held, own, held)
        found.append((images.astype(np.int32), own, given, right))
        firsts.append(firsts[-1] + len(images))
    which, probabilities, of_given, of_right = (np.concatenate(each) for each in zip(*found, strict=True))
    return Ranks(which, probabilities, of_given, of_right, np.array(firsts))


def of_part(evaluated: Evaluated, ranks: Ranks, part: Bools) -> tuple[Ranks, Ranks]:
    """The ranks among the images of a part, (n,), and those among the others; all pairs are in both."""
    is_smaller = 2 * np.count_nonzero(part) <= len(part)
    given, right = _counts(evaluated, ranks, part if is_smaller else ~part)
    smaller = Ranks(ranks.images, ranks.scores, given, right, ranks.firsts)
    larger = Ranks(ranks.images, ranks.scores, ranks.given - given, ranks.right - right, ranks.firsts)
    return (smaller, larger) if is_smaller else (larger, smaller)


def _counts(evaluated: Evaluated, ranks: Ranks, chosen: Bools) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """How many chosen images each pair is given and right among, (m,)."""
    given, right = np.zeros((2, len(ranks.images)), np.int32)
    bounds = _bounds(evaluated, np.flatnonzero(chosen))
    columns = _by_tag(evaluated, chosen, evaluated.predictions.probabilities)
    for (first, end), (scores,) in zip(pairwise(ranks.firsts.tolist()), columns, strict=True):
        images, own = ranks.images[first:end], ranks.scores[first:end]
        held, is_here = _bounds(evaluated, images), chosen[images]
        given[first:end] = _at_least(own, held, scores, bounds)
        right[first:end] = _at_least(own, held, own[is_here], _bounds(evaluated, images[is_here]))
    return given, right


def _bounds(evaluated: Evaluated, images: NDArray[Any]) -> list[int]:
    """Where the images of each fold begin among these, which are in order, and where the last ones end."""
    return [*np.searchsorted(images, evaluated.firsts).tolist(), len(images)]


def _at_least(values: NDArray[Any], of: list[int], scores: NDArray[Any], bounds: list[int]) -> NDArray[np.int32]:
    """How many scores of the same fold are at least each value; both are given by fold, with their bounds."""
    counts = np.zeros(len(values), np.int32)
    for (first, end), (start, stop) in zip(pairwise(of), pairwise(bounds), strict=True):
        counts[first:end] = stop - start - np.searchsorted(np.sort(scores[start:stop]), values[first:end])
    return counts


def _by_tag(evaluated: Evaluated, chosen: Bools, *arrays: NDArray[Any]) -> Iterator[tuple[NDArray[Any], ...]]:
    """Each column of matrices, with the chosen images alone, by fold."""
    rows = evaluated.rows[chosen]
    is_row = np.zeros(len(evaluated.predictions.folds), np.bool_)
    is_row[rows] = True
    places = (np.cumsum(is_row) - 1)[rows]
    width = max(1, _CELLS // max(len(rows), 1))
    for start in range(0, arrays[0].shape[1], width):
        some = slice(start, start + width)
        for columns in zip(*(blocks.columns(each, some, is_row).T for each in arrays), strict=True):
            yield tuple(column[places] for column in columns)
