"""Tables of a slice: its overall numbers beside the other images' and all, and the numbers of every tag."""

from __future__ import annotations

from cvcore.languages import marked, number, t
from cvcore.metrics.reports import MEASURES, OverallReport, TagReport
from cvcore.slices import SliceNumbers
from cvcore.wording import percent, with_interval
from pages.parts.shell.text import isolated
from pages.parts.widgets import number_table

NAMES = dict(zip((marked("Precision"), marked("Recall"), "F1", marked("Average precision")), MEASURES, strict=True))


def beside_others(found: SliceNumbers) -> str:
    """The table of the slice, the other images, and all, as HTML."""
    reports = {t("This slice"): found.report, t("The other images"): found.rest, t("All"): found.all}
    wrong = (found.wrong, found.rest_wrong, found.wrong + found.rest_wrong)
    columns = {t("Images"): list(reports)}
    columns[t("Number")] = [number(each.overall.images) for each in reports.values()]
    columns[t("Wrong answers")] = [
        f"{number(count)} ({percent(count / each.overall.images)})" if each.overall.images else "–"
        for count, each in zip(wrong, reports.values(), strict=True)
    ]
    columns |= {
        t(name): [_with_interval(each.overall, measure) for each in reports.values()] for name, measure in NAMES.items()
    }
    return number_table.of(columns, label=t("The slice beside the other images"))


def by_tag(names: list[str], found: SliceNumbers) -> str:
    """The table of every tag's numbers in the slice, as HTML."""
    tags = found.report.tags
    columns = {
        t("Tag"): [isolated(name) for name in names],
        t("Images"): [number(tag.images) for tag in tags],
        t("Found"): [number(tag.tp) for tag in tags],
        t("Missed"): [number(tag.fn) for tag in tags],
        t("Wrongly given"): [number(tag.fp) for tag in tags],
    }
    columns |= {t(name): [_with_interval(tag, measure) for tag in tags] for name, measure in NAMES.items()}
    return number_table.of(columns, label=t("Every tag in this slice"))


def _with_interval(row: OverallReport | TagReport, measure: str) -> str:
    return with_interval(getattr(row, measure), getattr(row, f"{measure}_interval"))
