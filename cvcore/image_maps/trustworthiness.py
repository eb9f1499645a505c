"""How far neighbours on the map are neighbours in truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Float32s

NEIGHBOURS = 10
SAMPLE = 1000

_BLOCK = 128


def trustworthiness(
    vectors: Float32s, positions: NDArray[np.floating], *, neighbours: int = NEIGHBOURS, sample: int = SAMPLE
) -> float:
    """Trustworthiness, 0..1: lower, the further away in truth the neighbours on the map are; nan for too few rows.

    1: every row's so many nearest on the map are also its nearest by `vectors`. About 0.5: by chance. Of more rows than
    `sample`, so many are looked at, evenly chosen; ranks are among all. Venna and Kaski 2001,
    https://doi.org/10.1007/3-540-44668-0_68.

    Args:
        vectors: (rows, dimension), compared by Euclidean distance.
        positions: (rows, 2).
    """
    rows = len(vectors)
    if rows <= 2 * neighbours:
        return float("nan")
    asked = np.unique(np.linspace(0, rows - 1, min(sample, rows)).round().astype(int))
    penalty = sum(
        _penalty(vectors, positions, asked[start : start + _BLOCK], neighbours)
        for start in range(0, len(asked), _BLOCK)
    )
    return 1 - 2 * penalty / (len(asked) * neighbours * (2 * rows - 3 * neighbours - 1))


def _penalty(vectors: Float32s, positions: NDArray[np.floating], asked: NDArray[np.int64], count: int) -> float:
    """By how much the ranks in truth of neighbours on the map exceed `count`, in sum."""
    true, shown = (_distances(each, asked) for each in (vectors, positions.astype(np.float64)))
    near = np.argpartition(shown, count, axis=1)[:, :count]
    of_near = np.take_along_axis(true, near, axis=1)
    ranks = np.stack([(true < each[:, None]).sum(axis=1) for each in of_near.T], axis=1) + 1
    return float(np.maximum(ranks - count, 0).sum())


def _distances(rows: NDArray[np.floating], asked: NDArray[np.int64]) -> NDArray[np.floating]:
    chosen = rows[asked]
    squares = np.square(chosen).sum(axis=1)[:, None] + np.square(rows).sum(axis=1) - 2 * (chosen @ rows.T)
    squares[np.arange(len(asked)), asked] = np.inf
    return np.asarray(squares)
