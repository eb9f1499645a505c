"""Curves are continued as their shape says, with a deviation that is honest about what is not known."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.learning_curves.extrapolation import extrapolate

SHARES = np.array([0.15, 0.15, 0.25, 0.25, 0.4, 0.6, 0.8, 1.0])
TARGETS = np.array([1.25, 2.0])


def columns(*values: np.ndarray, spread: float = 0.0, seed: int = 0) -> np.ndarray:
    """Curves as (p, 11, c): each column with ten variants that differ by a noise of this size, the mean as the last."""
    whole = np.stack([*values, np.nanmean(np.stack(values), axis=0)], axis=1)
    noise = spread * np.random.default_rng(seed).normal(size=(1, 10, whole.shape[1]))
    return np.concatenate([whole[:, None], whole[:, None] + noise], axis=1)


@pytest.mark.parametrize("shape", [0.3, 0.6, 1.0])
def test_a_curve_of_a_known_shape_is_continued(shape: float) -> None:
    """A power law without noise is met within a point, and within two of its deviations."""
    rates = 0.9 - 0.2 * SHARES**-shape * 0.5
    expected, deviation = extrapolate(SHARES, columns(rates), TARGETS)
    true = 0.9 - 0.1 * TARGETS**-shape
    assert (np.abs(expected[:, 0] - true) < 0.01).all()
    assert (np.abs(expected[:, 0] - true) <= 2 * deviation[:, 0]).all()


def test_a_flat_curve_stays_and_a_falling_one_too() -> None:
    """More images are not expected to harm: the end is continued."""
    flat, falling = np.full(8, 0.8), np.linspace(0.9, 0.8, 8)
    expected, _ = extrapolate(SHARES, columns(flat, falling), TARGETS)
    assert [0.8, 0.8] == pytest.approx(expected[:, 0])
    assert (np.abs(expected[:, 1] - 0.8) < 0.03).all()
    assert expected[0, 1] == expected[1, 1]


def test_no_rate_is_above_one() -> None:
    """A steep curve ends at 1."""
    expected, _ = extrapolate(SHARES, columns(np.linspace(0.3, 0.99, 8)), TARGETS)
    assert (expected <= 1).all()


def test_the_deviation_grows_with_noise_and_with_distance() -> None:
    """The more the blocks differ, and the further ahead, the less is known."""
    rates = 0.9 - 0.1 / SHARES
    calm = extrapolate(SHARES, columns(rates, spread=0.001), TARGETS)[1]
    rough = extrapolate(SHARES, columns(rates, spread=0.02), TARGETS)[1]
    assert (rough > calm).all()
    assert (calm[1] > calm[0]).all()


def test_undefined_points_are_left_out() -> None:
    """A tag that is no answer at first has no precision there; with fewer than three shares nothing is said."""
    rates = 0.9 - 0.05 / SHARES
    late = np.where(SHARES < 0.3, np.nan, rates)
    too_late = np.where(SHARES < 0.7, np.nan, rates)
    expected, deviation = extrapolate(SHARES, columns(rates, late, too_late), TARGETS)
    assert (np.abs(expected[:, 1] - expected[:, 0]) < 0.02).all()
    assert np.isnan(expected[:, 2]).all()
    assert np.isnan(deviation[:, 2]).all()


def test_the_order_of_tags_does_not_matter() -> None:
    """Each tag's forecast goes with its column."""
    first, second = 0.9 - 0.1 / SHARES, 0.7 - 0.02 / SHARES
    forward, backward = (extrapolate(SHARES, columns(*each), TARGETS)[0] for each in ((first, second), (second, first)))
    np.testing.assert_allclose(forward[:, :2], backward[:, 1::-1])
