"""Puts what a page shows into its address, so that it is still there after a reload or when the address is shared."""

from __future__ import annotations

import json
from collections.abc import Mapping

import streamlit as st

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
