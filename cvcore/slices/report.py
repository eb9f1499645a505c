"""Slices as JSON and as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cvcore.evaluation import report_files
from cvcore.slices.conditions import Condition
from cvcore.slices.iteration import SliceNumbers
from cvcore.slices.worst_slices import FALSE_DISCOVERIES, GROUPS_LEAST, IMAGES_LEAST, Finding, WorstSlices
from cvcore.wording import count, percent

LETTERS = 80


def slice_json(found: SliceNumbers) -> dict[str, Any]:
    """What identifies a slice, and its counts beside the rest's, in a command's JSON."""
    return {
        "conditions": [{"key": each.key, "value": each.value} for each in found.conditions],
        "images": found.report.overall.images,
        "wrong": found.wrong,
        "rest": {
            "images": found.rest.overall.images,
            "wrong": found.rest_wrong,
            "overall": report_files.rates_json(found.rest.overall),
        },
    }


def worst_json(found: WorstSlices) -> dict[str, Any]:
    """The slices that do worst in a command's JSON, the worst first."""
    return {
        "looked_at": found.looked_at,
        "too_small": found.too_small,
        "false_discovery_rate": FALSE_DISCOVERIES,
        "slices": [_finding_json(each) for each in found.findings],
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "key": finding.condition.key,
        "value": finding.condition.value,
        "same": [{"key": each.key, "value": each.value} for each in finding.same],
        "images": finding.images,
        "wrong": finding.wrong,
        "groups": finding.groups,
        "rest": {"images": finding.rest_images, "wrong": finding.rest_wrong},
        "difference": finding.difference,
        "difference_interval": list(finding.interval),
        "p_value": finding.p_value,
        "adjusted_p_value": finding.rate,
        "sentence": sentence(finding),
    }


def sentence(finding: Finding) -> str:
    """What a finding is, in one sentence with its counts.

    >>> from cvcore.slices.conditions import Condition
    >>> print(sentence(Finding(Condition("day", "Mon"), (), 60, 21, 60, 340, 34, 0.25, (0.1, 0.4), 0.001, 0.03)))
    day=Mon: 21 of 60 answers are wrong (35.0 %), of the other images 34 of 340 (10.0 %). \
Among images of the same tags that is 25 points more (10 to 40).
    """
    names = " and ".join(_short(str(each)) for each in (finding.condition, *finding.same[:2]))
    low, high = finding.interval
    here, there = percent(finding.wrong / finding.images), percent(finding.rest_wrong / finding.rest_images)
    return (
        f"{names}: {finding.wrong:,} of {finding.images:,} answers are wrong ({here}), "
        f"of the other images {finding.rest_wrong:,} of {finding.rest_images:,} ({there}). "
        f"Among images of the same tags that is {_points(finding.difference)} points more "
        f"({_points(low)} to {_points(high)})."
    )


def summary(found: WorstSlices) -> str:
    """What was looked at, and how a slice gets into the list, in a few sentences."""
    too_small = (
        f" {count(found.too_small, 'other value')} {'has' if found.too_small == 1 else 'have'} too few images to judge "
        f"(fewer than {IMAGES_LEAST}, or fewer than {GROUPS_LEAST} that can be compared with images of the same tags)."
        if found.too_small
        else ""
    )
    if not found.looked_at:
        return f"There is no slice to look at yet.{too_small}"
    looked = f"{count(found.looked_at, 'slice')} {'was' if found.looked_at == 1 else 'were'} looked at"
    if not found.findings:
        return f"{looked}; none does worse than others by more than chance and its tags explain.{too_small}"
    return (
        f"{looked}. Listed are those with more wrong answers than images of the same tags elsewhere, by more than "
        f"chance explains after so many looks; of near duplicates one counts.{too_small}"
    )


def heading_of(conditions: Sequence[Condition]) -> str:
    """Conditions in words.

    >>> from cvcore.slices.conditions import Condition
    >>> heading_of([Condition("day", "Mon"), Condition("light", "dark")])
    'day=Mon and light=dark'
    """
    return " and ".join(_short(str(each)) for each in conditions)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"


def _points(difference: float) -> str:
    return f"{round(100 * difference) or 0}".replace("-", "−")
