"""Points in cells: no pair within a distance is missed, and most others are not looked at."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.validation import close_points


def drawn(count: int, *, seed: int = 0) -> np.ndarray:
    """Points whose spread falls from column to column, a third of them in one place or near it."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 5)) * [9, 5, 3, 2, 1]
    points[::3] = rng.normal(size=points[::3].shape) * 0.1
    points[::9] = points[0]
    return points.astype(np.float32)


@pytest.mark.parametrize("count", [1, 31, 32, 33, 1000])
def test_cells_hold_every_point_once(count: int) -> None:
    """Each point is in one cell, inside its box, and the order says where it was before."""
    points = drawn(count)
    cells = close_points.cells(points)
    assert sorted(cells.order.tolist()) == list(range(count))
    np.testing.assert_array_equal(points[cells.order], cells.points)
    of = np.arange(count) // close_points.CELL_POINTS
    assert of[-1] + 1 == len(cells.low) == len(cells.high)
    assert (cells.low[of] <= cells.points).all()
    assert (cells.points <= cells.high[of]).all()


@pytest.mark.parametrize("distance", [0.05, 0.5, 4.0])
def test_no_pair_is_missed(distance: float) -> None:
    """Every pair within the distance, by the definition, is among those that are found, and found once."""
    cells = close_points.cells(drawn(1000))
    differences = cells.points[:, None].astype(float) - cells.points
    expected = np.linalg.norm(differences, axis=2) <= distance
    found = np.zeros_like(expected)
    for start in range(0, 1000, 64):
        rows = slice(start, start + 64)
        columns = close_points.near_to(cells, rows, 1.01 * distance)
        assert start <= columns.min()
        assert len(set(columns.tolist())) == len(columns)
        found[rows, columns] = close_points.are_within(cells, rows, columns, 1.01 * distance)
    assert not (np.triu(expected) & ~found).any()
    assert not (found & (np.linalg.norm(differences, axis=2) > 1.02 * distance)).any()


def test_what_is_far_is_not_looked_at() -> None:
    """Of points that lie far apart only a small share is looked at."""
    cells = close_points.cells(drawn(20_000))
    looked_at = [len(close_points.near_to(cells, slice(start, start + 64), 0.2)) for start in range(0, 20_000, 64)]
    assert sum(looked_at) * 64 < 0.1 * 20_000**2
