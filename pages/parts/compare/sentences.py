"""The verdict on two iterations in words: every sentence follows from the one test that it names."""

from __future__ import annotations

from cvcore.evaluation.comparisons import Comparison
from cvcore.wording import count, percent, points
from pages.parts.shell.text import plain, short

NAME_LETTERS = 24
SHOWN = 5
LEAST_PERCENT = 0.001


def headline(comparison: Comparison) -> str:
    """Whether the newer iteration is better, worse or not clearly different, as Markdown."""
    newer, older = (plain(short(each.name, NAME_LETTERS)) for each in (comparison.newer, comparison.older))
    verdict = comparison.right.verdict
    if verdict == "may be chance":
        return f"No clear difference between {newer} and {older}"
    return f"{newer} is {verdict} than {older}"


def evidence(comparison: Comparison) -> str:
    """At which thresholds, the counts behind the verdict, and the test's probability, as Markdown."""
    right, at = comparison.right, _at(comparison.threshold)
    if not right.only_first and not right.only_second:
        return f"{at}, both have the same {right.first:,} of {count(right.images, 'image')} right."
    changed = f"{at}: **{count(right.only_first, 'image')} fixed, {right.only_second:,} broken**, of {right.images:,}. "
    if (right.groups_first, right.groups_second) != (right.only_first, right.only_second):
        changed += f"Near duplicates count once: {right.groups_first:,} against {right.groups_second:,}. "
    return (
        f"{changed}Chance alone would do that in {_percent(right.p_value)} of cases; under 5 % counts as a difference "
        "(exact McNemar test)."
    )


def _at(threshold: float | None) -> str:
    if threshold is not None:
        return f"Both at {100 * threshold:.0f} %"
    return "Each at its own thresholds, chosen on other images than those counted"


def mean(comparison: Comparison, row: int, name: str) -> str:
    """The difference of a rate's mean with its interval, and why the verdict may say something else."""
    differences = comparison.differences
    value, low, high = (numbers[row, -1] for numbers in (differences.value, differences.low, differences.high))
    return (
        f"Mean {name}: {percent(differences.second[row, -1])} before, {percent(differences.first[row, -1])} now, "
        f"{points(value)} points, likely {points(low)} to {points(high)} (95 % interval). The mean gives every tag "
        "the same weight, the verdict every image."
    )


def notes(comparison: Comparison) -> str:
    """Sentences on what is compared and what is left out."""
    sentences = [f"Compared on the {count(comparison.images, 'image')} that both evaluated."]
    if comparison.retagged:
        sentences.append(f"{count(comparison.retagged, 'image')} had other tags before: the newer tags count.")
    if comparison.only_some:
        names = ", ".join(plain(short(name, NAME_LETTERS)) for name in comparison.only_some[:SHOWN])
        more = ", …" if len(comparison.only_some) > SHOWN else ""
        sentences.append(f"Tags that only one of them knows are left out: {names}{more}.")
    if comparison.left_out:
        sentences.append(f"{count(comparison.left_out, 'image')} with such a tag are left out.")
    return " ".join(sentences)


def _percent(probability: float) -> str:
    """A probability in per cent with three digits, so that 4.95 % and 5.01 % differ.

    >>> _percent(0.0495), _percent(1.0), _percent(1e-9)
    ('4.95 %', '100 %', 'under 0.001 %')
    """
    return f"{100 * probability:.3g} %" if 100 * probability >= LEAST_PERCENT else f"under {LEAST_PERCENT} %"
