"""The report's section on shortcuts."""

from __future__ import annotations

import math

from cvcore import evaluation, shortcuts
from cvcore.errors import InvalidInput
from cvcore.html_report.section import Section, Table
from cvcore.languages import t
from cvcore.records import Iteration, Thresholds
from cvcore.store import Store
from cvcore.wording import percent

SENTENCES = 12


def section(store: Store, iteration: Iteration, thresholds: Thresholds) -> Section | None:
    """By what else than by what images show the tags are told apart; None if no image was measured, or too many."""
    try:
        found = shortcuts.shortcuts(store, iteration)
    except InvalidInput:
        return None
    if not found.judgements:
        return None
    names = [tag.name for tag in evaluation.tags(store, iteration)]
    shares = {family: shortcuts.told_apart(judgement) for family, judgement in found.judgements.items()}
    rows = [
        [shortcuts.title(family), t("too few images") if math.isnan(share) else percent(share)]
        for family, share in shares.items()
    ]
    text = [shortcuts.scope(found)]
    if len(found.findings) > SENTENCES:
        text.append(t("The first {listed} of {all} findings.", listed=SENTENCES, all=len(found.findings)))
    return Section(
        title=t("Is there a shortcut?"),
        text=" ".join(text),
        table=Table([t("By this alone"), t("Told from other tags")], rows),
        sentences=[shortcuts.sentence(each, names) for each in found.findings[:SENTENCES]],
    )
