"""The report's section on robustness."""

from __future__ import annotations

from cvcore import evaluation, robustness
from cvcore.html_report.section import Section, Table
from cvcore.languages import t
from cvcore.records import Iteration, Thresholds
from cvcore.robustness import CHANGES, Numbers
from cvcore.store import Store
from cvcore.wording import percent

SENTENCES = 8


def section(store: Store, iteration: Iteration, thresholds: Thresholds) -> Section | None:
    """How far the numbers fall when images are changed; None if that was not measured."""
    measurement = robustness.load(store, iteration)
    if measurement is None:
        return None
    predictions = evaluation.load(store, iteration)
    in_use = robustness.rounded(thresholds)
    numbers = robustness.numbers(measurement, predictions.truth, predictions.groups, in_use)
    names = [tag.name for tag in evaluation.tags(store, iteration)]
    found = robustness.findings(numbers)
    text = [
        robustness.scope(store, iteration, measurement),
        t("The table has recall, mean over the tags."),
        *([] if in_use == thresholds else [t("The threshold is rounded to whole per cent here.")]),
        *([t("The {n} worst findings of single tags are listed.", n=SENTENCES)] if len(found) > SENTENCES else []),
    ]
    return Section(
        title=t("What happens when images change?"),
        text=" ".join(text),
        table=_table(numbers),
        sentences=[
            *(robustness.finding_sentence(each, names) for each in robustness.findings(numbers, overall=True)),
            *(robustness.finding_sentence(each, names, with_advice=False) for each in found[:SENTENCES]),
        ],
    )


def _table(numbers: Numbers) -> Table:
    """A row for each change, with the recall at each strength."""
    recall = numbers.values[robustness.position("recall"), :, -1]
    rows = [
        [t(change.title), percent(recall[0])]
        + [
            f"{_unbroken(percent(recall[place]))} ({_unbroken(change.unit(strength))})"
            for strength, place in robustness.places(change)
        ]
        for change in CHANGES
    ]
    return Table([t("Images are"), t("Unchanged"), t("A little"), "", "", "", t("Much")], rows)


def _unbroken(text: str) -> str:
    return text.replace(" ", "\N{NO-BREAK SPACE}")
