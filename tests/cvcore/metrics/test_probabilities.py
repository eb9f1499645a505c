"""Probabilities, logits and entropies are right, and stay finite where a naive formula overflows."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.metrics import probabilities


@pytest.mark.parametrize("multilabel", [False, True])
def test_logits_and_probabilities_undo_each_other(multilabel: bool) -> None:
    """From probabilities to logits and back is where one began."""
    drawn = np.random.default_rng(1).random((50, 4)) + 0.01
    drawn /= drawn.sum(axis=1, keepdims=True)
    logits = probabilities.logits(drawn, multilabel=multilabel)
    np.testing.assert_allclose(drawn, probabilities.from_logits(logits, multilabel=multilabel), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("multilabel", [False, True])
def test_no_logit_overflows(dtype: type, multilabel: bool) -> None:
    """Logits of any size give probabilities of their own dtype; a warning would fail the test."""
    largest = np.finfo(dtype).max / 4
    shares = probabilities.from_logits(np.array([[largest, -largest, 0]], dtype), multilabel=multilabel)
    assert [[1, 0, 0.5 if multilabel else 0]] == shares.tolist()
    assert dtype == shares.dtype


def test_the_sigmoid_is_the_textbook_formula() -> None:
    """1 / (1 + exp(-x)), where that can be computed."""
    x = np.linspace(-30, 30, 201)
    np.testing.assert_allclose(1 / (1 + np.exp(-x)), probabilities.sigmoid(x), rtol=1e-14)


def test_probabilities_of_0_and_1_have_finite_logits() -> None:
    """They count as 1e-7 and 1 - 1e-7."""
    edge = np.log(1 - 1e-7) - np.log(1e-7)
    np.testing.assert_allclose([[-edge, edge]], probabilities.logits(np.array([[0.0, 1.0]]), multilabel=True))
    np.testing.assert_allclose(
        [[np.log(1e-7), np.log(1 - 1e-7)]], probabilities.logits(np.array([[0.0, 1.0]]), multilabel=False)
    )


def test_cross_entropy_of_a_sure_wrong_answer_is_finite() -> None:
    """A probability of 0 counts as 1e-7; a sure right answer costs nothing; nan stays nan."""
    truth = np.array([[True, False]] * 3)
    scores = np.array([[0.0, 1.0], [1.0, 0.0], [np.nan, np.nan]])
    multiclass = probabilities.cross_entropy(truth, scores, multilabel=False)
    np.testing.assert_allclose([-np.log(1e-7), 0, np.nan], multiclass)
    np.testing.assert_allclose(2 * multiclass, probabilities.cross_entropy(truth, scores, multilabel=True))


def test_entropy_is_largest_where_all_tags_are_equally_likely() -> None:
    """log2 of the number of tags in Multiclass, a bit a tag in Multilabel, 0 for a sure answer."""
    assert 2 == probabilities.entropy(np.full(4, 0.25), multilabel=False)
    assert 4 == probabilities.entropy(np.full(4, 0.5), multilabel=True)
    assert (
        0 == probabilities.entropy([1.0, 0.0], multilabel=False) == probabilities.entropy([1.0, 0.0], multilabel=True)
    )
