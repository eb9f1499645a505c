"""Thresholds are judged where they were not chosen, duplicates without choosing the tag that suits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cvcore.next_steps.better_thresholds import better_thresholds
from cvcore.next_steps.different_duplicates import different_duplicates
from cvcore.next_steps.evidence import mean_f1
from cvcore.next_steps.iteration import from_answers, ranked
from cvcore.next_steps.steps import DifferentDuplicates
from tests.cvcore.next_steps.conftest import drawn, evidence


def test_a_threshold_far_off_is_named() -> None:
    """At 99 % few images are answered: another threshold is better, and the interval is above 0."""
    step = better_thresholds(replace(drawn((200, 200, 200), clear=3.0), thresholds=0.99))
    assert step is not None
    assert step.gain.low > 0.05
    assert 0.99 == step.used


@pytest.mark.parametrize("seed", range(4))
def test_at_a_good_threshold_nothing_is_promised(seed: int) -> None:
    """Where any gain is luck of the choice, the interval holds 0, so the step is not shown."""
    step = better_thresholds(replace(drawn((60, 60, 60), clear=3.0, seed=seed), thresholds=0.4))
    assert step is not None
    assert step.gain.low <= 0
    assert () == ranked([step])


def test_duplicates_gain_the_mean_over_their_tags() -> None:
    """Two images of a group, one answered right: tagging both alike makes both right or both wrong."""
    truth = np.array([[True, False], [False, True]] + [[True, False]] * 4 + [[False, True]] * 4)
    probabilities = np.where(truth, 0.9, 0.1)
    probabilities[1] = 0.9, 0.1  # answered as its duplicate is
    groups = np.array([0, 0, *range(1, 9)])
    shown = evidence(truth, probabilities, groups=groups)
    step = different_duplicates(shown)
    assert step is not None
    assert (1, 2) == (step.groups, step.images)
    before = (2 * 5 / (2 * 5 + 1) + 2 * 4 / (2 * 4 + 1)) / 2
    # Each of the two carries either tag with one half: expected counts of the first tag are 5 right, 1 wrong.
    halves = np.array([[5.0, 1, 0], [4, 0, 1]])
    assert mean_f1(halves) - before == pytest.approx(step.gain.expected)


def test_duplicates_that_agree_are_no_step() -> None:
    """Groups that are tagged alike are left alone."""
    truth = np.eye(2, dtype=bool)[np.arange(12) // 6]
    assert different_duplicates(evidence(truth, np.where(truth, 0.9, 0.1), groups=np.arange(12) // 2)) is None


def test_what_is_kept_together_is_no_duplicate() -> None:
    """Images of one day, which a training kept together, may have different tags: only near duplicates may not."""
    truth = np.eye(2, dtype=bool)[np.arange(12) % 2]
    shown = evidence(truth, np.where(truth, 0.9, 0.1), groups=np.arange(12) // 4)
    kinds = [{type(step) for step in from_answers(shown, groups)} for groups in (shown.groups, np.arange(12))]
    assert [True, False] == [DifferentDuplicates in found for found in kinds]
