"""Nearest rows: as a plain search finds them; among many nearly all."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.image_maps import neighbours


def plain(rows: np.ndarray, count: int) -> np.ndarray:
    """From the definition: all distances, sorted."""
    distances = np.square(rows[:, None].astype(np.float64) - rows[None]).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    return np.argsort(distances, axis=1, kind="stable")[:, :count]


def test_they_are_those_of_a_plain_search() -> None:
    """The same rows in the same order, with their squared distances."""
    rows = np.random.default_rng(0).standard_normal((60, 4)).astype(np.float32)
    found, squares = neighbours.nearest(rows, 5)
    assert plain(rows, 5).tolist() == found.tolist()
    assert np.square(rows - rows[found[:, 2]]).sum(axis=1) == pytest.approx(squares[:, 2], abs=1e-4)


def test_among_many_nearly_all_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """By clusters at least nine in ten of the nearest are found, and no row is its own neighbour."""
    monkeypatch.setattr(neighbours, "EXACT_MOST", 100)
    random = np.random.default_rng(1)
    rows = (
        random.standard_normal((12, 8))[random.integers(0, 12, 1500)] * 3 + random.standard_normal((1500, 8))
    ).astype(np.float32)
    found, _ = neighbours.nearest(rows, 10)
    shared = [len(set(one) & set(other)) for one, other in zip(plain(rows, 10), found, strict=True)]
    assert np.mean(shared) > 9
    assert not (found == np.arange(1500)[:, None]).any()


@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_few_rows(rows: int) -> None:
    """There are at most as many neighbours as other rows."""
    found, squares = neighbours.nearest(np.ones((rows, 2), np.float32), 5)
    assert (rows, max(0, rows - 1)) == found.shape == squares.shape


def test_all_rows_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies of one row are each other's neighbours, also in clusters."""
    monkeypatch.setattr(neighbours, "EXACT_MOST", 10)
    found, squares = neighbours.nearest(np.ones((50, 3), np.float32), 4)
    assert (50, 4) == found.shape
    assert 0 == squares.max()
