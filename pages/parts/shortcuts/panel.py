"""Shows by what else than by what images show an iteration's tags can be told apart, and what to do about it."""

from __future__ import annotations

import math

import streamlit as st

from cvcore import evaluation, shortcuts
from cvcore.languages import marked, t
from cvcore.records import Iteration
from cvcore.shortcuts import Finding, Shortcuts
from cvcore.store import Store
from cvcore.wording import percent
from pages.parts.shell.help_marks import HELP
from pages.parts.shell.text import plain, refusals
from pages.parts.widgets import number_table

SHOWN = 12
EXPLANATION = marked(
    "Small classifiers look only at these few numbers, never at the image, and are judged in the iteration's own "
    "folds. Listed is what chance does not explain, given how many pairs of tags were looked at. Whether the network "
    "uses it is another question: photos that were taken otherwise, marked for testing, show that."
)


def show(store: Store, iteration: Iteration) -> None:
    """Show the findings, and how often each family of numbers tells tags apart."""
    st.header(t("Is there a shortcut?"), anchor=False, help=t(HELP["shortcut"]))
    with refusals():
        found = shortcuts.shortcuts(store, iteration)
        if found.unmeasured:
            store.jobs.read_files_soon(iteration.project_id)
        names = [tag.name for tag in evaluation.tags(store, iteration)]
        if found.images > found.unmeasured or not found.unmeasured:
            _show_findings(found, names)
            _show_families(found, names)
        st.caption(f"{shortcuts.scope(found)} {t(EXPLANATION)}")


def _show_findings(found: Shortcuts, names: list[str]) -> None:
    if not found.findings:
        st.success(t("No tag is told apart by light, colour, background, size or file alone."))
        return
    lines = [f"- {plain(shortcuts.sentence(each, names))}" for each in found.findings]
    st.markdown("\n".join(lines[:SHOWN]))
    if len(lines) > SHOWN:
        with st.expander(t("{n} more", n=len(lines) - SHOWN)):
            st.markdown("\n".join(lines[SHOWN:]))


def _show_families(found: Shortcuts, names: list[str]) -> None:
    """A table of every family: how often a tag is told from the others, and the tags that it tells apart best."""
    if not found.judgements:
        return
    first = {each.family: each for each in reversed(found.findings)}
    shares = {family: shortcuts.told_apart(judgement) for family, judgement in found.judgements.items()}
    st.subheader(t("By each alone"), anchor=False)
    columns = {
        t("By"): [shortcuts.title(family) for family in shares],
        t("Told from other tags"): [
            t("too few images") if math.isnan(share) else percent(share) for share in shares.values()
        ],
        t("Surest"): [_surest(first.get(family), names) for family in shares],
    }
    with st.container(key="shortcut-families"):
        st.html(number_table.of(columns, label=t("How often tags are told apart by each alone"), texts=(t("Surest"),)))


def _surest(finding: Finding | None, names: list[str]) -> str:
    if finding is None:
        return "–"
    told = names[finding.tag] if finding.other is None else f"{names[finding.tag]}, {names[finding.other]}"
    return f"{told}: {percent(finding.share)}"
