"""Two iterations on the same images: against SciPy, by hand, and by what must not matter."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from cvcore.metrics import paired_comparison


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (3, 9), (7, 7), (100, 140), (5000, 5200)])
def test_mcnemar_is_the_binomial_test(first: int, second: int) -> None:
    """SciPy's exact test of a fair coin says the same; without any pair there is no evidence."""
    expected = binomtest(first, first + second, 0.5).pvalue if first + second else 1.0
    assert pytest.approx(expected, abs=1e-9) == paired_comparison.mcnemar(first, second)
    assert paired_comparison.mcnemar(first, second) == paired_comparison.mcnemar(second, first)


@pytest.mark.parametrize("ahead", range(9))
def test_the_interval_and_the_exact_test_agree(ahead: int) -> None:
    """Of 60 images so many that one alone finds: six convince both the interval and McNemar, five neither."""
    truth = np.ones((60, 1), bool)
    second = np.arange(60)[:, None] >= ahead
    computed = paired_comparison.differences(truth, truth, second, np.arange(60))
    exact = paired_comparison.right_answers(truth, truth, second, np.arange(60))
    assert (ahead >= 6) == (computed.low[1, -1] > 0) == (exact.p_value < 0.05) == (exact.verdict == "better")


def test_by_hand_and_the_other_way_round() -> None:
    """Rates, their means and differences; exchanged, every sign turns."""
    truth = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], bool)
    first, second = truth, np.array([[1, 0], [0, 1], [0, 1], [0, 1]], bool)
    computed, turned = (
        paired_comparison.differences(truth, *each, np.arange(4)) for each in ((first, second), (second, first))
    )
    np.testing.assert_allclose([[0, 1 / 3, 1 / 6], [0.5, 0, 0.25]], computed.value[:2])
    np.testing.assert_allclose(-computed.value, turned.value)
    np.testing.assert_allclose(-computed.low, turned.high)


def test_near_duplicates_count_as_one() -> None:
    """Eight copies that all speak for one side are one witness; eight images are eight."""
    truth, second = np.ones((60, 1), bool), np.arange(60)[:, None] >= 8
    copies = np.maximum(np.arange(60), 8)
    alone, together = (
        paired_comparison.differences(truth, truth, second, groups) for groups in (np.arange(60), copies)
    )
    assert alone.low[1, 0] > 0 > together.low[1, 0]
    exact = paired_comparison.right_answers(truth, truth, second, copies)
    assert (8, 1, 1.0) == (exact.only_first, exact.groups_first, exact.p_value)


def test_the_verdict_is_that_of_the_groups() -> None:
    """Nine copies of one image for one side, eight images for the other: eight to one, so the other is better."""
    truth = np.ones((17, 1), bool)
    first = np.arange(17)[:, None] < 9
    exact = paired_comparison.right_answers(truth, first, ~first, np.maximum(np.arange(17), 8))
    assert (9, 8, 1, 8) == (exact.only_first, exact.only_second, exact.groups_first, exact.groups_second)
    assert pytest.approx(binomtest(1, 9).pvalue) == exact.p_value
    assert "worse" == exact.verdict


@pytest.mark.parametrize("seed", range(20))
def test_right_answers_against_a_slow_twin(seed: int) -> None:
    """Image by image and group by group, straight from the definition; exchanged, the verdict turns."""
    random = np.random.default_rng(seed)
    images, tags = 60, int(random.integers(1, 4))
    truth, first, second = random.random((3, images, tags)) < np.array([0.5, 0.4 + seed / 50, 0.5])[:, None, None]
    second = np.where(random.random((images, tags)) < 0.8, truth, second)
    groups = random.integers(0, 40, images)
    exact = paired_comparison.right_answers(truth, first, second, groups)
    right = [[all(one == other) for one, other in zip(truth, answered, strict=True)] for answered in (first, second)]
    ahead = dict.fromkeys(groups.tolist(), 0)
    for group, one, other in zip(groups.tolist(), *right, strict=True):
        ahead[group] += int(one) - int(other)
    assert (sum(right[0]), sum(right[1])) == (exact.first, exact.second)
    assert sum(one and not other for one, other in zip(*right, strict=True)) == exact.only_first
    assert sum(other and not one for one, other in zip(*right, strict=True)) == exact.only_second
    assert exact.only_first - exact.only_second == exact.first - exact.second
    assert sum(each > 0 for each in ahead.values()) == exact.groups_first
    assert sum(each < 0 for each in ahead.values()) == exact.groups_second
    turned = paired_comparison.right_answers(truth, second, first, groups)
    assert {"better": "worse", "worse": "better"}.get(exact.verdict, exact.verdict) == turned.verdict


def test_undefined_is_left_out_of_the_mean() -> None:
    """A tag that one never answers has no precision, and the mean is that of the other tags."""
    truth = np.array([[1, 0], [0, 1]] * 5, bool)
    second = truth & [True, False]
    computed = paired_comparison.differences(truth, truth, second, np.arange(10))
    assert np.isnan(computed.value[0, 1])
    assert 0 == computed.value[0, -1]
