"""The report's section on what to do next."""

from __future__ import annotations

from cvcore import analyses, evaluation, next_steps
from cvcore.html_report.section import Section
from cvcore.languages import t
from cvcore.records import Iteration, Thresholds
from cvcore.store import Store


def section(store: Store, iteration: Iteration, _thresholds: Thresholds) -> Section | None:
    """The steps that would make the iteration better; None if nobody looked for any."""
    found = analyses.load(store, iteration, next_steps.FILE)
    if found is None:
        return None
    names = [tag.name for tag in evaluation.tags(store, iteration)]
    steps = next_steps.open_steps(store, iteration, found)
    lines = [f"{' '.join(next_steps.in_words(step, names))}. {next_steps.basis(step)}." for step in steps]
    return Section(title=t("What to do next"), text=next_steps.note(steps), sentences=lines)
