"""A sweep, and a report at any threshold, are what a slow second implementation computes from the definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvcore import metrics
from cvcore.errors import InvalidInput
from cvcore.metrics import intervals, reports
from cvcore.metrics.threshold_sweeps import Sweep, position_of, sweep, sweep_one

MEASURES = "precision", "recall", "f1", "average_precision"


def drawn_evaluation(seed, *, rows, tags, multilabel, groups):
    """Truth, float32 probabilities with ties, folds of which one is -1 and its probabilities nan, and groups."""
    rng = np.random.default_rng(seed)
    carried = rng.integers(tags, size=rows)[:, None] == np.arange(tags)
    truth = carried | (rng.random((rows, tags)) < 0.3) if multilabel else carried
    raw = (rng.random(truth.shape) + truth * rng.random((rows, 1))).round(1) + 0.01
    probabilities = (raw / (2.1 if multilabel else raw.sum(axis=1, keepdims=True))).astype(np.float32)
    group = rng.integers(groups, size=rows)
    folds = group % 6 - 1
    probabilities[folds < 0] = np.nan
    return truth, probabilities, folds, group


def slow_measures(truth, probabilities, folds, groups, threshold, *, multilabel):
    """Counts (k, 4) and, of each measure, values, low, high (k,) and the mean's interval, by the definitions.

    The mean's interval is from a correlation matrix (k, k), where the sweep adds up the groups' sums.
    """
    evaluated = folds >= 0
    truth, probabilities, folds, groups = (each[evaluated] for each in (truth, probabilities, folds, groups))
    answered = metrics.answers(probabilities, threshold, multilabel=multilabel)
    counts = metrics.count_answers(truth, answered)
    ranks = metrics.fold_ranks(truth, probabilities, folds)
    sources = {
        "precision": (metrics.precision(counts), answered, truth),
        "recall": (metrics.recall(counts), truth, answered),
        "f1": (metrics.f1(counts), truth | answered, truth & answered),
        "average_precision": (metrics.mean_over_folds(ranks, truth, folds), truth, ranks),
    }
    measures = {}
    for name, (values, trials, outcomes) in sources.items():
        interval = intervals.f1_interval if name == "f1" else intervals.share_interval
        low, high = interval(values, intervals.independent_trials(trials, groups))
        together = intervals.correlation(trials, outcomes, groups)
        measures[name] = values, low, high, intervals.macro_interval(values, low, high, together)
    return counts, measures


def assert_is_slow(swept: Sweep, position, evaluation, threshold, *, multilabel):
    """Every count and rate at a position, and the ends of every interval but for rounding."""
    counts, measures = slow_measures(*evaluation, threshold, multilabel=multilabel)
    np.testing.assert_array_equal(counts, swept.counts[position])
    for name, (values, low, high, mean_interval) in measures.items():
        measure = getattr(swept, name)
        row = 0 if name == "average_precision" else position
        np.testing.assert_array_equal(values, measure.values[row])
        np.testing.assert_allclose([low, high], [measure.low[row], measure.high[row]], atol=1e-12)
        np.testing.assert_array_equal(metrics.macro(values), measure.mean[row])
        np.testing.assert_allclose(mean_interval, [measure.mean_low[row], measure.mean_high[row]], atol=1e-7)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 9999),
    rows=st.integers(2, 40),
    tags=st.integers(1, 5),
    multilabel=st.booleans(),
    groups=st.sampled_from([1, 4, 12, 1000]),
)
def test_a_sweep_is_right_at_every_position(seed, rows, tags, multilabel, groups):
    """Counts, rates and intervals, of tags and means, with duplicates and without, follow the definitions."""
    evaluation = drawn_evaluation(seed, rows=rows, tags=tags, multilabel=multilabel, groups=groups)

    made = sweep(*evaluation, multilabel=multilabel)

    for position in (0, 1, 14, 29, 50, 67, 100):
        assert_is_slow(made, position, evaluation, metrics.THRESHOLDS[position], multilabel=multilabel)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 9999),
    thresholds=st.floats(0, 1) | st.tuples(*[st.floats(0, 1)] * 3),
    multilabel=st.booleans(),
    groups=st.sampled_from([4, 1000]),
)
def test_a_report_at_any_threshold_is_right(seed, thresholds, multilabel, groups):
    """Also between the slider's positions, and where each tag has its own threshold."""
    evaluation = drawn_evaluation(seed, rows=30, tags=3, multilabel=multilabel, groups=groups)

    swept = sweep_one(*evaluation, np.asarray(thresholds), multilabel=multilabel)

    assert_is_slow(swept, 0, evaluation, np.asarray(thresholds), multilabel=multilabel)


@pytest.mark.parametrize("multilabel", [True, False])
def test_a_report_is_read_off_a_sweep(multilabel):
    """At a position of the slider it is the same, computed for that threshold alone or for all; the slow one agrees."""
    evaluation = drawn_evaluation(4, rows=60, tags=4, multilabel=multilabel, groups=25)

    one = reports.report(*evaluation, 0.29, multilabel=multilabel)
    read = reports.at_position(sweep(*evaluation, multilabel=multilabel), position_of(0.29))

    assert (one.overall.images, one.tags[1].fn) == (read.overall.images, read.tags[1].fn)
    for name in MEASURES:
        for alone, among in ((one.overall, read.overall), *zip(one.tags, read.tags, strict=True)):
            assert getattr(alone, name) == pytest.approx(getattr(among, name), abs=1e-12, nan_ok=True)
            ends = getattr(among, f"{name}_interval")
            assert getattr(alone, f"{name}_interval") == pytest.approx(ends, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("multilabel", [True, False])
def test_many_images_are_swept_in_blocks(multilabel):
    """Blocks of rows, which end where groups end, add up to the whole."""
    evaluation = drawn_evaluation(1, rows=3000, tags=90, multilabel=multilabel, groups=1500)

    made = sweep(*evaluation, multilabel=multilabel)

    assert_is_slow(made, 30, evaluation, 0.3, multilabel=multilabel)


def test_a_group_larger_than_a_block_stays_whole():
    """Thousands of copies of an image are one group, whatever the size of a block."""
    evaluation = drawn_evaluation(2, rows=2500, tags=60, multilabel=True, groups=3)
    evaluation[2][:] = 1
    evaluation[1][:] = np.nan_to_num(evaluation[1])

    assert_is_slow(sweep(*evaluation, multilabel=True), 30, evaluation, 0.3, multilabel=True)


@pytest.mark.parametrize("multilabel", [True, False])
def test_counts_are_those_of_the_metrics(multilabel):
    """At each of the 101 positions the counts are those of `metrics.counts`."""
    truth, probabilities, folds, groups = drawn_evaluation(3, rows=200, tags=4, multilabel=multilabel, groups=90)

    made = sweep(truth, probabilities, folds, groups, multilabel=multilabel)

    judged = folds >= 0
    expected = metrics.counts(truth[judged], probabilities[judged], multilabel=multilabel)
    np.testing.assert_array_equal(expected, made.counts)


def test_nothing_evaluated():
    """Where no image could be evaluated every count is 0 and every number undefined."""
    made = sweep(np.eye(2, dtype=bool), np.full((2, 2), np.nan), np.array([-1, -1]), np.arange(2), multilabel=True)

    assert not made.counts.any()
    for name in MEASURES:
        measure = getattr(made, name)
        assert np.isnan([measure.values, measure.low, measure.high]).all()
        assert np.isnan([measure.mean, measure.mean_low, measure.mean_high]).all()


def test_eight_images_look_as_uncertain_as_they_are():
    """A tag with 8 images, all found, may have a recall of 68 %; one with 80, of 95 %."""
    truth = np.repeat(np.eye(2, dtype=bool), [8, 80], axis=0)

    made = sweep(truth, truth * 1.0, np.arange(88) % 4, np.arange(88), multilabel=False)

    assert [1, 1] == made.recall.values[50].tolist()
    assert [0.676, 0.954] == pytest.approx(made.recall.low[50].tolist(), abs=0.001)
    assert made.recall.mean_low[50] < 0.85


def test_a_tag_without_answers_has_no_interval():
    """Undefined is undefined from end to end, and the mean is over the other tag."""
    truth = np.array([[True, False], [False, True], [False, True]])
    probabilities = np.array([[0.95, 0.05], [0.2, 0.8], [0.3, 0.7]])

    precision = sweep(truth, probabilities, np.array([0, 1, 0]), np.arange(3), multilabel=False).precision

    assert all(math.isnan(ends[90, 1]) for ends in (precision.values, precision.low, precision.high))
    assert (1, precision.low[90, 0]) == (precision.mean[90], pytest.approx(precision.mean_low[90]))


def test_nan_probabilities_are_refused():
    """A training that failed numerically gives an error, not a number."""
    with pytest.raises(InvalidInput, match="probabilities must be numbers, got nan"):
        sweep(np.eye(2, dtype=bool), np.full((2, 2), np.nan), np.array([0, 1]), np.arange(2), multilabel=True)
