"""Slices as JSON and as sentences."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from cvcore import image_facts
from cvcore.evaluation import report_files
from cvcore.languages import number, t, tn
from cvcore.slices.conditions import Condition
from cvcore.slices.iteration import SliceNumbers
from cvcore.slices.worst_slices import FALSE_DISCOVERIES, GROUPS_LEAST, IMAGES_LEAST, Finding, WorstSlices
from cvcore.wording import percent

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
    low, high = finding.interval
    here, there = percent(finding.wrong / finding.images), percent(finding.rest_wrong / finding.rest_images)
    return t(
        "{slice}: {wrong} of {images} answers are wrong ({here}), of the other images {rest_wrong} of {rest_images} "
        "({there}). Among images of the same tags that is {more} points more ({low} to {high}).",
        slice=heading_of((finding.condition, *finding.same[:2])),
        wrong=number(finding.wrong),
        images=number(finding.images),
        here=here,
        rest_wrong=number(finding.rest_wrong),
        rest_images=number(finding.rest_images),
        there=there,
        more=_points(finding.difference),
        low=_points(low),
        high=_points(high),
    )


def summary(found: WorstSlices) -> str:
    """What was looked at, and how a slice gets into the list, in a few sentences."""
    told = [_looked_at(found)]
    if found.too_small:
        told.append(
            tn(
                found.too_small,
                "{n} other value has too few images to judge (fewer than {images}, or fewer than {groups} that can be "
                "compared with images of the same tags).",
                "{n} other values have too few images to judge (fewer than {images}, or fewer than {groups} that can "
                "be compared with images of the same tags).",
                images=IMAGES_LEAST,
                groups=GROUPS_LEAST,
            )
        )
    return " ".join(told)


def _looked_at(found: WorstSlices) -> str:
    if not found.looked_at:
        return t("There is no slice to look at yet.")
    if not found.findings:
        return tn(
            found.looked_at,
            "{n} slice was looked at; none does worse than others by more than chance and its tags explain.",
            "{n} slices were looked at; none does worse than others by more than chance and its tags explain.",
        )
    return tn(
        found.looked_at,
        "{n} slice was looked at. Listed are those with more wrong answers than images of the same tags elsewhere, by "
        "more than chance explains after so many looks; of near duplicates one counts.",
        "{n} slices were looked at. Listed are those with more wrong answers than images of the same tags elsewhere, "
        "by more than chance explains after so many looks; of near duplicates one counts.",
    )


def heading_of(conditions: Sequence[Condition]) -> str:
    """Conditions in words.

    >>> from cvcore.slices.conditions import Condition
    >>> heading_of([Condition("day", "Mon"), Condition("light", "dark")])
    'day=Mon and light=dark'
    """
    said = [
        _short(f"{image_facts.said_key(each.key)}={image_facts.said_value(each.key, each.value)}")
        for each in conditions
    ]
    return functools.reduce(_with, said[1:], said[0]) if said else ""


def _with(first: str, second: str) -> str:
    return t("{first} and {second}", first=first, second=second)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"


def _points(difference: float) -> str:
    return f"{round(100 * difference) or 0}".replace("-", "−")
