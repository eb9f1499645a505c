"""Rows of embeddings that may lie in a file: how many are too many for memory, and their blocks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cvcore.array_types import Float32s, Integers
from cvcore.files import blobs, npz

# More numbers than these are never in memory at once: 1 GB of them.
VALUES_MOST = 2**28
BLOCK_ROWS = 4096


def are_too_many(rows: int, dimension: int) -> bool:
    """Whether embeddings are kept in a file and read in blocks; heads are then fitted in passes over it.

    >>> are_too_many(100_000, 1472), are_too_many(1_000_000, 1472)
    (False, True)
    """
    return rows * dimension > VALUES_MOST


def in_file(home: Path, blocks: Iterable[Float32s], shape: tuple[int, int]) -> Float32s:
    """The rows of these blocks as one array that is read from the disk where it is used.

    Its file is in the home folder, has no name, and is gone with the array or the process.

    Raises:
        StorageFull, HomeUnusable: it cannot be written.
    """
    with blobs.storage_errors(home), tempfile.TemporaryFile(dir=home) as file:
        for block in blocks:
            file.write(np.ascontiguousarray(block, "<f4").data)
        file.flush()
        return np.memmap(file, "<f4", "r", shape=shape)


def slices(count: int, every: int = 1) -> list[slice]:
    """Rows block by block: all of them, or every second, third, … one.

    >>> slices(5000), slices(5000, 2)
    ([slice(0, 4096, 1), slice(4096, 5000, 1)], [slice(0, 5000, 2)])
    """
    length = BLOCK_ROWS * every
    return [slice(start, min(start + length, count), every) for start in range(0, count, length)]


def parts(rows: Integers, dimension: int) -> list[Integers]:
    """Rows of embeddings in parts that fit in memory: all at once unless they are too many."""
    return [rows[some] for some in slices(len(rows))] if are_too_many(len(rows), dimension) else [rows]


@dataclass(frozen=True)
class Standardised:
    """Rows of `embeddings` (all, dimension), minus their `centre` and divided by one number, `scale`.

    Their mean squared length is 1. `chosen`, (rows,), says which they are; without it they are all.
    """

    embeddings: Float32s
    centre: Float32s
    scale: float
    chosen: Integers | None = None

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.embeddings if self.chosen is None else self.chosen)

    def read(self, rows: slice | Integers) -> Float32s:
        """Some of the rows, in memory, (n, dimension)."""
        block: Float32s = np.subtract(self.embeddings[_places(rows, self.chosen)], self.centre)
        block *= np.float32(1 / self.scale)
        npz.release(self.embeddings)
        return block


def standardised(embeddings: Float32s, chosen: Integers | None = None) -> Standardised:
    """The rows, or the chosen ones alone, with centre and scale computed from them."""
    count = len(embeddings if chosen is None else chosen)
    shift = embeddings[_places(slice(0, BLOCK_ROWS), chosen)].mean(axis=0, dtype=np.float64).astype(np.float32)
    sums, squares = np.zeros((2, embeddings.shape[1]))
    for rows in slices(count):
        block = embeddings[_places(rows, chosen)] - shift
        npz.release(embeddings)
        sums += block.sum(axis=0, dtype=np.float64)
        squares += np.einsum("rd,rd->d", block, block)
    mean = sums / count
    scale = float(np.sqrt(np.maximum(squares / count - mean**2, 0).sum())) or 1.0
    return Standardised(embeddings, (shift + mean).astype(np.float32), scale, chosen)


def _places(rows: slice | Integers, chosen: Integers | None) -> slice | Integers:
    return rows if chosen is None else chosen[rows]
