"""95 % intervals: known values, what they may never do, and how often they hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from cvcore import metrics
from cvcore.metrics import intervals, reports

quick = settings(deadline=None, max_examples=100)
counts = st.integers(0, 60)


@pytest.mark.parametrize(
    ("right", "trials", "low", "high"),
    [(5, 5, 0.57, 1), (9, 10, 0.60, 0.98), (10, 10, 0.72, 1), (18, 20, 0.70, 0.97), (45, 50, 0.79, 0.96)],
)
def test_wilson_by_the_book(right, trials, low, high):
    """The intervals are those of the literature: 10 right of 10 is 72 % to 100 %."""
    actual = intervals.wilson_interval(right, trials)

    assert (low, high) == tuple(round(float(limit), 2) for limit in actual)


@quick
@given(counts, counts)
def test_wilson_agrees_with_scipy(right, wrong):
    """Wilson's interval is scipy's, and nan where there were no trials."""
    trials = right + wrong
    expected = binomtest(right, trials).proportion_ci(method="wilson") if trials else (math.nan, math.nan)

    actual = intervals.wilson_interval(np.array([right]), np.array([trials]))

    np.testing.assert_allclose(np.array(expected)[:, None], actual, atol=1e-12)


@quick
@given(counts, counts, st.floats(0.5, 60))
def test_intervals_hold_their_value_and_stay_within_0_to_1(right, wrong, trials):
    """No interval leaves out the number it belongs to or goes beyond what is possible, for fractional trials too."""
    share = right / max(1, right + wrong)
    for value, (low, high) in (
        (share, intervals.wilson_interval(share * trials, trials)),
        (2 * share / (1 + share), intervals.f1_interval(2 * share / (1 + share), trials)),
    ):
        assert 0 <= low <= value + 1e-12
        assert value - 1e-12 <= high <= 1
        # At 60 trials, all right, the narrowest: an F1 of 0.969 to 1.
        assert high - low > 0.03


def test_f1_is_carried_over_from_a_proportion():
    """F1 rises with the share of right answers among images that carry the tag or got it, and so do its limits."""
    tp, fp, fn = 18, 4, 3
    f1 = 2 * tp / (2 * tp + fp + fn)

    actual = intervals.f1_interval(f1, tp + fp + fn)

    expected = [2 * p / (1 + p) for p in binomtest(tp, tp + fp + fn).proportion_ci(method="wilson")]
    assert [float(limit) for limit in actual] == pytest.approx(expected)


def simulated_report(rng, *, separation, tags=4, images=8, copies=1):
    """A report on a model of known quality: `images` a tag in five folds, each there `copies` times."""
    tag = np.repeat(np.arange(tags), images)
    truth = tag[:, None] == np.arange(tags)
    odds = np.exp(1.5 * (separation * truth + rng.normal(size=truth.shape)))
    probabilities = odds / odds.sum(axis=1, keepdims=True)
    groups = np.arange(len(tag))
    rows = np.repeat(groups, copies)
    return reports.report(truth[rows], probabilities[rows], rows % 5, groups[rows], 0.5, multilabel=False)


@pytest.fixture(scope="module")
def simulations():
    """Eighty reports each on models from poor to very good, which they know with 8 images a tag."""
    rng = np.random.default_rng(1)
    return [[simulated_report(rng, separation=quality) for _ in range(80)] for quality in (0.5, 1.5, 2, 2.5, 3, 4)]


@pytest.mark.parametrize("measure", ["precision", "recall", "f1", "average_precision"])
@pytest.mark.parametrize("of", ["tags", "overall"])
def test_intervals_hold_the_truth(simulations, of, measure):
    """From few images, over models from poor to very good, about 95 of 100 intervals hold the true number."""
    held = []
    for made in simulations:
        rates = [rate for report in made for rate in (report.tags if of == "tags" else [report.overall])]
        values = [getattr(rate, measure) for rate in rates]
        limits = [getattr(rate, f"{measure}_interval") for rate in rates]
        true = np.nanmean(values)
        held += [low <= true <= high for low, high in limits if not math.isnan(low)]

    assert np.mean(held) > 0.93


@pytest.mark.parametrize("measure", ["precision", "recall", "f1"])
def test_copies_of_an_image_make_no_number_surer(measure):
    """Uploading every image three times changes neither the numbers nor their intervals."""
    once = simulated_report(np.random.default_rng(3), separation=1.5)
    thrice = simulated_report(np.random.default_rng(3), separation=1.5, copies=3)

    for expected, actual in zip([once.overall, *once.tags], [thrice.overall, *thrice.tags], strict=True):
        assert getattr(expected, measure) == pytest.approx(getattr(actual, measure))
        assert getattr(expected, f"{measure}_interval") == pytest.approx(getattr(actual, f"{measure}_interval"))


def test_a_perfect_small_tag_looks_unsure():
    """Eight images of a tag, all ranked first, have an average precision of 1, which may as well be 0.7."""
    truth = np.repeat(np.eye(2, dtype=bool), 8, axis=0)

    tag = reports.report(truth, truth * 1.0, np.arange(16) % 4, np.arange(16), 0.5, multilabel=True).tags[0]

    assert tag.average_precision == 1
    assert (0.676, 1) == pytest.approx(tag.average_precision_interval, abs=0.001)
    assert metrics.THRESHOLDS[67] < tag.recall_interval[0] < metrics.THRESHOLDS[68]
