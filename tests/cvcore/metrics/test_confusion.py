"""What was taken for what: by hand, against scikit-learn, and what must hold for any answers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import multilabel_confusion_matrix

from cvcore import metrics
from cvcore.errors import InvalidInput
from cvcore.metrics import confusion
from cvcore.metrics.confusion import Answers


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


def test_swaps_by_hand() -> None:
    """Two tags missed and one given wrongly are two swaps; a miss without a wrong answer is none."""
    truth = np.array([[True, True, False], [True, False, False], [False, True, False]])
    scores = np.array([[0.1, 0.2, 0.9], [0.1, 0.1, 0.1], [0.8, 0.1, 0.7]])
    answers = confusion.answers(truth, scores, np.ones(3, bool), 0.5, multilabel=True)
    assert [[0, 0, 1], [1, 0, 2], [0, 0, 0]] == confusion.swaps(answers).tolist()


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
    """An iteration without any evaluated image has empty tables."""
    truth, scores, none = one_hot([0, 1], 2), np.full((2, 2), np.nan), np.zeros(2, bool)
    for multilabel in (True, False):
        answers = confusion.answers(truth, scores, none, 0.5, multilabel=multilabel)
        assert 0 == confusion.outcomes(answers).sum() == confusion.swaps(answers).sum()


# Against a second implementation


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


def test_long_sets_are_answered_like_short_ones() -> None:
    """Images are looked at some thousands at a time, and no one is left out at the seams."""
    random = np.random.default_rng(1)
    scores = random.dirichlet(np.ones(3), 20_000).astype(np.float32)
    every = np.ones(len(scores), bool)
    answers = confusion.answers(one_hot(random.integers(0, 3, 20_000), 3), scores, every, 0.5, multilabel=False)
    np.testing.assert_array_equal(metrics.answers(scores, 0.5, multilabel=False), answers.predicted)
