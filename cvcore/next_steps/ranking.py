"""All steps for an iteration, and the few that are shown."""

from __future__ import annotations

from collections.abc import Iterable

from cvcore.next_steps.better_thresholds import better_thresholds
from cvcore.next_steps.different_duplicates import different_duplicates
from cvcore.next_steps.evidence import Evidence
from cvcore.next_steps.merging import merge
from cvcore.next_steps.steps import Step
from cvcore.next_steps.wrong_tags import wrong_tags

STEPS_MOST = 5
# Less than this, as a rate, at the lower end is no more than 0.
GAIN_LEAST = 0.001


def from_answers(shown: Evidence) -> list[Step]:
    """The steps that follow from the out-of-fold probabilities alone."""
    if not len(shown.truth):
        return []
    found = (wrong_tags(shown), merge(shown), better_thresholds(shown), different_duplicates(shown))
    return [step for step in found if step is not None]


def ranked(steps: Iterable[Step]) -> tuple[Step, ...]:
    """At most five steps, by the lower end of their gain's interval; those that may bring nothing are left out."""
    certain = [step for step in steps if step.gain.low >= GAIN_LEAST]
    return tuple(sorted(certain, key=lambda step: -step.gain.low)[:STEPS_MOST])
