"""Shows the numbers of a slice beside the other images' and all, its mistakes, and the slices that do worst."""

from __future__ import annotations

from functools import partial

import streamlit as st

from cvcore import evaluation, slices
from cvcore.languages import t, tn
from cvcore.records import Iteration, Project, Thresholds
from cvcore.slices import SliceMistakes, SliceNumbers
from cvcore.store import Store
from pages.parts.review import drawer
from pages.parts.shell.help_marks import HELP
from pages.parts.shell.text import plain, refusals
from pages.parts.slices import choice, numbers, tables

LISTED = 10


@st.fragment
def show(store: Store, project: Project, iteration: Iteration, thresholds: Thresholds) -> None:
    """Show the view at the thresholds. A fragment: another slice redraws only this."""
    st.header(t("Which images does it get wrong?"), anchor=False, help=t(HELP["slice"]))
    with refusals():
        with st.spinner(t("Reading what is known of the images …")):
            known = slices.columns(store, iteration)
        if not known:
            st.info(
                t(
                    "Nothing is known of these images beside their tags. Give them keys and values on the Images page, "
                    "or upload them in folders or with a table."
                )
            )
            return
        conditions = choice.show(store, iteration, thresholds)
        opened = None
        if conditions:
            found = slices.numbers(store, iteration, thresholds, conditions)
            opened = _slice(store, iteration, found)
        else:
            st.caption(t("Choose a key and one of its values to see the numbers of those images alone."))
        _worst(store, iteration, thresholds)
        drawer.show(store, project, iteration, thresholds, opened, key=f"slices-{project.id}")


def _slice(store: Store, iteration: Iteration, found: SliceNumbers) -> SliceMistakes | None:
    """Show a slice's numbers; returns its mistakes if they were asked for."""
    st.html(tables.beside_others(found))
    if not found.report.overall.images:
        st.info(t("No evaluated image fulfils both conditions."))
        return None
    left_out = len(found.report.tags) - sum(tag.images > 0 for tag in found.report.tags)
    told = [t("Means over the tags that occur among the images, with 95 % intervals.")]
    if left_out:
        told.append(
            tn(
                left_out,
                "{n} tag of the iteration does not occur in the slice: without images nothing is known of it.",
                "{n} tags of the iteration do not occur in the slice: without images nothing is known of them.",
            )
        )
    st.caption(" ".join(told))
    with st.container(horizontal=True, key="slice-actions"):
        label = tn(found.wrong, "Show {n} mistake", "Show {n} mistakes")
        is_asked = st.button(label, disabled=not found.wrong, icon=":material/photo_library:")
        label = t("See all numbers of this slice")
        if st.button(label, on_click=numbers.open_slice, args=(iteration, found.conditions)):
            st.rerun()  # the whole page, not only this fragment
    with st.expander(t("Every tag in this slice")):
        names = [tag.name for tag in evaluation.tags(store, iteration)]
        st.html(tables.by_tag(names, found))
    return SliceMistakes(found.conditions) if is_asked else None


def _worst(store: Store, iteration: Iteration, thresholds: Thresholds) -> None:
    st.subheader(t("Slices that do worst"), anchor=False)
    found = slices.worst(store, iteration, thresholds)
    for place, finding in enumerate(found.findings[:LISTED]):
        with st.container(horizontal=True, vertical_alignment="center", key=f"worst-{place}"):
            st.markdown(plain(slices.sentence(finding)), width="stretch")
            st.button(
                t("Open"),
                key=f"worst-open-{place}",
                on_click=partial(choice.open_slice, iteration, finding.condition),
            )
    if len(found.findings) > LISTED:
        st.caption(
            tn(
                len(found.findings) - LISTED,
                "{n} more is listed by the command `tagwise slices`.",
                "{n} more are listed by the command `tagwise slices`.",
            )
        )
    st.caption(slices.summary(found))
