"""What the drawer says about its images: why they are there, and what to do about them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cvcore import evaluation
from cvcore.evaluation import drill_down, review
from cvcore.languages import marked, t, tn
from cvcore.metrics.confusion import Cell, Swap, TagOutcome
from cvcore.records import Iteration, Project
from cvcore.store import Store
from pages.parts.review.selections import Selection
from pages.parts.shell import undo_toast
from pages.parts.shell.text import isolated, plain

ABOUT = {
    "label_issues": marked("The model is sure of another tag. Either the tag is wrong, or the model is."),
    "hardest": marked("Their own tags got the lowest probabilities; the lowest come first."),
    "duplicates": marked("They look almost the same. With different tags, at least one of them is wrong."),
}


def show(
    store: Store, project: Project, iteration: Iteration, selection: Selection, *, is_empty: bool, key: str
) -> None:
    """Show what there is to say about the images of a selection, in a line or two."""
    if is_empty:
        pass
    elif isinstance(selection, str):
        st.caption(t(ABOUT[selection]))
    elif (name := _to_add(selection, [tag.name for tag in evaluation.tags(store, iteration)])) is not None:
        name = plain(isolated(name))
        st.caption(t("Is a tag wrong? Correct it. Else add images of {tag} that look like these.", tag=name))
    if selection == "duplicates" and (differing := drill_down.differently_tagged_duplicates(store, iteration)):
        st.warning(
            tn(
                differing,
                "{n} group of near duplicates has different tags.",
                "{n} groups of near duplicates have different tags.",
            )
        )
    if selection == "label_issues" and (dismissed := drill_down.dismissed_count(store, iteration)):
        _show_dismissed(store, project, iteration, dismissed, key)


def _to_add(selection: Selection, tags: Sequence[str]) -> str | None:
    """The tag that the images carry and the model missed, None if there is none."""
    match selection:
        case Cell(actual, answered) if actual not in (answered, len(tags)):
            return tags[actual]
        case TagOutcome(tag, "fn") | Swap(tag, _):
            return tags[tag]
    return None


def _show_dismissed(store: Store, project: Project, iteration: Iteration, number: int, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(tn(number, "{n} tag marked as correct is not listed.", "{n} tags marked as correct are not listed."))
        if st.button(t("Show again"), type="tertiary", key=f"{key}-reopen"):
            reopened = review.reopen(store, iteration)

            def undo() -> str:
                store.dismissed_issues.dismiss(reopened)
                return tn(len(reopened), "{n} tag marked as correct again.", "{n} tags marked as correct again.")

            undo_toast.offer(project, tn(len(reopened), "{n} tag listed again.", "{n} tags listed again."), undo)
            st.rerun()
