"""The report's section on slices."""

from __future__ import annotations

from cvcore import slices
from cvcore.html_report.section import Section
from cvcore.languages import t
from cvcore.records import Iteration, Thresholds
from cvcore.store import Store

SENTENCES = 12


def section(store: Store, iteration: Iteration, thresholds: Thresholds) -> Section | None:
    """The slices that do worst, and with a group key both estimates; None where nothing is known of the images."""
    found = slices.worst(store, iteration, thresholds)
    estimates = slices.estimates(store, iteration, thresholds)
    if not found.looked_at and estimates is None:
        return None
    sentences = [slices.estimates_sentence(estimates)] if estimates else []
    return Section(
        title=t("Which images does it get wrong?"),
        text=slices.summary(found),
        sentences=[*sentences, *map(slices.sentence, found.findings[:SENTENCES])],
    )
