"""What was taken for what: by hand, against scikit-learn, and what must hold for any answers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, multilabel_confusion_matrix

from cvcore import metrics
from cvcore.errors import InvalidInput
from cvcore.metrics import confusion
from cvcore.metrics.confusion import OUTCOMES, Answers, Cell, Swap, TagOutcome


def one_hot(columns: list[int], tags: int) -> np.ndarray:
    return np.asarray(columns)[:, None] == np.arange(tags)


def drawn(images: int = 300, tags: int = 4, *, multilabel: bool = False, threshold: float = 0.4) -> Answers:
    """Answers of a model that knows a little; every seventh image was not evaluated."""
    random = np.random.default_rng(7)
    truth = random.random((images, tags)) < 0.4 if multilabel else one_hot(random.integers(0, tags, images), tags)
    scores = np.round(random.random((images, tags)) + truth, 1)  # rounded, so that there are ties
    scores = (scores / 2 if multilabel else scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)
    evaluated = np.arange(images) % 7 != 3
    scores[~evaluated] = np.nan
    return confusion.answers(truth, scores, evaluated, threshold, multilabel=multilabel)


# By hand


def test_a_matrix_by_hand() -> None:
    """Of three roses one is found, one taken for a tulip and one for nothing; the tulip is found."""
    truth = one_hot([0, 0, 0, 1], 2)
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.55, 0.45], [0.3, 0.7]])

    answers = confusion.answers(truth, scores, np.ones(4, bool), 0.6, multilabel=False)

    assert [[1, 1, 1], [0, 1, 0], [0, 0, 0]] == confusion.matrix(answers).tolist()
    assert [1] == confusion.rows(answers, Cell(0, 1)).tolist()
    assert [2] == confusion.rows(answers, Cell(0, 2)).tolist()
    assert [] == confusion.rows(answers, Cell(1, 0)).tolist()


def test_an_image_without_a_tag_stands_in_the_last_row() -> None:
    """Training leaves none, but arrays from elsewhere may have one, and it is not lost."""
    answers = confusion.answers(
        np.array([[False, False], [True, False]]), np.full((2, 2), 0.5), np.ones(2, bool), 0.5, multilabel=False
    )
    assert [[1, 0, 0], [0, 0, 0], [1, 0, 0]] == confusion.matrix(answers).tolist()
    assert [0] == confusion.rows(answers, Cell(2, 0)).tolist()


def test_each_tag_by_its_own_threshold() -> None:
    """A top tag below its own threshold is no answer."""
    scores = np.array([[0.6, 0.4], [0.3, 0.7]])
    answers = confusion.answers(one_hot([0, 1], 2), scores, np.ones(2, bool), np.array([0.5, 0.8]), multilabel=False)
    assert [[1, 0, 0], [0, 0, 1], [0, 0, 0]] == confusion.matrix(answers).tolist()


def test_the_surest_come_first() -> None:
    """What was answered by highest probability, what was not by lowest, equals in the order of the images."""
    truth = np.array([[True], [True], [True], [False], [False], [True], [True]])
    scores = np.array([[0.7], [0.9], [0.7], [0.8], [0.6], [0.4], [0.1]])
    answers = confusion.answers(truth, scores, np.ones(7, bool), 0.5, multilabel=True)
    listed = {outcome: confusion.rows(answers, TagOutcome(0, outcome)).tolist() for outcome in OUTCOMES}
    assert {"tp": [1, 0, 2], "fp": [3, 4], "fn": [6, 5], "tn": []} == listed


def test_swaps_by_hand() -> None:
    """Two tags missed and one given wrongly are two swaps; a miss without a wrong answer is none."""
    truth = np.array([[True, True, False], [True, False, False], [False, True, False]])
    scores = np.array([[0.1, 0.2, 0.9], [0.1, 0.1, 0.1], [0.8, 0.1, 0.7]])
    answers = confusion.answers(truth, scores, np.ones(3, bool), 0.5, multilabel=True)
    assert [[0, 0, 1], [1, 0, 2], [0, 0, 0]] == confusion.swaps(answers).tolist()
    assert [0, 2] == confusion.rows(answers, Swap(1, 2)).tolist()
    assert [2] == confusion.rows(answers, Swap(1, 0)).tolist()


def test_the_commonest_confusions() -> None:
    """Each direction counts by itself; right answers and what never happened are no confusions."""
    counts = np.array([[50, 4, 0], [7, 50, 4], [0, 0, 50]])
    assert [(1, 0, 7), (0, 1, 4), (1, 2, 4)] == confusion.most_confused(counts, 10)
    assert [(1, 0, 7)] == confusion.most_confused(counts, 1)
    assert 50 == counts[0, 0]


def test_a_threshold_outside_its_range_is_refused() -> None:
    """Even where no image was evaluated, a threshold is a probability."""
    for evaluated in (np.ones(2, bool), np.zeros(2, bool)):
        with pytest.raises(InvalidInput, match=r"threshold must be in 0\.\.1, got 1\.4"):
            confusion.answers(one_hot([0, 1], 2), np.full((2, 2), 0.5), evaluated, 1.4, multilabel=False)


def test_nothing_evaluated_is_a_table_of_zeros() -> None:
    """An iteration without any evaluated image has empty tables and lists."""
    truth, scores, none = one_hot([0, 1], 2), np.full((2, 2), np.nan), np.zeros(2, bool)
    for multilabel in (True, False):
        answers = confusion.answers(truth, scores, none, 0.5, multilabel=multilabel)
        assert (
            0 == confusion.matrix(answers).sum() == confusion.outcomes(answers).sum() == confusion.swaps(answers).sum()
        )
        assert [] == confusion.rows(answers, TagOutcome(0, "fn")).tolist()


# Against a second implementation


def test_agrees_with_scikit_learn_at_threshold_0() -> None:
    """When every image has an answer, the matrix is scikit-learn's of the top tags, and the none column empty."""
    answers = drawn(threshold=0)
    rows = answers.evaluated
    expected = confusion_matrix(
        answers.truth[rows].argmax(axis=1), answers.probabilities[rows].argmax(axis=1), labels=range(4)
    )
    found = confusion.matrix(answers)
    assert expected.tolist() == found[:4, :4].tolist()
    assert 0 == found[:, 4].sum()


def test_agrees_with_scikit_learn_in_multilabel() -> None:
    """Each tag's small matrix is scikit-learn's, which puts true negatives first."""
    answers = drawn(multilabel=True)
    expected = multilabel_confusion_matrix(answers.truth[answers.evaluated], answers.predicted[answers.evaluated])
    tp, fp, fn, tn = confusion.outcomes(answers).T
    assert expected.tolist() == np.stack([tn, fp, fn, tp], axis=1).reshape(-1, 2, 2).tolist()


def test_swaps_agree_with_counting_one_by_one() -> None:
    """The product of two tables is the number of images that miss one tag while wrongly given the other."""
    answers = drawn(multilabel=True)
    missed, wrong = answers.truth & ~answers.predicted, answers.predicted & ~answers.truth
    expected = [
        [int((answers.evaluated & missed[:, one] & wrong[:, other]).sum()) for other in range(4)] for one in range(4)
    ]
    assert expected == confusion.swaps(answers).tolist()


# What must hold for any answers


@pytest.mark.parametrize("threshold", [0, 0.4, 0.7, 1])
def test_the_matrix_counts_every_evaluated_image_once(threshold: float) -> None:
    """Its sum is their number, its row sums those of the tags, and its columns give what `metrics` counts."""
    answers = drawn(threshold=threshold)
    found = confusion.matrix(answers)
    assert answers.evaluated.sum() == found.sum()
    assert answers.truth[answers.evaluated].sum(axis=0).tolist() == found.sum(axis=1)[:4].tolist()
    right = found.diagonal()[:4]
    counted = np.stack([right, found[:, :4].sum(axis=0) - right, found.sum(axis=1)[:4] - right], axis=1)
    rows = answers.evaluated
    expected = metrics.counts(answers.truth[rows], answers.probabilities[rows], np.array([threshold]), multilabel=False)
    assert expected[0, :, :3].tolist() == counted.tolist() == confusion.outcomes(answers)[:, :3].tolist()


def test_every_list_is_as_long_as_its_number() -> None:
    """The images behind a cell, a tag's count and a swap are as many as it says, and all different."""
    answers = drawn()
    for (actual, answered), count in np.ndenumerate(confusion.matrix(answers)):
        assert count == len(set(confusion.rows(answers, Cell(actual, answered)).tolist()))
    for multilabel in (True, False):
        answers = drawn(multilabel=multilabel)
        for (tag, place), count in np.ndenumerate(confusion.outcomes(answers)):
            assert count == len(set(confusion.rows(answers, TagOutcome(tag, OUTCOMES[place])).tolist()))
        for (missed, given), count in np.ndenumerate(confusion.swaps(answers)):
            assert count == len(set(confusion.rows(answers, Swap(missed, given)).tolist()))


def test_long_sets_are_answered_like_short_ones() -> None:
    """Images are looked at some thousands at a time, and no one is left out at the seams."""
    random = np.random.default_rng(1)
    scores = random.dirichlet(np.ones(3), 20_000).astype(np.float32)
    every = np.ones(len(scores), bool)
    answers = confusion.answers(one_hot(random.integers(0, 3, 20_000), 3), scores, every, 0.5, multilabel=False)
    np.testing.assert_array_equal(metrics.answers(scores, 0.5, multilabel=False), answers.predicted)
