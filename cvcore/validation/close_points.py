"""Finds which of very many points may lie within a distance of each other, without looking at most pairs.

Points are ordered so that each cell of some that follow one another lies in a small box: all are halved where they are
widest, each half again, and so on. Two points are at least as far apart as the boxes that they lie in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvcore.array_types import Bools, Float32s, Integers

CELL_POINTS = 32


@dataclass(frozen=True)
class Cells:
    """Points (n, k) in cells: `order` (n,) are their places before, `low` and `high` (cells, k) the cells' boxes.

    The first `CELL_POINTS` points are the first cell, and so on; only the last may have fewer.
    """

    points: Float32s
    order: Integers
    low: Float32s
    high: Float32s


def cells(points: Float32s) -> Cells:
    """The points in cells; at least one.

    >>> cells(np.float32([[3], [1], [2]])).high.tolist()
    [[3.0]]
    """
    order = np.arange(len(points))
    waiting = [order]
    while waiting:
        part = waiting.pop()
        if len(part) <= CELL_POINTS:
            continue
        some = points[part]
        half = -(-len(part) // (2 * CELL_POINTS)) * CELL_POINTS
        widest = np.ptp(some, axis=0).argmax()
        part[:] = part[np.argpartition(some[:, widest], half)]
        waiting += [part[:half], part[half:]]
    ordered, starts = points[order], np.arange(0, len(points), CELL_POINTS)
    return Cells(ordered, order, np.minimum.reduceat(ordered, starts), np.maximum.reduceat(ordered, starts))


def near_to(cells: Cells, rows: slice, distance: float) -> Integers:
    """The positions of points that may be within the distance of one of the rows, a slice of whole cells; ascending.

    Only from the first of the rows on: each pair is found once, and points of `rows` are among them.
    """
    box = cells.points[rows].min(axis=0), cells.points[rows].max(axis=0)
    first = rows.start // CELL_POINTS
    near_cells = first + np.flatnonzero(_gaps(*box, cells.low[first:], cells.high[first:]) <= distance**2)
    positions = (near_cells[:, None] * CELL_POINTS + np.arange(CELL_POINTS)).reshape(-1)
    positions = positions[positions < len(cells.points)]
    points = cells.points[positions]
    near_points: Integers = positions[_gaps(*box, points, points) <= distance**2]
    return near_points


def are_within(cells: Cells, rows: slice, columns: Integers, distance: float) -> Bools:
    """Which of the rows are within the distance, to rounding, of which of the points at these positions."""
    one, other = cells.points[rows], cells.points[columns]
    # |a|² - 2 a·b + |b|² as one product
    ones, others = np.ones((len(one), 1), np.float32), np.ones((len(other), 1), np.float32)
    left = np.hstack([one, np.square(one).sum(axis=1, keepdims=True), ones])
    right = np.hstack([-2 * other, others, np.square(other).sum(axis=1, keepdims=True)])
    return np.asarray(left @ right.T <= distance**2)


def _gaps(low: Float32s, high: Float32s, lows: Float32s, highs: Float32s) -> Float32s:
    """The squared distances of boxes (n, k) from one box (k,)."""
    gaps = np.maximum(lows - high, low - highs)
    np.maximum(gaps, 0, out=gaps)
    squares: Float32s = np.einsum("nk,nk->n", gaps, gaps)
    return squares
