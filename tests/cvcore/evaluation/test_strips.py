"""The strip of a tag: its order, its groups and counts, by hand and against the metrics."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike

from cvcore.array_types import Bools
from cvcore.evaluation import strips
from cvcore.evaluation.out_of_fold import OutOfFold
from cvcore.evaluation.strips import Strip
from cvcore.metrics import decision_rule


def out_of_fold(truth: ArrayLike, probabilities: ArrayLike, *, multilabel: bool, left_out: int = -1) -> OutOfFold:
    """The arrays of these images, all evaluated but the one in row `left_out`."""
    carried, scores = np.asarray(truth, np.bool_), np.asarray(probabilities, np.float32)
    folds = np.arange(len(carried)) % 2
    if left_out >= 0:
        folds[left_out], scores[left_out] = -1, np.nan
    kernel = np.zeros((1, carried.shape[1]), np.float32)
    return OutOfFold(carried, scores, folds, np.arange(len(carried)), kernel, kernel[0], multilabel=multilabel)


def flowers() -> OutOfFold:
    """Two roses found, one too unsure, two taken for a tulip, one tulip taken for a rose, one tulip never."""
    truth = [[1, 0], [1, 0], [1, 0], [1, 0], [1, 0], [0, 1], [0, 1]]
    return out_of_fold(
        truth,
        [[0.9, 0.1], [0.7, 0.3], [0.55, 0.45], [0.2, 0.8], [0.4, 0.6], [0.625, 0.375], [0.25, 0.75]],
        multilabel=False,
    )


def drawn(strip: Strip, position: int) -> list[int]:
    """True positives, false positives and false negatives, counted from the images of the strip."""
    answered = strip.levels > position
    return [int(np.count_nonzero(of)) for of in (strip.own & answered, ~strip.own & answered, strip.own & ~answered)]


def by_metrics(predictions: OutOfFold) -> np.ndarray:
    """The same by the metrics, at every position and for every tag, as (101, k, 3)."""
    rows = predictions.evaluated
    return decision_rule.counts(
        predictions.truth[rows], predictions.probabilities[rows], multilabel=predictions.multilabel
    )[..., :3]


def test_the_order_in_multiclass() -> None:
    """First, by probability, the tag's images that another tag came before; then all whose top tag it is."""
    found = strips.strip(flowers(), 0)
    assert [3, 4, 2, 5, 1, 0] == found.rows.tolist()
    assert [0, 0, 56, 63, 70, 90] == found.levels.tolist()
    assert [True, True, True, False, True, True] == found.own.tolist()
    assert [1, 1, 0, 0, 0, 0] == found.first.tolist()
    assert [81, 61, 56, 63, 70, 90] == found.first_levels.tolist()
    assert (6, 0) == (found.in_row, found.below)


def test_an_image_of_another_top_tag_is_never_answered() -> None:
    """Even at 0 % an image that carries the tag and has another top tag is not answered with it."""
    found = strips.strip(flowers(), 0)
    assert [3, 1, 2] == drawn(found, 0) == found.counts[0].tolist()
    assert [0, 0, 5] == drawn(found, 100)


def test_the_order_in_multilabel() -> None:
    """Images with and without the tag stand in one row by its probability, whatever their other tags."""
    truth = [[1, 1], [0, 1], [1, 0]]
    found = strips.strip(out_of_fold(truth, [[0.25, 0.9], [0.5, 0.9], [0.75, 0.1]], multilabel=True), 0)
    assert [0, 1, 2] == found.rows.tolist()
    assert [26, 51, 76] == found.levels.tolist()
    assert [0, 0, 0] == found.first.tolist()


@pytest.mark.parametrize(("probability", "position"), [(0.5, 50), (1.0, 100), (0.0, 0), (0.25, 25)])
def test_a_tie_is_answered(probability: float, position: int) -> None:
    """An image whose probability is the threshold stands right of the line, one step later left of it."""
    found = strips.strip(out_of_fold([[1]], [[probability]], multilabel=True), 0)
    assert [1, 0, 0] == drawn(found, position)
    if position < 100:
        assert [0, 0, 1] == drawn(found, position + 1)


def test_a_float32_is_compared_as_it_is_stored() -> None:
    """A stored 0.7 is a little less than 0.7, so at 70 % it is not answered, as everywhere else."""
    found = strips.strip(out_of_fold([[1]], [[np.float32(0.7)]], multilabel=True), 0)
    assert [0, 0, 1] == drawn(found, 70) == found.counts[70].tolist()


def test_images_that_were_not_evaluated_are_left_out() -> None:
    """An image without probabilities is neither drawn nor counted."""
    found = strips.strip(out_of_fold([[1], [1], [0]], [[0.9], [0.8], [0.1]], multilabel=True, left_out=1), 0)
    assert [2, 0] == found.rows.tolist()
    assert [1, 0, 0] == found.counts[50].tolist()


def test_a_tag_without_images() -> None:
    """A tag that nothing carries and nothing is taken for has an empty strip and counts of 0."""
    found = strips.strip(out_of_fold([[1, 0], [1, 0]], [[0.9, 0.1], [0.8, 0.2]], multilabel=False), 1)
    assert ([], 0, 0) == (found.rows.tolist(), found.in_row, found.below)
    assert 0 == found.counts.sum()
    assert (101, 3) == found.counts.shape


def random_predictions(seed: int, *, multilabel: bool, images: int = 300) -> OutOfFold:
    """Images of five tags, with many equal probabilities, some of them exactly at the slider's positions."""
    random = np.random.default_rng(seed)
    own = random.integers(5, size=images)
    truth: Bools = np.eye(5, dtype=np.bool_)[own]
    if multilabel:
        truth |= random.random((images, 5)) < 0.2
        scores = random.integers(0, 101, (images, 5)) / 100
    else:
        parts = random.integers(1, 9, (images, 5)) + 6 * truth * random.integers(0, 3, (images, 1))
        scores = parts / parts.sum(axis=1, keepdims=True)
    return out_of_fold(truth, scores, multilabel=multilabel, left_out=3)


@pytest.mark.parametrize("multilabel", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_of_the_metrics(seed: int, multilabel: bool) -> None:
    """At all 101 positions the strip's counts, and those of its images, are the table's."""
    predictions = random_predictions(seed, multilabel=multilabel)
    expected = by_metrics(predictions)
    for tag in range(5):
        found = strips.strip(predictions, tag)
        np.testing.assert_array_equal(expected[:, tag], found.counts)
        for position in range(101):
            tp, fp, fn = drawn(found, position)
            assert [tp, fn] == [found.counts[position, 0], found.counts[position, 2]]
            if position >= found.floor:
                assert fp == found.counts[position, 1]


@pytest.mark.parametrize("multilabel", [False, True])
def test_right_of_the_line_are_the_answered(multilabel: bool) -> None:
    """Cut at any position, the row's right part is exactly what the decision rule answers, among the row's images."""
    predictions = random_predictions(9, multilabel=multilabel)
    for position in range(0, 101, 5):
        answered = decision_rule.answers(
            np.nan_to_num(predictions.probabilities), decision_rule.THRESHOLDS[position], multilabel=multilabel
        )
        for tag in range(5):
            found = strips.strip(predictions, tag)
            cut = int(np.count_nonzero(found.levels <= position))
            assert answered[found.rows, tag].tolist() == [False] * cut + [True] * (len(found.rows) - cut)


def test_of_images_without_the_tag_the_most_probable_are_in_the_row() -> None:
    """In Multilabel those left out all lie below one position of the slider, and their number is told."""
    probabilities = np.concatenate([[0.9, 0.8], np.arange(200) / 400])[:, None]
    truth = np.arange(202)[:, None] < 2
    found = strips.strip(out_of_fold(truth, probabilities, multilabel=True), 0)
    others = probabilities[2:, 0].astype(np.float32)
    assert np.count_nonzero(~found.own) <= strips.UNTAGGED_LEAST
    assert found.below == np.count_nonzero(others < found.floor / 100) > 0
    assert found.below + found.in_row == 202
    assert found.counts[0].tolist() == [2, 200, 0]
    assert found.counts[found.floor, 1] == np.count_nonzero(~found.own)


def test_equal_probabilities_are_left_out_together() -> None:
    """Where more images without the tag share one probability than are drawn, none or all of them are in the row."""
    probabilities = np.concatenate([[0.9], np.full(200, 0.5), [0.6]])[:, None]
    found = strips.strip(out_of_fold(np.arange(202)[:, None] == 0, probabilities, multilabel=True), 0)
    assert [201, 0] == found.rows.tolist()
    assert (51, 200) == (found.floor, found.below)


def test_certainly_wrong_images_cannot_be_left_out() -> None:
    """Images without the tag that reach 100 % are in the row however many they are."""
    found = strips.strip(out_of_fold(np.arange(90)[:, None] == 0, np.ones((90, 1)), multilabel=True), 0)
    assert (90, 0, 100) == (found.in_row, found.below, found.floor)


def test_of_a_long_row_evenly_spaced_images_are_drawn() -> None:
    """The first and the last are among them, no two of the same, and the counts are still of all."""
    predictions = random_predictions(2, multilabel=False)
    whole, part = strips.strip(predictions, 0), strips.strip(predictions, 0, most=20)
    assert (20, whole.in_row) == (len(part.rows), len(whole.rows))
    assert part.in_row == whole.in_row
    places = np.array([whole.rows.tolist().index(row) for row in part.rows])
    assert [0, len(whole.rows) - 1] == places[[0, -1]].tolist()
    assert set(np.diff(places)) <= {len(whole.rows) // 20, len(whole.rows) // 20 + 1}
    np.testing.assert_array_equal(whole.counts, part.counts)
