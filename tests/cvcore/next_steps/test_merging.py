"""Two tags are named for merging only if the model does not tell them apart, and what is gained is judged fairly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cvcore import metrics
from cvcore.next_steps.evidence import Evidence
from cvcore.next_steps.merging import merge, told_apart
from tests.cvcore.next_steps.conftest import drawn, evidence


def split(shown: Evidence, tag: int, seed: int = 0) -> Evidence:
    """The same with one tag divided at random into two, between which the model can only guess."""
    random = np.random.default_rng(seed)
    is_second = random.random(len(shown.truth)) < 0.5
    share = random.beta(4, 4, len(shown.truth))
    truth = np.column_stack([shown.truth, shown.truth[:, tag] & is_second])
    truth[:, tag] &= ~is_second
    probabilities = np.column_stack([shown.probabilities, shown.probabilities[:, tag] * share])
    probabilities[:, tag] *= 1 - share
    return evidence(truth, probabilities)


def test_a_tag_divided_at_random_is_found() -> None:
    """The two halves of a tag are the pair, and one tag in their place brings the mean F1 back."""
    whole = drawn((120, 120, 120), clear=6.0)
    step = merge(split(whole, 1))
    assert step is not None
    assert (1, 3) == (step.first, step.second)
    assert int(whole.truth[:, 1].sum()) == step.images
    assert 0.35 < step.apart < 0.65
    assert step.gain.low > 0


def test_the_gain_is_exactly_that_of_one_tag() -> None:
    """After merging the F1 of every tag is that of the undivided set; before, the two count as one with their mean."""
    whole = drawn((120, 120, 120), clear=6.0)
    divided = split(whole, 1)
    step = merge(divided)
    assert step is not None
    after = metrics.rates(metrics.count_answers(whole.truth, whole.answered))[2, :-1]
    before = metrics.rates(metrics.count_answers(divided.truth, divided.answered))[2, :-1]
    expected = after.mean() - np.mean([before[0], before[2], before[[1, 3]].mean()])
    assert expected == pytest.approx(step.gain.expected, abs=0.005)


@pytest.mark.parametrize("clear", [1.0, 2.0, 6.0])
def test_tags_that_are_only_hard_stay_two(clear: float) -> None:
    """A pair that is often mistaken but told apart better than by chance is not named."""
    assert merge(drawn((120, 120, 120), clear=clear)) is None


def test_rare_tags_stay_two() -> None:
    """With a handful of images, being taken for each other is no evidence."""
    assert merge(split(drawn((120, 120, 10), clear=6.0), 2)) is None


def test_two_tags_are_never_one() -> None:
    """Of a project with two tags only, nothing would be left."""
    random = np.random.default_rng(0)
    chance = random.random(200)
    truth = (np.arange(200) % 2)[:, None] == np.arange(2)
    assert merge(evidence(truth, np.column_stack([chance, 1 - chance]))) is None


def test_multilabel_tags_can_want_to_be_one() -> None:
    """In Multilabel the image gets the one tag if it got either."""
    divided = split(drawn((120, 120, 120), clear=6.0), 1)
    step = merge(replace(divided, multilabel=True, thresholds=0.25))
    assert step is not None
    assert (1, 3) == (step.first, step.second)


def test_told_apart_is_the_area_under_the_curve() -> None:
    """The slow definition: of all pairs of images, the share in which the first has the higher score, ties half."""
    random = np.random.default_rng(1)
    scores, is_first = random.integers(0, 6, 40).astype(float), random.random(40) < 0.4
    pairs = [(one > two) + 0.5 * (one == two) for one in scores[is_first] for two in scores[~is_first]]
    area, high = told_apart(scores, is_first, np.arange(40))
    assert np.mean(pairs) == pytest.approx(area)
    assert area < high < told_apart(scores, is_first, np.arange(40), looks=20)[1]
    assert high < told_apart(scores, is_first, np.arange(40) // 2)[1]
