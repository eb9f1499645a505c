"""The verdict on two iterations in words: every sentence follows from the one test that it names."""

from __future__ import annotations

from cvcore import languages
from cvcore.evaluation.comparisons import Comparison
from cvcore.languages import marked, number, t, tn
from cvcore.metrics.paired_comparison import Verdict
from cvcore.wording import percent, points, whole_percent
from pages.parts.shell.text import plain, short

NAME_LETTERS = 24
SHOWN = 5
LEAST_PERCENT = 0.001

HEADLINES: dict[Verdict, str] = {
    "better": marked("{newer} is better than {older}"),
    "worse": marked("{newer} is worse than {older}"),
    "may be chance": marked("No clear difference between {newer} and {older}"),
}


def headline(comparison: Comparison) -> str:
    """Whether the newer iteration is better, worse or not clearly different, as Markdown."""
    newer, older = (plain(short(each.name, NAME_LETTERS)) for each in (comparison.newer, comparison.older))
    return t(HEADLINES[comparison.right.verdict], newer=newer, older=older)


def evidence(comparison: Comparison) -> str:
    """At which thresholds, the counts behind the verdict, and the test's probability, as Markdown."""
    right = comparison.right
    if not right.only_first and not right.only_second:
        return _same(right.first, right.images, comparison.threshold)
    told = [
        t(
            "{at}: **{fixed}, {broken} broken**, of {all}.",
            at=_at(comparison.threshold),
            fixed=tn(right.only_first, "{n} image fixed", "{n} images fixed"),
            broken=number(right.only_second),
            all=number(right.images),
        )
    ]
    if (right.groups_first, right.groups_second) != (right.only_first, right.only_second):
        groups = {"fixed": number(right.groups_first), "broken": number(right.groups_second)}
        told.append(t("Near duplicates count once: {fixed} against {broken}.", **groups))
    told.append(
        t(
            "Chance alone would do that in {probability} of cases; under {least} counts as a difference (exact McNemar "
            "test).",
            probability=_percent(right.p_value),
            least=languages.percent("5"),
        )
    )
    return " ".join(told)


def _same(right: int, images: int, threshold: float | None) -> str:
    if threshold is None:
        return tn(
            images,
            "Each at its own thresholds, chosen on other images than those counted, both have the same {right} of {n} "
            "image right.",
            "Each at its own thresholds, chosen on other images than those counted, both have the same {right} of {n} "
            "images right.",
            right=number(right),
        )
    return tn(
        images,
        "Both at {threshold}, both have the same {right} of {n} image right.",
        "Both at {threshold}, both have the same {right} of {n} images right.",
        threshold=whole_percent(threshold),
        right=number(right),
    )


def _at(threshold: float | None) -> str:
    if threshold is not None:
        return t("Both at {threshold}", threshold=whole_percent(threshold))
    return t("Each at its own thresholds, chosen on other images than those counted")


def mean(comparison: Comparison, row: int) -> str:
    """The difference of a rate's mean with its interval, and why the verdict may say something else."""
    differences = comparison.differences
    value, low, high = (numbers[row, -1] for numbers in (differences.value, differences.low, differences.high))
    return t(
        "{mean}: {before} before, {now} now, {difference} points, likely {low} to {high} (95 % interval). The mean "
        "gives every tag the same weight, the verdict every image.",
        mean=(t("Mean precision"), t("Mean recall"), t("Mean F1"))[row],
        before=percent(differences.second[row, -1]),
        now=percent(differences.first[row, -1]),
        difference=points(value),
        low=points(low),
        high=points(high),
    )


def notes(comparison: Comparison) -> str:
    """Sentences on what is compared and what is left out."""
    sentences = [
        tn(
            comparison.images,
            "Compared on the {n} image that both evaluated.",
            "Compared on the {n} images that both evaluated.",
        )
    ]
    if comparison.retagged:
        sentences.append(
            tn(
                comparison.retagged,
                "{n} image had other tags before: the newer tags count.",
                "{n} images had other tags before: the newer tags count.",
            )
        )
    if comparison.only_some:
        names = ", ".join(plain(short(name, NAME_LETTERS)) for name in comparison.only_some[:SHOWN])
        more = ", …" if len(comparison.only_some) > SHOWN else ""
        sentences.append(t("Tags that only one of them knows are left out: {tags}.", tags=names + more))
    if comparison.left_out:
        sentences.append(
            tn(
                comparison.left_out,
                "{n} image with such a tag is left out.",
                "{n} images with such a tag are left out.",
            )
        )
    return " ".join(sentences)


def _percent(probability: float) -> str:
    """A probability in per cent with three digits, so that 4.95 % and 5.01 % differ.

    >>> _percent(0.0495), _percent(1.0), _percent(1e-9)
    ('4.95 %', '100 %', 'under 0.001 %')
    """
    if 100 * probability < LEAST_PERCENT:
        return t("under {least}", least=languages.percent(languages.decimal(LEAST_PERCENT, 3)))
    digits = f"{100 * probability:.3g}"
    return languages.percent(languages.decimal(float(digits), len(digits.partition(".")[2])))
