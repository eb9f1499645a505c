"""Robustness in words and as JSON, as `tagwise robustness --json` prints it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cvcore import evaluation
from cvcore.domains import TURN_DEGREES
from cvcore.languages import marked, number, t
from cvcore.metrics.paired_comparison import RATES
from cvcore.records import Iteration
from cvcore.robustness.changes import BY_NAME, CONDITIONS
from cvcore.robustness.findings import Finding, findings
from cvcore.robustness.measurement import Measurement
from cvcore.robustness.numbers import Numbers
from cvcore.store import Store
from cvcore.wording import none_for_nan, percent

TURNED_FAR = marked("add images turned like that; Advanced does so with Turn any way switched on")
ADVICE = {
    "turned": marked("add images turned like that; Advanced turns some while it trains"),
    "darker": marked("add images taken in less light; Advanced varies the light while it trains"),
    "brighter": marked("add images taken in more light; Advanced varies the light while it trains"),
    "blurred": marked("add blurred images, or answer only sharp ones"),
    "shrunk": marked("add small images, or go closer"),
    "covered": marked("add images where something stands in front; Advanced covers parts while it trains"),
    "noisy": marked("add images taken with little light, where cameras are noisy"),
    "compressed": marked("add images saved like that, or save with a higher quality"),
}

# What falls, of a tag and of all: without advice, and with it.
_RECALL = (
    marked("{changed}: recall of {tag} falls from {before} to {after} (by {low} to {high} points)."),
    marked("{changed}: recall of {tag} falls from {before} to {after} (by {low} to {high} points): {advice}."),
)
_PRECISION = (
    marked("{changed}: precision of {tag} falls from {before} to {after} (by {low} to {high} points)."),
    marked("{changed}: precision of {tag} falls from {before} to {after} (by {low} to {high} points): {advice}."),
)
_RECALL_OF_ALL = (
    marked("{changed}: recall of all tags falls from {before} to {after} (by {low} to {high} points)."),
    marked("{changed}: recall of all tags falls from {before} to {after} (by {low} to {high} points): {advice}."),
)
_PRECISION_OF_ALL = (
    marked("{changed}: precision of all tags falls from {before} to {after} (by {low} to {high} points)."),
    marked("{changed}: precision of all tags falls from {before} to {after} (by {low} to {high} points): {advice}."),
)


def finding_sentence(finding: Finding, names: Sequence[str], *, with_advice: bool = True) -> str:
    """What falls, from what to what, and what can be done; `names` are those of the columns."""
    far = finding.change == "turned" and finding.strength > 2 * TURN_DEGREES
    changed = BY_NAME[finding.change].in_words(finding.strength)
    low, high = (round(-100 * end) for end in (finding.high, finding.low))
    if finding.tag == -1:
        messages = _RECALL_OF_ALL if finding.measure == "recall" else _PRECISION_OF_ALL
    else:
        messages = _RECALL if finding.measure == "recall" else _PRECISION
    return t(
        messages[with_advice],
        changed=changed[0].upper() + changed[1:],
        tag=names[finding.tag],
        before=percent(finding.before),
        after=percent(finding.after),
        low=low,
        high=high,
        advice=t(TURNED_FAR if far else ADVICE[finding.change]),
    )


def scope(store: Store, iteration: Iteration, measurement: Measurement) -> str:
    """On which images the numbers rest, of how many that were evaluated, and whose they are."""
    evaluated = int(np.count_nonzero(evaluation.load(store, iteration).evaluated))
    return scope_of(measurement, evaluated, is_advanced=store.trainings.options(iteration.id).is_advanced)


def scope_of(measurement: Measurement, evaluated: int, *, is_advanced: bool) -> str:
    """The same, for an iteration of which so many images were evaluated, trained by Advanced or not."""
    used, is_own = len(measurement.rows), bool(measurement.is_own)
    if used < evaluated:
        told = t(
            "{used} of {evaluated} evaluated images, about as many of each tag, were drawn by chance, changed and "
            "judged again. Unchanged, their numbers are not quite those under Numbers, where every image counts and a "
            "common tag more than a rare one.",
            used=number(used),
            evaluated=number(evaluated),
        )
    elif is_own:
        return t(
            "All {n} evaluated images were changed and judged again, each by a classifier that was not trained on it.",
            n=number(used),
        )
    else:
        told = t("All {n} evaluated images were changed and judged again.", n=number(used))
    return f"{told} {_judges(is_own=is_own, is_advanced=is_advanced)}"


def _judges(*, is_own: bool, is_advanced: bool) -> str:
    """Who judged them."""
    if is_own:
        return t("Each was judged by a classifier that was not trained on it.")
    if is_advanced:
        return t(
            "Advanced keeps no network that was not trained on them, so these are numbers of Quick, on the network "
            "that Advanced began with. Advanced trains on changed images and may stand more."
        )
    return t(
        "They were judged by classifiers that were fitted again, because an older Tagwise trained this iteration: even "
        "unchanged, the numbers differ a little from those under Numbers."
    )


def numbers_json(measurement: Measurement, numbers: Numbers, names: Sequence[str]) -> dict[str, Any]:
    """The numbers of every tag and overall under every change, and the findings; undefined numbers are None."""
    return {
        "images": len(measurement.rows),
        "own_classifiers": bool(measurement.is_own),
        "overall": _column(numbers, -1),
        "tags": [
            {"name": name, "images": int(numbers.images[tag])} | _column(numbers, tag) for tag, name in enumerate(names)
        ],
        "findings": [_finding(finding, names) for finding in (*findings(numbers, overall=True), *findings(numbers))],
    }


def _column(numbers: Numbers, tag: int) -> dict[str, Any]:
    return {
        "unchanged": _rates(numbers, 0, tag),
        "changed": [
            {"change": change.name, "strength": strength, "image": change.in_words(strength)}
            | _rates(numbers, 1 + condition, tag)
            | _differences(numbers, condition, tag)
            for condition, (change, strength) in enumerate(CONDITIONS)
        ],
    }


def _rates(numbers: Numbers, condition: int, tag: int) -> dict[str, Any]:
    rates: dict[str, Any] = {}
    for row, name in enumerate(RATES):
        rates[name] = none_for_nan(numbers.values[row, condition, tag])
        rates[f"{name}_interval"] = [none_for_nan(each[row, condition, tag]) for each in (numbers.low, numbers.high)]
    return rates


def _differences(numbers: Numbers, condition: int, tag: int) -> dict[str, Any]:
    ends = numbers.change_low, numbers.change_high
    changes: dict[str, Any] = {}
    for row, name in enumerate(RATES):
        changes[f"{name}_change"] = none_for_nan(numbers.change[row, condition, tag])
        changes[f"{name}_change_interval"] = [none_for_nan(each[row, condition, tag]) for each in ends]
    return changes


def _finding(finding: Finding, names: Sequence[str]) -> dict[str, Any]:
    name = names[finding.tag] if finding.tag >= 0 else None
    return {
        "tag": name,
        "change": finding.change,
        "strength": finding.strength,
        "measure": finding.measure,
        "before": finding.before,
        "after": finding.after,
        "change_interval": [finding.low, finding.high],
        "images": finding.images,
        "sentence": finding_sentence(finding, names),
    }
