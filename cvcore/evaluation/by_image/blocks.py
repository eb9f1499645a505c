"""Arrays some rows at a time. Of arrays that are mapped from their file only these rows are in memory meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Integers
from cvcore.files import npz

ROWS = 8192
# Rows that lie far apart are read with their neighbours, 64 kB around each.
SCATTERED_ROWS = 1024
# Of so large a share of the rows all are read: one after the other that is faster.
READ_ALL_FROM = 1 / 16


def blocks(*arrays: NDArray[Any]) -> Iterator[tuple[NDArray[Any], ...]]:
    """The next rows of each array, from the first to the last; at least once, with no rows where there are none.

    >>> [len(rows) for rows, in blocks(np.zeros((10_000, 1)))]
    [8192, 1808]
    """
    for start in range(0, max(len(arrays[0]), 1), ROWS):
        # Where an array lies in its file no number needs to begin where processors want it to.
        yield tuple(np.require(array[start : start + ROWS], requirements="A") for array in arrays)
        npz.release(*arrays)


def column(array: NDArray[Any], place: int) -> NDArray[Any]:
    """A copy of one column, (n,), of a matrix (n, k)."""
    return columns(array, slice(place, place + 1))[:, 0]


def columns(array: NDArray[Any], some: slice, chosen: NDArray[Any] | None = None) -> NDArray[Any]:
    """A copy of some columns of a matrix (n, k), each contiguous: of all rows, or of those chosen, bool (n,)."""
    places = np.arange(array.shape[1])[some]
    count = len(array) if chosen is None else np.count_nonzero(chosen)
    copied, done = np.empty((len(places), count), array.dtype), 0
    for start in range(0, len(array), ROWS):
        rows = array[start : start + ROWS, some]
        part = rows if chosen is None else rows[chosen[start : start + ROWS]]
        copied[:, done : done + len(part)] = part.T
        done += len(part)
        npz.release(array)
    return copied.T


def cells(array: NDArray[Any], rows: Integers, places: Integers | int) -> NDArray[Any]:
    """What a matrix (n, k) has in these rows, (m,), and in one column, or in a column for each of them; as (m,)."""
    if isinstance(places, int) and len(rows) > READ_ALL_FROM * len(array):
        return column(array, places)[rows]
    columns = np.broadcast_to(places, rows.shape)
    return np.concatenate([array[some, columns[part]] for part, some in _scattered(rows, array)])


def of_rows(rows: Integers, compute: Callable[..., NDArray[Any]], *arrays: NDArray[Any]) -> NDArray[Any]:
    """What `compute` makes of these rows of all arrays, (m,): it gets some rows of each at a time."""
    return np.concatenate([compute(*(array[some] for array in arrays)) for _, some in _scattered(rows, *arrays)])


def _scattered(rows: Integers, *arrays: NDArray[Any]) -> Iterator[tuple[slice, Integers]]:
    for start in range(0, max(len(rows), 1), SCATTERED_ROWS):
        part = slice(start, start + SCATTERED_ROWS)
        yield part, rows[part]
        npz.release(*arrays)
