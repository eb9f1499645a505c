"""The layout: forces as from the definition, groups kept apart, nothing drawn at random."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.array_types import Float64s, Integers
from cvcore.image_maps import layout, neighbours


def drawn(rows: int, scale: float, seed: int = 0) -> Float64s:
    """Places around the middle."""
    return scale * np.random.default_rng(seed).standard_normal((rows, 2))


def repulsion_of_pairs(places: Float64s) -> Float64s:
    """The same from the definition: every pair."""
    differences = places[:, None] - places[None]
    near = 1 / (1 + np.square(differences).sum(axis=2))
    return (differences * np.square(near)[..., None]).sum(axis=1) / (near.sum() - len(places))


def attraction_of_pairs(places: Float64s, near: Integers) -> Float64s:
    """The same from the definition: every neighbour of every row."""
    sums = np.zeros_like(places)
    for row, others in enumerate(near):
        for other in others:
            difference = places[row] - places[other]
            force = difference / (1 + difference @ difference)
            sums[row] += force
            sums[other] -= force
    return sums


@pytest.mark.parametrize("scale", [0.01, 1, 5])
def test_repulsion_is_that_of_all_pairs(scale: float) -> None:
    """The grid gives nearly the sum over all pairs."""
    places = drawn(300, scale)
    exact = repulsion_of_pairs(places)
    assert np.linalg.norm(layout.repulsion(places) - exact) < 0.1 * np.linalg.norm(exact)


def test_attraction_is_that_of_all_neighbours() -> None:
    """Both ends of every pair of neighbours are drawn together."""
    places, near = drawn(40, 2), np.random.default_rng(1).integers(0, 40, (40, 5))
    assert attraction_of_pairs(places, near) == pytest.approx(layout.attraction(places, near))


def test_two_points_by_hand() -> None:
    """Two rows at distance 2 repel each other with 2 / 5² / (2 / 5)."""
    assert layout.repulsion(np.array([[0.0, 0.0], [2.0, 0.0]])) == pytest.approx(
        np.array([[-0.2, 0], [0.2, 0]]), abs=0.01
    )


def test_groups_stay_together_and_apart() -> None:
    """Rows of two groups end in two places, with more between the groups than within."""
    random = np.random.default_rng(2)
    group = np.repeat([0, 1], 50)
    rows = random.standard_normal((100, 10)).astype(np.float32) + 8 * group[:, None].astype(np.float32)
    near, _ = neighbours.nearest(rows, 10)
    places = layout.placed(drawn(100, 1), near)
    middles = np.stack([places[group == each].mean(axis=0) for each in (0, 1)])
    within = max(np.linalg.norm(places[group == each] - middles[each], axis=1).mean() for each in (0, 1))
    assert np.linalg.norm(middles[0] - middles[1]) > 2 * within


def test_it_is_the_same_each_time() -> None:
    """The same rows give the same places, and progress goes up."""
    start, near = drawn(30, 1), np.random.default_rng(1).integers(0, 30, (30, 5))
    heard: list[float] = []
    assert np.array_equal(layout.placed(start, near, heard.append), layout.placed(start, near))
    assert heard == sorted(heard)


def test_the_same_place_for_all() -> None:
    """Rows that are copies of each other get numbers, not nan."""
    near = np.array([[(row + 1) % 20, (row + 2) % 20] for row in range(20)])
    assert np.isfinite(layout.placed(np.zeros((20, 2)), near)).all()


@pytest.mark.parametrize("least", [1, 97, 500, 1441])
def test_sizes_for_fast_transforms(least: int) -> None:
    """They are large enough, and have only small factors."""
    size = layout._fast(least)
    assert size >= least
    assert layout._is_smooth(size)
