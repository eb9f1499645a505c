"""The presenter view: one tag's strip of images, large, for a projector."""

from __future__ import annotations

import streamlit as st

from cvcore import evaluation
from cvcore.records import Iteration, Project
from cvcore.store import Store
from pages.parts.shell.text import refusals
from pages.parts.widgets import presenter, threshold_strip


@st.fragment
def show(store: Store, project: Project, iteration: Iteration, *, threshold_key: str) -> None:
    """Draw the presenter; its threshold (0..1) is read from and written to the session under `threshold_key`.

    The tag is the one chosen last, else the one named in the address, else the first.
    """
    with refusals():
        names = [tag.name for tag in evaluation.tags(store, iteration)]
        key = f"presenter-{project.id}"
        wanted = presenter.chosen(key, st.query_params.get("tag", ""))
        column = names.index(wanted) if wanted in names else 0
        presented = presenter.show(
            names,
            threshold_strip.data(store, iteration, column),
            st.session_state[threshold_key],
            signature=iteration.id,
            key=key,
        )
        st.session_state[threshold_key] = presented.threshold
