"""Turns of widgets whose choice lives in the browser or in the session: with the next turn they start empty again."""

from __future__ import annotations

import streamlit as st


def current(key: str) -> int:
    """The number of the turn that the widgets under a key are at."""
    return int(st.session_state.setdefault(f"{key}-turn", 0))


def advance(key: str) -> None:
    """Begin the next turn."""
    st.session_state[f"{key}-turn"] = current(key) + 1


def rerun(key: str) -> None:
    """Begin the next turn, and run the page or the fragment again."""
    advance(key)
    st.rerun()
