"""The curve at a threshold: measured points are the page's numbers, the forecast has a band that holds."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.errors import InvalidInput
from cvcore.learning_curves import curve
from cvcore.learning_curves.measurement import Evaluated, Measurement, measure
from cvcore.metrics import intervals, reports, threshold_sweeps
from cvcore.networks import heads
from tests.cvcore.learning_curves.conftest import drawn


@pytest.mark.parametrize("threshold", [0.0, 0.37, 0.5, (0.3, 0.5, 0.9), 1.0])
def test_the_last_measured_point_is_the_report(evaluated: Evaluated, threshold: float | tuple[float, ...]) -> None:
    """At all images every rate and interval is that of the Performance page, at one threshold or one per tag."""
    fitted = heads.fit(evaluated.embeddings, evaluated.truth, evaluated.folds, multilabel=False, l2=evaluated.l2)
    found = curve(measure(evaluated, fitted.out_of_fold), evaluated.truth, evaluated.groups, threshold).measured
    arguments = evaluated.truth, fitted.out_of_fold, evaluated.folds, evaluated.groups
    swept = threshold_sweeps.sweep_one(*arguments, np.asarray(threshold), multilabel=False)
    report = reports.at_position(swept, 0)
    for row, name in enumerate(reports.MEASURES):
        expected = [getattr(tag, name) for tag in report.tags] + [getattr(report.overall, name)]
        np.testing.assert_allclose(found.values[row, -1], expected, atol=1e-12)
        intervals = [getattr(tag, f"{name}_interval") for tag in report.tags]
        intervals.append(getattr(report.overall, f"{name}_interval"))
        np.testing.assert_allclose(np.stack([found.low[row, -1], found.high[row, -1]], axis=1), intervals, atol=1e-12)


def test_points_and_forecast_ascend_to_twice_the_images(evaluated: Evaluated, measurement: Measurement) -> None:
    """At least five sizes up to today's, then up to twice today's; the last column is the mean over the tags."""
    found = curve(measurement, evaluated.truth, evaluated.groups, 0.5)
    assert [40, 40, 24, pytest.approx(104 / 3)] == found.measured.images[-1].tolist()
    assert (np.diff(found.measured.images, axis=0) > 0).all()
    assert [80, 80, 48, pytest.approx(208 / 3)] == found.forecast.images[-1].tolist()
    assert (found.forecast.low <= found.forecast.values).all()
    assert (found.forecast.values <= found.forecast.high).all()
    assert (4, 6, 4) == found.measured.values.shape
    assert (4, 3, 4) == found.forecast.values.shape


def test_a_tags_band_holds_what_chance_alone_does(evaluated: Evaluated, measurement: Measurement) -> None:
    """A tag's recall at twice the images is at least as uncertain as any rate that is measured on so many."""
    forecast = curve(measurement, evaluated.truth, evaluated.groups, 0.5).forecast
    for tag, images in enumerate((40, 40, 24)):
        low, high = intervals.share_interval(forecast.values[1, -1, tag], 2 * images)
        assert forecast.low[1, -1, tag] <= low
        assert forecast.high[1, -1, tag] >= high


def test_a_forecast_is_wider_than_todays_interval(evaluated: Evaluated, measurement: Measurement) -> None:
    """It holds the chance of the new images as well as that of the curve; for fewer images it is wider."""
    found = curve(measurement, evaluated.truth, evaluated.groups, 0.5)
    small = drawn((10, 10, 10))
    other = curve(measure(small, None), small.truth, small.groups, 0.5)
    assert (other.forecast.high - other.forecast.low)[3, -1].mean() > (found.forecast.high - found.forecast.low)[
        3, -1
    ].mean()


def test_twice_the_images_lie_in_the_band() -> None:
    """Of drawn sets, measured at half of the images, the overall numbers at all of them are in the band."""
    inside = []
    for seed in range(6):
        whole = drawn((60, 60, 60), seed=seed)
        half = Evaluated(
            *(array[::2] for array in (whole.embeddings, whole.truth)),
            drawn((30, 30, 30)).folds,
            np.arange(90),
            np.ones(90, bool),
            None,
            0.01,
            False,
        )
        expected = curve(measure(half, None), half.truth, half.groups, 0.5).forecast
        fitted = heads.fit(whole.embeddings, whole.truth, whole.folds, multilabel=False, l2=0.01)
        swept = threshold_sweeps.sweep(whole.truth, fitted.out_of_fold, whole.folds, whole.groups, multilabel=False)
        overall = reports.at_position(swept, 50).overall
        found = np.array([getattr(overall, name) for name in reports.MEASURES])
        inside.append((expected.low[:, -1, -1] <= found) & (found <= expected.high[:, -1, -1]))
    assert np.mean(inside) >= 0.9


def test_a_threshold_between_percents_is_refused(evaluated: Evaluated, measurement: Measurement) -> None:
    """The refusal says the rule, the value and the nearest threshold that goes."""
    with pytest.raises(InvalidInput, match=r"known at whole percents, got 0.335: choose a threshold such as 0.34"):
        curve(measurement, evaluated.truth, evaluated.groups, 0.335)
