"""The choice of a page's view, whose English name is in the page's address in every language."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cvcore.languages import t
from pages.parts.shell import page_address


def show(views: Sequence[str], *, key: str, first: str, label: str = "", rare: Sequence[str] = ()) -> str:
    """Show the names of the views, in the language spoken; returns the one chosen, at first that of the address.

    label: shown above, if there is one. key: of the control and of the address' parameter. A session that has a view
    under it keeps it, until a link or the Back button changes the address; Streamlit's own `bind` would put the
    translation there. rare: views that are offered only while they are open.
    """
    state = st.session_state
    asked = st.query_params.get(key)
    context = get_script_run_ctx()
    is_step_back = context is not None and context.is_history_navigation
    known = (state.get(f"{key}-written"), state.get(f"{key}-seen"))
    if asked in views and (key not in state or asked not in known or is_step_back):
        state[key] = asked
    elif state.get(key) not in views:
        state[key] = first
    state[f"{key}-seen"] = asked
    chosen = st.segmented_control(
        label or t("View"),
        [each for each in views if each not in rare or each == state[key]],
        format_func=t,
        required=True,
        wrap=True,
        label_visibility="visible" if label else "collapsed",
        key=key,
    )
    state[f"{key}-written"] = chosen
    page_address.put({key: str(chosen)})
    return str(chosen)
