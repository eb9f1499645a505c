"""A number in the page's address, for who reloads or passes the address on."""

from __future__ import annotations

import json

import streamlit as st

# `st.query_params` would make each another step of the Back button, so the address is completed in place.
_SCRIPT = """<script>{{
    const address = new URL(location.href), [name, value] = {told};
    if (address.searchParams.get(name) !== value) {{
        address.searchParams.set(name, value);
        history.replaceState(history.state, "", address);
    }}
}}</script>"""


def show(name: str, value: float) -> None:
    """Put a number into the address under a name, in place of the one there."""
    st.html(_SCRIPT.format(told=json.dumps([name, f"{value:g}"])), unsafe_allow_javascript=True)
