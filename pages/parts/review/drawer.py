"""A drawer with the images behind a number, beside the page: the number, the slider and the table stay in sight.

There is one drawer: what is opened next takes the place of what was open. It stays open until it is closed with its
button, with Escape or with the browser's Back button, and is in the page's address, so that a reload keeps it.
"""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cvcore import evaluation
from cvcore.evaluation.analysis import Threshold
from cvcore.records import MULTILABEL, Iteration, Project
from cvcore.store import Store
from pages.parts.review import images, notes, selections
from pages.parts.review.selections import Selection
from pages.parts.shell.text import refusals
from pages.parts.widgets import drawer_head

PARAMETER = "images"

_OPEN, _SEEN, _OPENING, _DRAWN = "drawer-open", "drawer-address", "drawer-opening", "drawer-drawn"


def show(
    store: Store,
    project: Project,
    iteration: Iteration,
    threshold: Threshold,
    selection: Selection | None,
    *,
    key: str,
) -> None:
    """Show the drawer if it is open. Call it in every run of the page or fragment, once.

    selection: what was clicked just now, else None; it opens the drawer. A selection that is passed again in the next
    runs does not open it again. key: of what was clicked.
    """
    with refusals():
        shown = _opened(store, iteration, selection, key)
        if shown is not None:
            _drawer(store, project, iteration, threshold, shown)


def opened(store: Store, iteration: Iteration) -> Selection | None:
    """What is open, to mark it where it was clicked."""
    _follow_address(iteration)
    of, place = st.session_state.get(_OPEN) or ("", "")
    if of != iteration.id:
        return None
    tags = evaluation.tags(store, iteration)
    return selections.parse(place, len(tags), multilabel=iteration.classification_type == MULTILABEL)


def _follow_address(iteration: Iteration) -> None:
    """Open or close what the address says, after a reload, a link, or a step back or forward.

    In other runs Streamlit does not know the address that the browser shows, so nothing is read from it. What was open
    on a page or view is closed once another was shown: Streamlit then has forgotten the drawer's widget.
    """
    state = st.session_state
    place = st.query_params.get(PARAMETER)
    context = get_script_run_ctx()
    if state.get(_DRAWN) and drawer_head.KEY not in state:
        state[_OPEN] = None
    if place != state.get(_SEEN) or (context and context.is_history_navigation):
        state[_OPEN] = (iteration.id, place) if place else None
    state[_SEEN] = place
    state[_DRAWN] = state.get(_DRAWN) and drawer_head.KEY in state


def _opened(store: Store, iteration: Iteration, selection: Selection | None, key: str) -> Selection | None:
    """What to show: what was clicked just now, else what is open."""
    state = st.session_state
    asked = selection and (iteration.id, selections.address(selection))
    is_new = asked != state.get(f"{key}-asked")
    state[f"{key}-asked"] = asked
    shown = opened(store, iteration)
    if selection is not None and is_new:
        shown = selection
        state[_OPEN] = asked
        state[_OPENING] = state.get(_OPENING, 0) + 1
    return shown


def _close() -> None:
    st.session_state[_OPEN] = None


@st.fragment
def _drawer(store: Store, project: Project, iteration: Iteration, threshold: Threshold, selection: Selection) -> None:
    if not st.session_state.get(_OPEN):
        st.rerun()
    with refusals(), st.container(key="drawer"):
        listed = images.listed(store, iteration, threshold, selection)
        tags = [tag.name for tag in evaluation.tags(store, iteration)]
        multilabel = iteration.classification_type == MULTILABEL
        drawer_head.show(
            selections.heading(selection, len(listed.rows), tags, multilabel=multilabel),
            parameter=PARAMETER,
            address=selections.address(selection),
            opening=st.session_state.get(_OPENING, 0),
            on_close=_close,
        )
        st.session_state[_DRAWN] = True
        notes.show(store, project, iteration, selection, is_empty=not len(listed.rows), key="drawer")
        images.show(store, project, iteration, threshold, selection, listed=listed, key="drawer")
