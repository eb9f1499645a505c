"""An evaluation at all thresholds is the report at each of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvcore import metrics
from cvcore.errors import InvalidInput
from cvcore.metrics.reports import report
from cvcore.metrics.threshold_sweeps import Sweep, sweep

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


def assert_is_the_report(made: Sweep, evaluation, position, *, multilabel):
    """Every number of the report at a position, and the ends of every interval but for rounding."""
    threshold = metrics.THRESHOLDS[position]
    told = report(*evaluation, threshold, multilabel=multilabel)
    assert [[tag.tp, tag.fp, tag.fn] for tag in told.tags] == made.counts[position, :, :3].tolist()
    for name in MEASURES:
        measure = getattr(made, name)
        row = 0 if name == "average_precision" else position
        ends = [getattr(tag, f"{name}_interval") for tag in told.tags]
        np.testing.assert_array_equal([getattr(tag, name) for tag in told.tags], measure.values[row])
        np.testing.assert_allclose(ends, np.column_stack([measure.low[row], measure.high[row]]), atol=1e-12)
        np.testing.assert_array_equal(getattr(told.overall, name), measure.mean[row])
        mean_ends = measure.mean_low[row], measure.mean_high[row]
        np.testing.assert_allclose(getattr(told.overall, f"{name}_interval"), mean_ends, atol=1e-7)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 9999),
    rows=st.integers(2, 40),
    tags=st.integers(1, 5),
    multilabel=st.booleans(),
    groups=st.sampled_from([1, 4, 12, 1000]),
)
def test_a_sweep_is_the_report_at_every_position(seed, rows, tags, multilabel, groups):
    """Counts, rates and intervals, of tags and means, with duplicates and without, are the report's."""
    evaluation = drawn_evaluation(seed, rows=rows, tags=tags, multilabel=multilabel, groups=groups)

    made = sweep(*evaluation, multilabel=multilabel)

    for position in (0, 1, 14, 29, 50, 67, 100):
        assert_is_the_report(made, evaluation, position, multilabel=multilabel)


@pytest.mark.parametrize("multilabel", [True, False])
def test_many_images_are_swept_in_blocks(multilabel):
    """Blocks of rows, which end where groups end, add up to the whole."""
    evaluation = drawn_evaluation(1, rows=3000, tags=90, multilabel=multilabel, groups=1500)

    made = sweep(*evaluation, multilabel=multilabel)

    assert_is_the_report(made, evaluation, 30, multilabel=multilabel)


def test_a_group_larger_than_a_block_stays_whole():
    """Thousands of copies of a picture are one group, whatever the size of a block."""
    evaluation = drawn_evaluation(2, rows=2500, tags=60, multilabel=True, groups=3)
    evaluation[2][:] = 1
    evaluation[1][:] = np.nan_to_num(evaluation[1])

    assert_is_the_report(sweep(*evaluation, multilabel=True), evaluation, 30, multilabel=True)


@pytest.mark.parametrize("multilabel", [True, False])
def test_counts_are_those_of_the_metrics(multilabel):
    """At each of the 101 positions the counts are those of `metrics.counts`."""
    truth, probabilities, folds, groups = drawn_evaluation(3, rows=200, tags=4, multilabel=multilabel, groups=90)

    made = sweep(truth, probabilities, folds, groups, multilabel=multilabel)

    judged = folds >= 0
    expected = metrics.counts(truth[judged], probabilities[judged], multilabel=multilabel)
    np.testing.assert_array_equal(expected, made.counts)


def test_nothing_evaluated():
    """Where no picture could be evaluated every count is 0 and every number undefined."""
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
    """No number is made of a training that went astray."""
    with pytest.raises(InvalidInput, match="probabilities must be numbers, got nan"):
        sweep(np.eye(2, dtype=bool), np.full((2, 2), np.nan), np.array([0, 1]), np.arange(2), multilabel=True)
