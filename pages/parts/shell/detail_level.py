"""Simple or full pages: a switch in the heading, simple at first, remembered by the browser in a cookie."""

from __future__ import annotations

import streamlit as st

from cvcore.languages import marked, t
from cvcore.training import stages
from pages.parts.shell.text import plain

SIMPLE, FULL = marked("Simple"), marked("Full")
COOKIE = "tagwise_detail"
KEY = "full"
_SWITCH = "detail-switch"
KEPT_S = 365 * 24 * 3600

# The server reads the cookie when a window connects, so a reload shows what was chosen last.
_SCRIPT = """
    document.cookie = "{cookie}={value}; path=/; max-age={kept_s}; samesite=lax";
"""


def is_full() -> bool:
    """Whether the pages show everything; False at first, and in a browser that never chose."""
    if KEY not in st.session_state:
        st.session_state[KEY] = st.context.cookies.get(COOKIE) == FULL.lower()
    return bool(st.session_state[KEY])


def show() -> None:
    """Show the switch. A change redraws the page and is remembered by the browser."""
    st.session_state[_SWITCH] = FULL if is_full() else SIMPLE
    st.segmented_control(
        t("Detail"),
        [SIMPLE, FULL],
        format_func=t,
        required=True,
        label_visibility="collapsed",
        key=_SWITCH,
        on_change=_change,
        help=t("Full adds what only experts need."),
    )


def show_note(note: str) -> None:
    """Say that an iteration uses the built-in network, which its note explains; simple pages leave the cause out."""
    if note and is_full():
        st.warning(plain(stages.said(note)))
    elif note:
        st.caption(t("Trained with the built-in network, which is less exact. Full says why."))


def script() -> str:
    """A script that lets the browser remember the present choice."""
    value = (FULL if is_full() else SIMPLE).lower()
    return _SCRIPT.format(cookie=COOKIE, value=value, kept_s=KEPT_S)


def _change() -> None:
    st.session_state[KEY] = st.session_state[_SWITCH] == FULL
