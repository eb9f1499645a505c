"""The report of an evaluation: what enters each number, and what is left out."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvcore import metrics
from cvcore.errors import InvalidInput
from cvcore.metrics.reports import report

MEASURES = "precision", "recall", "f1", "average_precision"


def random_evaluation(seed, rows=60, tags=4):
    """Truth, float32 probabilities that sum to 1, folds of which one is -1, and groups of up to a few images."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(tags, size=rows)[:, None] == np.arange(tags)
    raw = (rng.random(truth.shape) + truth * rng.random((rows, 1))).round(1)
    probabilities = (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)
    groups = rng.integers(rows, size=rows)
    return truth, probabilities, groups % 6 - 1, groups


def test_every_number_by_hand():
    """Six images of two painters, in two folds: every count and rate is the one worked out on paper."""
    truth = np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1]], bool)
    picasso = np.array([0.9, 0.8, 0.3, 0.6, 0.7, 0.1])
    probabilities = np.column_stack([picasso, 1 - picasso])

    computed = report(truth, probabilities, np.array([0, 1, 0, 1, 0, 1]), np.arange(6), 0.5, multilabel=False)

    first, second = computed.tags
    assert (3, 2, 2, 1) == (first.images, first.tp, first.fp, first.fn)
    assert (3, 1, 1, 2) == (second.images, second.tp, second.fp, second.fn)
    assert (0.5, 2 / 3, 4 / 7) == (first.precision, first.recall, first.f1)
    # Fold 0 ranks Picasso, Rembrandt, Picasso: (1 + 2/3) / 2; fold 1 ranks Picasso first: 1.
    assert first.average_precision == pytest.approx((5 / 6 + 1) / 2)
    assert (6, 0.5, 0.5) == (computed.overall.images, computed.overall.precision, computed.overall.recall)
    assert computed.overall.f1 == pytest.approx((4 / 7 + 2 / 5) / 2)
    assert computed.overall.average_precision == np.mean([first.average_precision, second.average_precision])


def test_a_tag_never_answered_has_no_precision():
    """Where a tag is never answered, its precision is undefined and the overall precision says it is over one tag."""
    truth = np.array([[True, False], [False, True], [False, True]])
    probabilities = np.array([[0.95, 0.05], [0.2, 0.8], [0.3, 0.7]])

    computed = report(truth, probabilities, np.array([0, 1, 0]), np.arange(3), 0.9, multilabel=False)

    assert math.isnan(computed.tags[1].precision)
    assert all(math.isnan(limit) for limit in computed.tags[1].precision_interval)
    assert (1.0, 1) == (computed.overall.precision, computed.overall.precision_tags)
    assert (0.5, 2) == (computed.overall.recall, computed.overall.recall_tags)


def test_rows_that_were_not_evaluated_are_left_out():
    """An image in fold -1 enters no count, whatever its probabilities, even nan; its tag stays and is undefined."""
    truth = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]], bool)
    probabilities = np.array([[0.8, 0.2, 0], [0.3, 0.7, 0], [np.nan] * 3, [np.nan] * 3], np.float32)

    computed = report(truth, probabilities, np.array([0, 1, -1, -1]), np.array([0, 1, 2, 2]), 0.5, multilabel=False)

    assert [1, 1, 0] == [tag.images for tag in computed.tags]
    assert (2, 2, 2) == (computed.overall.images, computed.overall.recall_tags, computed.overall.average_precision_tags)
    assert all(math.isnan(getattr(computed.tags[2], name)) for name in MEASURES)


def test_nothing_evaluated():
    """Where no image could be evaluated every number is undefined and every count 0."""
    computed = report(np.eye(2, dtype=bool), np.eye(2), np.array([-1, -1]), np.arange(2), 0.5, multilabel=True)

    assert 0 == computed.overall.images == computed.overall.f1_tags == computed.tags[0].images
    assert all(math.isnan(getattr(computed.overall, name)) for name in MEASURES)
    assert all(math.isnan(limit) for name in MEASURES for limit in getattr(computed.overall, f"{name}_interval"))


@pytest.mark.parametrize("multilabel", [True, False])
def test_the_slider_lies_on_the_curve(multilabel):
    """At each of the 101 positions the report says what the counts behind the chart say."""
    truth, probabilities, folds, groups = random_evaluation(0, rows=30)
    evaluated = folds >= 0
    curve = metrics.counts(truth[evaluated], probabilities[evaluated], multilabel=multilabel)
    for threshold, table in zip(metrics.THRESHOLDS, curve, strict=True):
        computed = report(truth, probabilities, folds, groups, threshold, multilabel=multilabel)

        assert table[:, :3].tolist() == [[tag.tp, tag.fp, tag.fn] for tag in computed.tags]
        np.testing.assert_array_equal(metrics.precision(table), [tag.precision for tag in computed.tags])
        np.testing.assert_array_equal(metrics.recall(table), [tag.recall for tag in computed.tags])
        np.testing.assert_array_equal(metrics.f1(table), [tag.f1 for tag in computed.tags])
        np.testing.assert_array_equal(metrics.macro(metrics.f1(table)), computed.overall.f1)


def test_each_tag_may_have_its_own_threshold():
    """A report at one threshold a tag is, tag by tag in multilabel, the report at that threshold."""
    truth, probabilities, folds, groups = random_evaluation(1)
    own = np.array([0.1, 0.2, 0.3, 0.4])

    computed = report(truth, probabilities, folds, groups, own, multilabel=True)

    for tag, threshold in enumerate(own):
        assert report(truth, probabilities, folds, groups, threshold, multilabel=True).tags[tag] == computed.tags[tag]


def test_average_precision_does_not_depend_on_the_threshold():
    """Moving the slider moves precision and recall, not the average precision."""
    truth, probabilities, folds, groups = random_evaluation(2)

    low, high = (report(truth, probabilities, folds, groups, t, multilabel=False).overall for t in (0.1, 0.9))

    assert low.average_precision == high.average_precision
    assert low.average_precision_interval == high.average_precision_interval


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 999), st.booleans(), st.sampled_from([0.0, 0.25, 0.5, 0.75]))
def test_the_order_of_the_rows_does_not_matter(seed, multilabel, threshold):
    """Shuffling the images changes no number, and no interval beyond the last digits."""
    evaluation = random_evaluation(seed)
    order = np.random.default_rng(seed).permutation(60)

    computed = report(*evaluation, threshold, multilabel=multilabel)
    shuffled = report(*(column[order] for column in evaluation), threshold, multilabel=multilabel)

    for expected, actual in zip([computed.overall, *computed.tags], [shuffled.overall, *shuffled.tags], strict=True):
        for name, value in dataclasses.asdict(expected).items():
            rounding = 1e-12 if name.endswith("interval") else 0
            assert getattr(actual, name) == pytest.approx(value, abs=rounding, rel=0, nan_ok=True)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 999), st.booleans(), st.sampled_from([0.0, 0.25, 0.5, 0.75]))
def test_every_interval_holds_its_number(seed, multilabel, threshold):
    """Each number lies in its own interval, within 0 to 1, and no interval has shrunk to a point."""
    computed = report(*random_evaluation(seed), threshold, multilabel=multilabel)

    for rates in (computed.overall, *computed.tags):
        for name in MEASURES:
            value, (low, high) = getattr(rates, name), getattr(rates, f"{name}_interval")
            assert math.isnan(value) or (0 <= low <= value <= high <= 1 and low < high)


def test_a_report_can_be_written_as_json():
    """Every number is a plain one, so that a door can print the report as it is."""
    computed = report(*random_evaluation(3), 0.5, multilabel=False)

    assert computed.overall.images == json.loads(json.dumps(dataclasses.asdict(computed)))["overall"]["images"]


def test_columns_of_different_lengths_are_refused():
    """Truth, probabilities, folds and groups speak of the same images."""
    with pytest.raises(InvalidInput) as refusal:
        report(np.eye(2, dtype=bool), np.eye(2), np.array([0, 1]), np.arange(3), 0.5, multilabel=False)

    expected = "truth, probabilities, folds and groups must be of one length, got (2, 2, 2, 3)"
    assert expected == str(refusal.value)
