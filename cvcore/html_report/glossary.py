"""What the report's numbers mean, each term said with the report's own counts."""

from __future__ import annotations

from collections.abc import Sequence

from cvcore.languages import t, tn
from cvcore.metrics.reports import TagReport
from cvcore.records import Thresholds
from cvcore.wording import whole_percent


def glossary(tags: Sequence[TagReport], threshold: Thresholds) -> list[tuple[str, str]]:
    """Each term with what it means, said with the counts of these tags at that threshold."""
    tp, fp, fn = (sum(getattr(tag, name) for tag in tags) for name in ("tp", "fp", "fn"))
    answers, carried = tn(tp + fp, "{n} answer", "{n} answers"), tn(tp + fn, "{n} tag", "{n} tags")
    return [
        (
            t("Threshold"),
            t(
                "The least probability of an answer, here {threshold}; below it there is no answer.",
                threshold=in_words(threshold),
            ),
        ),
        (
            t("Precision"),
            tn(
                tp,
                "How many answers are right: of {answers} in all, {n} was right.",
                "How many answers are right: of {answers} in all, {n} were right.",
                answers=answers,
            ),
        ),
        (
            t("Recall"),
            tn(
                tp,
                "How many tags are found: of {tags} that the images carry, {n} was found.",
                "How many tags are found: of {tags} that the images carry, {n} were found.",
                tags=carried,
            ),
        ),
        (t("F1"), t("Precision and recall in one number, which is high only where both are.")),
        (
            t("Average precision"),
            t("How well right answers are ranked before wrong ones, whatever the threshold."),
        ),
        (
            t("Overall"),
            tn(
                len(tags),
                "The mean over the tags for which the number is defined, {n} tag here, each with equal weight. "
                "A dash means there was nothing to count.",
                "The mean over the tags for which the number is defined, {n} tags here, each with equal weight. "
                "A dash means there was nothing to count.",
            ),
        ),
        (
            t("From … to …"),
            t(
                "The 95 % interval: how far the true value may lie from the number, with so few images. Intervals "
                "computed in this way contain it 95 times in 100."
            ),
        ),
    ]


def in_words(threshold: Thresholds) -> str:
    """The threshold in words; a range if each tag has its own.

    >>> in_words(0.5), in_words((0.2, 0.75))
    ('50 %', '20 % to 75 %, each tag its own')
    """
    if not isinstance(threshold, tuple):
        return whole_percent(threshold)
    return t(
        "{least} to {most}, each tag its own", least=whole_percent(min(threshold)), most=whole_percent(max(threshold))
    )
