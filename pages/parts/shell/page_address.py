"""Puts a number into the page's address, so that it is still there after a reload or when the address is shared."""

from __future__ import annotations

import json

import streamlit as st

# With `st.query_params` every change would be a step of the Back button, so a script replaces the address.
_SCRIPT = """<script>{{
    const address = new URL(location.href), [name, value] = {entry};
    if (address.searchParams.get(name) !== value) {{
        address.searchParams.set(name, value);
        history.replaceState(history.state, "", address);
    }}
}}</script>"""


def show(name: str, value: float) -> None:
    """Set the number under a name in the page's address."""
    st.html(_SCRIPT.format(entry=json.dumps([name, f"{value:g}"])), unsafe_allow_javascript=True)
