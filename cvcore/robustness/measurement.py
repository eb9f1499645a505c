"""Has changed images judged by classifiers that were not trained on them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvcore import metrics
from cvcore.array_types import Bools, Float32s, Integers, Levels
from cvcore.errors import TagwiseError
from cvcore.networks import heads
from cvcore.robustness.changes import CONDITIONS, Pixels, changed

# Of more evaluated images than this, about as many are drawn: the same number of each tag.
IMAGES = 600
IMAGES_OF_TAG_LEAST = 8
SEED = 0


@dataclass(frozen=True, eq=False)
class Measurement:
    """The answers to images, unchanged and under each of `CONDITIONS`.

    rows: (n,), the drawn rows of the iteration's arrays, ascending. levels: uint8 (1 + c, n, k), as by
    `metrics.levels`; the first are those of the unchanged images. is_own: (), whether the iteration's own network and
    probabilities were used; otherwise Quick's on the network that an Advanced training began with.
    """

    rows: Integers
    levels: Levels
    is_own: Bools


@dataclass(frozen=True, eq=False)
class Classifiers:
    """Heads for raw embeddings, and which of them was not trained on each image.

    kernels: (f, dimension, k), biases: (f, k). judges: (images,), the head of each row.
    """

    kernels: Float32s
    biases: Float32s
    judges: Integers
    multilabel: bool

    def probabilities(self, row: int, embeddings: Float32s) -> Float32s:
        """Those of embeddings (m, dimension) of the image in one row, (m, k)."""
        judge = self.judges[row]
        return heads.probabilities(embeddings, self.kernels[judge], self.biases[judge], multilabel=self.multilabel)

    def of_all(self, embeddings: Float32s) -> Float32s:
        """The probabilities of every row's embedding (images, dimension), (images, k); nan in rows without a judge."""
        result = np.full((len(embeddings), self.biases.shape[1]), np.nan, np.float32)
        for judge, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            judged = self.judges == judge
            result[judged] = heads.probabilities(embeddings[judged], kernel, bias, multilabel=self.multilabel)
        return result


def drawn(truth: Bools, evaluated: Bools) -> Integers:
    """The rows to measure, ascending: all evaluated ones, or of more than `IMAGES` some of each tag.

    >>> drawn(np.ones((3, 1), bool), np.array([True, False, True])).tolist()
    [0, 2]
    """
    rows = np.flatnonzero(evaluated)
    if len(rows) <= IMAGES:
        return rows
    # Images without a tag count as one tag more.
    carried = np.column_stack([truth, ~truth.any(axis=1)])
    most = max(IMAGES_OF_TAG_LEAST, IMAGES // truth.shape[1])
    counts, chosen = np.zeros(carried.shape[1], np.int64), []
    for row in np.random.default_rng(SEED).permutation(rows):
        if (counts[carried[row]] < most).any():
            counts += carried[row]
            chosen.append(row)
    return np.sort(np.array(chosen))


@dataclass(frozen=True, eq=False)
class Item:
    """One image to be embedded under one condition."""

    row: int
    condition: int
    pixels: Pixels


def pixels_of(item: Item) -> Pixels:
    """The changed pixels of an item."""
    return changed(item.pixels, *CONDITIONS[item.condition], item.row)


# The embedding of each item's changed pixels, or why there is none, in the items' order; it is closed in the end.
Embed = Callable[[Iterable[Item]], Generator[tuple[Item, NDArray[np.float32] | TagwiseError], None, None]]


def changed_levels(
    rows: Integers, read: Callable[[int], Pixels], embed: Embed, classifiers: Classifiers
) -> Generator[Levels, None, None]:
    """For each row in turn, the levels of its image under every condition, uint8 (c, k); to be closed.

    `read` returns the pixels of the image in a row. Only the images that are being embedded are in memory.

    Raises:
        TagwiseError: as `read` raised.
    """
    items = (Item(row, condition, pixels) for row in rows.tolist() for pixels in (read(row),) for condition in _ALL)
    embeddings: list[Float32s] = []
    with contextlib.closing(embed(items)) as stream:
        for item, outcome in stream:
            if not isinstance(outcome, np.ndarray):
                raise outcome
            embeddings.append(outcome)
            if len(embeddings) == len(CONDITIONS):
                probabilities = classifiers.probabilities(item.row, np.stack(embeddings))
                embeddings.clear()
                no_truth = np.zeros(probabilities.shape, np.bool_)
                yield metrics.levels(probabilities, no_truth, multilabel=classifiers.multilabel)


_ALL = range(len(CONDITIONS))
