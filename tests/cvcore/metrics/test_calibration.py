"""What was said against what was so: by hand, with a known temperature, and with next to nothing."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.metrics import calibration


def test_by_hand() -> None:
    """Ten answers at 85 %, seven of them right, and five at 55 %, all right: |15| × 10 + |45| × 5 over 15."""
    probabilities = np.array([[0.85, 0.15]] * 10 + [[0.45, 0.55]] * 5)
    truth = np.array([[True, False]] * 7 + [[False, True]] * 8)
    computed = calibration.reliability(truth, probabilities, np.arange(15), multilabel=False)
    assert {5: 5, 8: 10} == {place: computed.counts[place] for place in np.flatnonzero(computed.counts)}
    assert (0.7, 1.0) == (computed.right[8], computed.right[5])
    assert pytest.approx((0.15 * 10 + 0.45 * 5) / 15) == computed.error
    # Wilson's interval of 7 of 10.
    assert (0.397, 0.892) == (round(computed.low[8], 3), round(computed.high[8], 3))


def test_near_duplicates_count_as_one() -> None:
    """The same answers from copies of one image leave a wider interval."""
    probabilities, truth = np.array([[0.85, 0.15]] * 10), np.array([[True, False]] * 10)
    alone, copies = (
        calibration.reliability(truth, probabilities, groups, multilabel=False)
        for groups in (np.arange(10), np.zeros(10, int))
    )
    assert copies.low[8] < alone.low[8]


@pytest.mark.parametrize("multilabel", [False, True])
@pytest.mark.parametrize("true", [0.5, 1.0, 2.5])
def test_a_known_temperature_is_found(true: float, multilabel: bool) -> None:
    """Probabilities that mean what they say, sharpened by a factor, are put right by that factor."""
    dice = np.random.default_rng(0)
    honest = dice.normal(size=(4000, 4))
    said = 1 / (1 + np.exp(-honest)) if multilabel else np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    if multilabel:
        truth = dice.random(said.shape) < said
    else:
        truth = np.eye(4, dtype=bool)[(said.cumsum(axis=1) < dice.random((4000, 1))).sum(axis=1)]
    probabilities = calibration.scaled(said, 1 / true, multilabel=multilabel)
    assert pytest.approx(true, rel=0.08) == calibration.temperature(truth, probabilities, multilabel=multilabel)
    np.testing.assert_allclose(said, calibration.scaled(probabilities, true, multilabel=multilabel), atol=1e-3)
    computed = calibration.calibration(
        truth, probabilities, np.arange(4000) % 5, np.arange(4000), multilabel=multilabel
    )
    assert computed.after.error < 0.03
    assert true == 1 or computed.after.error < computed.before.error


@pytest.mark.parametrize("multilabel", [False, True])
def test_next_to_nothing(multilabel: bool) -> None:
    """Without evaluated images there is no error; two images, and probabilities of 0 and 1, are no difficulty."""
    truth, probabilities = np.eye(2, dtype=bool), np.array([[1.0, 0.0], [np.nan, np.nan]])
    nothing = calibration.calibration(truth, probabilities, np.array([-1, -1]), np.arange(2), multilabel=multilabel)
    assert np.isnan(nothing.before.error)
    one = calibration.calibration(truth, probabilities, np.array([0, -1]), np.arange(2), multilabel=multilabel)
    assert 0 == one.before.error
    assert calibration.COLDEST <= one.temperature <= calibration.HOTTEST
    assert 1.0 == calibration.temperature(truth[:0], probabilities[:0], multilabel=multilabel)
