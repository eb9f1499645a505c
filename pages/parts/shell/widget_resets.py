"""Resets widgets: a number in their keys is increased, and widgets with a new key start empty."""

from __future__ import annotations

import streamlit as st


def current(key: str) -> int:
    """The current number in the widgets' keys."""
    return int(st.session_state.setdefault(f"{key}-turn", 0))


def advance(key: str) -> None:
    """Reset the widgets when they are drawn the next time."""
    st.session_state[f"{key}-turn"] = current(key) + 1


def rerun(key: str) -> None:
    """Reset the widgets, and rerun the page or the fragment."""
    advance(key)
    st.rerun()
