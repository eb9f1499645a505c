"""What mending suspected wrong tags would bring."""

from __future__ import annotations

import math

import numpy as np

from cvcore.array_types import Float64s
from cvcore.evaluation import label_issues
from cvcore.evaluation.label_issues import LabelIssues
from cvcore.metrics.intervals import Z
from cvcore.next_steps import evidence
from cvcore.next_steps.evidence import Evidence
from cvcore.next_steps.label_noise import label_noise
from cvcore.next_steps.steps import ROWS_MOST, Gain, WrongTags

# The formula is no more than near the truth: on the sets of the bench the number was off by so much more, as a share.
MISFIT = 0.15
# With fewer even at the lower end of the interval there may be none.
WRONG_LEAST = 1.0


def wrong_tags(shown: Evidence) -> WrongTags | None:
    """The step of mending those of the listed label issues that are wrong; None if there are none, as a test says.

    The gain is that of the answers to these images alone, which then count as right: a classifier trained on the mended
    tags may be better still. Each issue counts by the probability that it is wrong, so that images that are only hard
    bring nothing. The interval holds that of the rate of wrong tags, the chance of which are wrong, and how rough the
    formula is.
    """
    has_tag = shown.truth.any(axis=1) | shown.multilabel
    if has_tag.sum() < 2 or shown.truth.shape[1] < 2:
        return None
    everything = np.ones(len(shown.truth), np.bool_)
    issues = label_issues.find_label_issues(shown.truth, shown.probabilities, everything, multilabel=shown.multilabel)
    noise = label_noise(shown.truth[has_tag], shown.probabilities[has_tag], multilabel=shown.multilabel)
    if not noise.is_present or not issues.rows.size:
        return None
    places = np.cumsum(has_tag) - 1
    expected, low, high = (
        _of_issues(issues, each, places, multilabel=shown.multilabel)
        for each in (noise.wrong, noise.wrong_low, noise.wrong_high)
    )
    gains = [_gain(shown, issues, each) for each in (expected, low, high)]
    wrong, wrong_low, wrong_high = (float(each.sum()) for each in (expected, low, high))
    chance = float(np.sqrt((expected * (1 - expected)).sum()))
    below, above = (math.hypot(arm, Z * chance, Z * MISFIT * wrong) for arm in (wrong - wrong_low, wrong_high - wrong))
    if wrong - below < WRONG_LEAST:
        return None
    each = gains[0] / wrong
    return WrongTags(
        Gain(gains[0], _bounded(gains[0] - each * below), _bounded(gains[0] + each * above)),
        listed=len(issues.rows),
        evaluated=len(shown.truth),
        wrong=wrong,
        wrong_low=wrong - below,
        wrong_high=min(float(len(issues.rows)), wrong + above),
        rows=tuple(shown.rows[issues.rows][:ROWS_MOST].tolist()),
    )


def _of_issues(issues: LabelIssues, wrong: Float64s, places: np.ndarray, *, multilabel: bool) -> Float64s:
    """The probability that each label issue is one, (m,)."""
    rows = places[issues.rows]
    return np.asarray(wrong[rows, issues.tags] if multilabel else wrong[rows].sum(axis=1))


def _gain(shown: Evidence, issues: LabelIssues, wrong: Float64s) -> float:
    """The change of the mean F1 if each issue is mended with its probability."""
    mended = shown.truth.astype(np.float64)
    if shown.multilabel:
        np.add.at(mended, (issues.rows, issues.tags), np.where(shown.truth[issues.rows, issues.tags], -wrong, wrong))
    else:
        mended[issues.rows] *= 1 - wrong[:, None]
        np.add.at(mended, (issues.rows, issues.tags), wrong)
    before, after = (shown.counts(each, shown.answered).sum(axis=0) for each in (shown.truth, mended))
    return evidence.mean_f1(after) - evidence.mean_f1(before)


def _bounded(difference: float) -> float:
    return float(min(1.0, max(-1.0, difference)))
