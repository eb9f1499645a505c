"""Precision-recall curves: the slider's points on them, and what scikit-learn draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, precision_recall_curve

from cvcore import metrics
from cvcore.metrics import precision_recall_curves


def drawn(seed, *, rows=60, tags=3, digits=2):
    """Several tags an image and probabilities that sum to 1, rounded so that some are equal."""
    rng = np.random.default_rng(seed)
    truth = rng.random((rows, tags)) < 0.4
    raw = rng.random((rows, tags)) + truth * rng.random((rows, 1))
    return truth, (raw / raw.sum(axis=1, keepdims=True)).round(digits)


def area(curve):
    """The area under the steps, with the first of them from recall 0."""
    recall = curve.tp / curve.positives
    return float((np.diff(recall, prepend=0) * curve.tp / (curve.tp + curve.fp)).sum())


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 9999), st.booleans(), st.sampled_from([1, 2, 15]))
def test_the_slider_lies_on_the_curve(seed, multilabel, digits):
    """At each position with an answer, the counts are those of a point of the curve, at or above that position."""
    truth, probabilities = drawn(seed, digits=digits)
    counts = metrics.counts(truth, probabilities, multilabel=multilabel)

    computed = precision_recall_curves.curves(truth, probabilities, multilabel=multilabel)

    for tag, curve in enumerate(computed):
        points = dict(zip(zip(curve.tp.tolist(), curve.fp.tolist(), strict=True), curve.thresholds, strict=True))
        for threshold, (tp, fp, fn, tn) in zip(metrics.THRESHOLDS, counts[:, tag].tolist(), strict=True):
            assert (tp, fp) == (0, 0) or points[tp, fp] >= threshold
            assert (tp + fn, tp + fp + fn + tn) == (curve.positives, curve.images)


@pytest.mark.parametrize("digits", [1, 2, 15])
def test_multilabel_curves_are_scikit_learns(digits):
    """Every point that scikit-learn has, but for its made-up end, is there, and the area is the average precision."""
    truth, probabilities = drawn(5, rows=200, digits=digits)

    computed = precision_recall_curves.curves(truth, probabilities, multilabel=True)

    for curve, positive, scores in zip(computed, truth.T, probabilities.T, strict=True):
        precision, recall, thresholds = precision_recall_curve(positive, scores, drop_intermediate=False)
        np.testing.assert_array_equal(thresholds[::-1], curve.thresholds)
        np.testing.assert_allclose(precision[-2::-1], curve.tp / (curve.tp + curve.fp))
        np.testing.assert_allclose(recall[-2::-1], curve.tp / curve.positives)
        assert area(curve) == pytest.approx(average_precision_score(positive, scores))


def test_multiclass_curves_follow_the_top_tag():
    """An image whose top tag is another is never answered with this one, so recall need not reach 1."""
    truth = np.array([[True, False], [True, False], [False, True]])
    probabilities = np.array([[0.9, 0.1], [0.45, 0.55], [0.3, 0.7]])

    first, second = precision_recall_curves.curves(truth, probabilities, multilabel=False)

    assert ([0.9], [1], [0], 2) == (first.thresholds.tolist(), first.tp.tolist(), first.fp.tolist(), first.positives)
    assert ([0.7, 0.55], [1, 1], [0, 1]) == (second.thresholds.tolist(), second.tp.tolist(), second.fp.tolist())


def test_constant_scores_are_one_point():
    """Where the model says the same of every image there is one operating point, at the prevalence."""
    (curve,) = precision_recall_curves.curves(
        np.array([[True], [False], [False], [False]]), np.full((4, 1), 0.3), multilabel=True
    )

    assert ([0.3], [1], [3]) == (curve.thresholds.tolist(), curve.tp.tolist(), curve.fp.tolist())


def test_a_tag_that_is_never_answered_has_no_points():
    """Without an answer there is no precision at any threshold."""
    truth = np.array([[True, False], [False, True]])

    assert [1, 0] == [
        len(curve.tp) for curve in precision_recall_curves.curves(truth, np.array([[1.0, 0]] * 2), multilabel=False)
    ]


def test_no_images():
    """Nothing evaluated is no points, not an error."""
    (curve,) = precision_recall_curves.curves(np.zeros((0, 1), bool), np.zeros((0, 1)), multilabel=True)

    assert (0, 0, 0) == (curve.thresholds.size, curve.positives, curve.images)


@pytest.mark.parametrize("tags", [3, 60])
def test_long_curves_are_thinned(tags):
    """Many images give no more points than can be drawn, with the slider's among them and small steps of recall."""
    truth, probabilities = drawn(6, rows=6000, tags=tags, digits=15)

    computed = precision_recall_curves.curves(truth, probabilities, multilabel=True)

    most = max(precision_recall_curves.POINTS_MIN, precision_recall_curves.POINTS // tags)
    assert max(len(curve.tp) for curve in computed) <= most + 1 + metrics.THRESHOLDS.size
    for curve, positive, scores in zip(computed, truth.T, probabilities.T, strict=True):
        assert np.diff(curve.tp / curve.positives).max() <= 2 / most
        assert area(curve) == pytest.approx(average_precision_score(positive, scores), abs=0.01)
        assert (curve.thresholds[0], curve.tp[-1]) == (scores.max(), curve.positives)
