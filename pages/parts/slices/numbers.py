"""The view Numbers of a slice: which it is, its numbers with their intervals, and the way back to all images."""

from __future__ import annotations

import streamlit as st

from cvcore import evaluation, slices
from cvcore.errors import InvalidInput
from cvcore.languages import t, tn
from cvcore.records import Iteration, Project, Thresholds
from cvcore.slices import Condition, SliceMistakes
from cvcore.store import Store
from pages.parts.review import drawer
from pages.parts.shell import page_address
from pages.parts.shell.text import plain, refusals, sentence
from pages.parts.slices import choice, tables

Conditions = tuple[Condition, ...]


def chosen(store: Store, iteration: Iteration, *, is_shown: bool) -> Conditions:
    """The slice that the view is open for, which stands in the address, too; none for all images.

    While another view is shown, the address is its own: what it says of a slice does not count here afterwards.
    """
    key = f"numbers-slice-{iteration.project_id}"
    if not is_shown:
        st.session_state.setdefault(key, ())
        return ()
    texts = [st.query_params.get(name, "") for name in choice.PARAMETERS] if key not in st.session_state else []
    try:
        found: Conditions = st.session_state.setdefault(key, slices.parse(store, iteration, [*filter(None, texts)]))
        found = slices.parse(store, iteration, list(map(str, found)))
    except InvalidInput as error:  # a value that no image has any more
        st.warning(plain(sentence(str(error))))
        found = st.session_state[key] = ()
    shown = [*map(str, found), *([""] * len(choice.PARAMETERS))]
    page_address.put(dict(zip(choice.PARAMETERS, shown, strict=False)))
    return found


def open_slice(iteration: Iteration, conditions: Conditions) -> None:
    """Open the view for a slice, or for all images, from the next run on."""
    st.session_state[f"numbers-slice-{iteration.project_id}"] = conditions
    st.session_state["view"] = "Numbers"


def heading(iteration: Iteration, conditions: Conditions) -> None:
    """Say which images are counted, with the button that leads back to all."""
    with st.container(horizontal=True, vertical_alignment="center", key="slice-heading"):
        named = plain(slices.heading_of(conditions))
        st.markdown(t("These are the numbers of the images with **{slice}** alone.", slice=named), width="content")
        st.button(t("Show all images"), icon=":material/close:", on_click=open_slice, args=(iteration, ()))


@st.fragment
def show(store: Store, project: Project, iteration: Iteration, thresholds: Thresholds, conditions: Conditions) -> None:
    """Show the numbers at the thresholds."""
    with refusals():
        found = slices.numbers(store, iteration, thresholds, conditions)
        st.html(tables.beside_others(found))
        if not found.report.overall.images:
            st.info(t("No evaluated image fulfils both conditions."))
            return
        label = tn(found.wrong, "Show {n} mistake", "Show {n} mistakes")
        is_asked = st.button(label, disabled=not found.wrong, icon=":material/photo_library:")
        st.html(tables.by_tag([tag.name for tag in evaluation.tags(store, iteration)], found))
        opened = SliceMistakes(found.conditions) if is_asked else None
        drawer.show(store, project, iteration, thresholds, opened, key=f"slice-numbers-{project.id}")
