"""Reset widgets: a number in their key counts up, and widgets with a new key start empty."""

from __future__ import annotations

import streamlit as st


def current(key: str) -> int:
    """The number that is now in the widgets' keys."""
    return int(st.session_state.setdefault(f"{key}-turn", 0))


def advance(key: str) -> None:
    """Reset the widgets the next time that they are drawn."""
    st.session_state[f"{key}-turn"] = current(key) + 1


def rerun(key: str) -> None:
    """Reset the widgets, and run the page or the fragment again."""
    advance(key)
    st.rerun()
