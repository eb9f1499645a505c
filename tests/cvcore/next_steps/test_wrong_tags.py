"""Wrong tags are counted, not only suspected: hard images are no wrong tags."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cvcore.evaluation import label_issues
from cvcore.next_steps.evidence import Evidence, mean_f1
from cvcore.next_steps.label_noise import label_noise
from cvcore.next_steps.wrong_tags import wrong_tags
from tests.cvcore.next_steps.conftest import drawn, evidence


def planted(shown: Evidence, share: float, seed: int = 1) -> tuple[Evidence, np.ndarray]:
    """The same with some tags wrong, and which images (n,) they are on."""
    random = np.random.default_rng(seed)
    is_wrong = random.random(len(shown.truth)) < share
    truth = shown.truth.copy()
    for row in np.flatnonzero(is_wrong):
        if shown.multilabel:
            truth[row, random.integers(truth.shape[1])] ^= True
        else:
            truth[row] = np.roll(truth[row], random.integers(1, truth.shape[1]))
    return replace(shown, truth=truth), is_wrong


@pytest.mark.parametrize("clear", [1.0, 2.5, 6.0])
def test_images_that_are_only_hard_are_no_wrong_tags(clear: float) -> None:
    """On images of any difficulty, all tagged by their true probabilities, nothing is said of the suspects listed."""
    shown = drawn((200, 200, 200), clear=clear)
    everything = np.ones(600, bool)
    assert label_issues.find_label_issues(shown.truth, shown.probabilities, everything, multilabel=False).rows.size
    assert wrong_tags(shown) is None


@pytest.mark.parametrize("share", [0.04, 0.1, 0.2])
@pytest.mark.parametrize("tags", [2, 5])
def test_as_many_as_were_planted_are_expected(tags: int, share: float) -> None:
    """Of planted wrong tags those that can be found are expected, within the interval."""
    shown, is_wrong = planted(drawn((1000 // tags,) * tags, clear=6.0), share)
    step = wrong_tags(shown)
    assert step is not None
    listed = label_issues.find_label_issues(
        shown.truth, shown.probabilities, np.ones(len(is_wrong), bool), multilabel=False
    )
    assert step.listed == len(listed.rows)
    assert step.wrong_low <= is_wrong[listed.rows].sum() <= step.wrong_high


def test_the_gain_is_that_of_the_answers_when_all_are_mended() -> None:
    """What the step promises is what counting the answers again brings, once the planted tags are mended."""
    true = drawn((300, 300, 300), clear=7.0)
    shown, is_wrong = planted(true, 0.08)
    step = wrong_tags(shown)
    assert step is not None
    before, after = (mean_f1(each.counts(each.truth, each.answered).sum(axis=0)) for each in (shown, true))
    assert step.gain.low < after - before < step.gain.high
    assert is_wrong.sum() == pytest.approx(step.wrong, rel=0.25)


def test_a_multilabel_tag_can_be_missing_or_needless() -> None:
    """Planted cells of both kinds are expected, the tags' own rates being fitted."""
    random = np.random.default_rng(0)
    probabilities = 1 / (1 + np.exp(-random.normal(-3, 4, (600, 4))))
    truth = random.random(probabilities.shape) < probabilities
    assert not label_noise(truth, probabilities, multilabel=True).is_present
    wrong = random.random(truth.shape) < 0.04
    noise = label_noise(truth ^ wrong, probabilities, multilabel=True)
    assert noise.is_present
    assert noise.wrong_low.sum() < noise.wrong.sum() < noise.wrong_high.sum()
    assert wrong.sum() == pytest.approx(noise.wrong.sum(), abs=2 * wrong.sum() ** 0.5)


def test_the_order_of_images_and_tags_changes_nothing() -> None:
    """Neither the expected number nor the gain depends on it."""
    shown, _ = planted(drawn((100, 100, 100), clear=6.0), 0.1)
    rows, columns = np.random.default_rng(3).permutation(300), [2, 0, 1]
    other = evidence(shown.truth[rows][:, columns], shown.probabilities[rows][:, columns])
    one, two = wrong_tags(shown), wrong_tags(other)
    assert one is not None
    assert two is not None
    assert one.wrong == pytest.approx(two.wrong, rel=1e-3)
    assert one.gain.expected == pytest.approx(two.gain.expected, rel=1e-3)


def test_nothing_is_said_of_almost_nothing() -> None:
    """One image, or one tag, is no evidence."""
    assert wrong_tags(evidence(np.ones((1, 2), bool), np.full((1, 2), 0.5), multilabel=True)) is None
    assert wrong_tags(evidence(np.ones((6, 1), bool), np.full((6, 1), 0.5), multilabel=True)) is None
