"""Tables of a slice: its overall numbers beside the other images' and all, and the numbers of every tag."""

from __future__ import annotations

from cvcore.metrics.reports import MEASURES, OverallReport, TagReport
from cvcore.slices import SliceNumbers
from cvcore.wording import percent, with_interval
from pages.parts.shell.text import isolated
from pages.parts.widgets import number_table

NAMES = dict(zip(("Precision", "Recall", "F1", "Average precision"), MEASURES, strict=True))


def beside_others(found: SliceNumbers) -> str:
    """The table of the slice, the other images, and all, as HTML."""
    reports = {"This slice": found.report, "The other images": found.rest, "All": found.all}
    wrong = (found.wrong, found.rest_wrong, found.wrong + found.rest_wrong)
    columns = {"Images": list(reports)}
    columns["Number"] = [f"{each.overall.images:,}" for each in reports.values()]
    columns["Wrong answers"] = [
        f"{number:,} ({percent(number / each.overall.images)})" if each.overall.images else "–"
        for number, each in zip(wrong, reports.values(), strict=True)
    ]
    columns |= {
        name: [_with_interval(each.overall, measure) for each in reports.values()] for name, measure in NAMES.items()
    }
    return number_table.of(columns, label="The slice beside the other images")


def by_tag(names: list[str], found: SliceNumbers) -> str:
    """The table of every tag's numbers in the slice, as HTML."""
    tags = found.report.tags
    columns = {
        "Tag": [isolated(name) for name in names],
        "Images": [f"{tag.images:,}" for tag in tags],
        "Found": [f"{tag.tp:,}" for tag in tags],
        "Missed": [f"{tag.fn:,}" for tag in tags],
        "Wrongly given": [f"{tag.fp:,}" for tag in tags],
    }
    columns |= {name: [_with_interval(tag, measure) for tag in tags] for name, measure in NAMES.items()}
    return number_table.of(columns, label="Every tag in this slice")


def _with_interval(row: OverallReport | TagReport, measure: str) -> str:
    return with_interval(getattr(row, measure), getattr(row, f"{measure}_interval"))
