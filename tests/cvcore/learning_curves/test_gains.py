"""What as many images again bring to each F1, with an interval of what is expected."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore import learning_curves
from cvcore.learning_curves import extrapolation
from cvcore.learning_curves.curve import f1_gains
from cvcore.learning_curves.measurement import Evaluated, Measurement

SHARES = np.array([0.15, 0.25, 0.4, 0.6, 0.8, 1.0])


def column(values: np.ndarray, noise: float = 0.0) -> np.ndarray:
    """Values (6,) as those of one tag and of the mean, with each of ten blocks left out: (6, 11, 2)."""
    blocks = np.random.default_rng(0).normal(0, noise, (6, 11)) if noise else np.zeros((6, 11))
    return np.stack([values[:, None] + blocks] * 2, axis=2)


def test_a_flat_curve_gains_nothing() -> None:
    """Where the number is the same with few images as with all, more are expected to bring nothing."""
    for gain in extrapolation.gains(SHARES, column(np.full(6, 0.7)), 2.0):
        assert pytest.approx([0, 0], abs=1e-6) == gain.tolist()


def test_the_interval_is_as_wide_as_what_is_not_known() -> None:
    """A curve of unknown shape has an interval that is above 0; differences between the blocks make it wider."""
    values = 0.7 + 0.1 * np.log(SHARES)
    expected, low, high = extrapolation.gains(SHARES, column(values), 2.0)
    assert 0 < low[0] < expected[0] < high[0]
    _, noisy_low, noisy_high = extrapolation.gains(SHARES, column(values, 0.02), 2.0)
    assert noisy_high[0] - noisy_low[0] > high[0] - low[0]


def test_luck_today_is_no_gain() -> None:
    """That today's number is above or below the curve changes neither the gain nor its interval's width."""
    values = 0.7 + 0.1 * np.log(SHARES)
    lucky = column(values)
    lucky[-1] += 1e-3
    for calm, other in zip(
        extrapolation.gains(SHARES, column(values), 2.0), extrapolation.gains(SHARES, lucky, 2.0), strict=True
    ):
        assert calm[0] == pytest.approx(other[0], abs=2e-3)


def test_gains_of_a_measured_set(evaluated: Evaluated, measurement: Measurement) -> None:
    """There is one gain for each tag and one for their mean, inside its interval and nowhere above what is left."""
    curve = learning_curves.curve(measurement, evaluated.truth, evaluated.groups, 0.5)
    expected, low, high = f1_gains(measurement, evaluated.truth, evaluated.groups, 0.5)
    assert (4,) == expected.shape
    assert (low <= expected).all()
    assert (expected <= high).all()
    assert (expected <= 1 - curve.measured.values[2, -1] + 1e-9).all()


def test_a_tag_without_a_curve_has_no_gain() -> None:
    """Where fewer than three shares have a value, nothing is said."""
    values = column(np.full(6, 0.7))
    values[:4, :, 0] = np.nan
    for gain in extrapolation.gains(SHARES, values, 2.0):
        assert [True, False] == np.isnan(gain).tolist()
