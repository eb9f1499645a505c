"""The page's address and title: what a reload, a shared link and the Back button come back to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

HERE = Path(__file__).resolve().parent
APP = "Tagwise"

# With `st.query_params` every change would be a step of the Back button, so a script replaces the address.
_SCRIPT = """<script>{{
    const address = new URL(location.href);
    for (const [name, value] of {entries}) {{
        if (value) address.searchParams.set(name, value);
        else address.searchParams.delete(name);
    }}
    if (address.href !== location.href) history.replaceState(history.state, "", address);
}}</script>"""


def show(name: str, value: float) -> None:
    """Set the number under a name in the page's address."""
    put({name: f"{value:g}"})


def put(values: Mapping[str, str]) -> None:
    """Set texts under names in the page's address; an empty text removes its name."""
    entries = json.dumps(list(values.items())).replace("<", "\\u003c")
    st.html(_SCRIPT.format(entries=entries), unsafe_allow_javascript=True)


def make_back_single() -> None:
    """Let one press of the browser's Back button lead to the page, project, iteration or view before."""
    script = (HERE / "history.js").read_text(encoding="utf-8")
    st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)


def name_page(*parts: str) -> None:
    """Set the title of the browser's tab, as in `Performance · Flowers · Tagwise`.

    It also stands in the list of the pages that were visited.
    """
    st.set_page_config(page_title=" · ".join([*parts, APP]))
