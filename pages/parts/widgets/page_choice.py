"""The choice of a page of a long list, which survives that the last page disappears."""

from __future__ import annotations

import streamlit as st


def current(key: str, pages: int) -> int:
    """The page chosen, from 1; the last one if the chosen one is gone, because its images were deleted."""
    return max(1, min(int(st.session_state.get(f"{key}-now", 1)), pages))


def put(key: str, page: int) -> None:
    """Choose a page; must be called before `show`."""
    if st.session_state.get(f"{key}-now", 1) != page:
        st.session_state[f"{key}-now"] = page
        st.session_state[f"{key}-turn"] = st.session_state.get(f"{key}-turn", 0) + 1


def show(key: str, pages: int) -> None:
    """Show the control if there are several pages."""
    if pages < 2:
        return
    # Streamlit logs a warning with a stack if a control has both a default and a value set from outside, so another
    # number of pages is another control, and its default stays as it was when it was made.
    widget = f"{key}-{st.session_state.get(f'{key}-turn', 0)}-of-{pages}"
    if widget not in st.session_state:
        st.session_state[f"{widget}-first"] = current(key, pages)
    st.pagination(
        pages, default=st.session_state[f"{widget}-first"], key=widget, on_change=_remember, args=(key, widget)
    )


def _remember(key: str, widget: str) -> None:
    st.session_state[f"{key}-now"] = st.session_state[widget]
