"""The toast at the bottom of a page: it says what just happened, and undoes it.

There is one at a time. It stays while the page is open, until it is closed or something else happens.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cvcore.errors import TagwiseError
from cvcore.languages import t
from cvcore.records import Project
from pages.parts.shell.text import plain, sentence

_STATE = "undo-toast-offer"
_numbers = itertools.count(1)

# A live region must be there before its text changes, or screen readers miss it; Streamlit replaces its elements, so
# this one stands outside. Ctrl+Z does not reach the toast from a text field, which undoes its own text.
_SCRIPT = """<script>{{
    const [number, message, isUndone] = {offer};
    let status = document.getElementById("tagwise-status");
    if (!status) {{
        status = document.createElement("div");
        status.id = "tagwise-status";
        status.setAttribute("role", "status");
        status.style.cssText = "position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);top:0;left:0";
        document.body.append(status);
        document.addEventListener("keydown", event => {{
            const target = event.composedPath()[0];
            const isText = target instanceof Element && target.closest("input, textarea, select, [contenteditable]");
            const undo = document.querySelector(".st-key-undo button");
            if (!undo || isText || event.key !== "z" || !(event.ctrlKey || event.metaKey)) return;
            event.preventDefault();
            undo.click();
        }});
    }}
    if (status.dataset.number !== String(number)) {{
        status.dataset.number = number;
        status.textContent = "";
        setTimeout(() => {{
            status.textContent = message;
            const close = document.querySelector(".st-key-close-toast button");
            if (isUndone && document.activeElement === document.body) close?.focus({{preventScroll: true}});
        }}, 100);
    }}
}}</script>"""


@dataclass
class _Offer:
    project_id: str
    page: str
    message: str
    undo: Callable[[], str] | None
    is_undone: bool = False
    number: int = field(default_factory=lambda: next(_numbers))


def offer(project: Project, message: str, undo: Callable[[], str] | None = None) -> None:
    """Say what just happened in the project; `undo` undoes it and returns what that did. Both texts are plain.

    It is shown when the page runs the next time: call `st.rerun()` afterwards. `undo` may raise a TagwiseError: its
    sentence is shown, and *Undo* can be pressed again.
    """
    st.session_state[_STATE] = _Offer(project.id, _page(), message, undo)


def show(project: Project) -> None:
    """Show the last offer, if it was made on this page of this project."""
    with st.container(key="undo-toast-place"):
        _show(project.id)


@st.fragment(key="undo-toast")
def _show(project_id: str) -> None:
    current: _Offer | None = st.session_state.get(_STATE)
    if current is None:
        return
    if (current.project_id, current.page) != (project_id, _page()):
        del st.session_state[_STATE]
        return
    with st.container(key="undo-toast", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(plain(current.message), width="stretch")
        is_pressed = bool(current.undo) and st.button(t("Undo"), key="undo")
        st.button(t("Close"), key="close-toast", type="tertiary", on_click=_close, args=(current,))
    entry = json.dumps([current.number, current.message, current.is_undone]).replace("<", "\\u003c")
    st.container(key="script-undo").html(_SCRIPT.format(offer=entry), unsafe_allow_javascript=True)
    if is_pressed:
        _undo(current)
        st.rerun()


def _close(current: _Offer) -> None:
    # Not an offer that has replaced it meanwhile.
    if st.session_state.get(_STATE) is current:
        del st.session_state[_STATE]


def _undo(current: _Offer) -> None:
    # Nothing of Streamlit's is touched here: it could stop the script for the second press of a double click.
    undo, current.undo = current.undo, None
    if undo is None:
        return
    try:
        current.message = undo()
        current.is_undone = True
    except TagwiseError as error:
        current.message = sentence(str(error))
        current.undo = undo
    current.number = next(_numbers)


def _page() -> str:
    context = get_script_run_ctx()
    return context.page_script_hash if context else ""
