"""The page's address and title: what a reload, a shared link and the Back button come back to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import streamlit as st
from streamlit.errors import StreamlitDuplicateElementKey

APP = "Tagwise"

# With `st.query_params` every change would be a step of the Back button, so a script replaces the address.
_SCRIPT = """
    const address = new URL(location.href);
    for (const [name, value] of {entries}) {{
        if (value) address.searchParams.set(name, value);
        else address.searchParams.delete(name);
    }}
    if (address.href !== location.href) history.replaceState(history.state, "", address);
"""


def show(name: str, value: float) -> None:
    """Set the number under a name in the page's address."""
    put({name: f"{value:g}"})


def put(values: Mapping[str, str]) -> None:
    """Set texts under names in the page's address; an empty text removes its name."""
    run_script(f"address-{'-'.join(values)}", _SCRIPT.format(entries=_json(list(values.items()))), again_for=values)


def name_page(*parts: str) -> None:
    """Set the title of the browser's tab, as in `Performance · Flowers · Tagwise`.

    It also stands in the list of the pages that were visited.
    """
    st.set_page_config(page_title=" · ".join([*parts, APP]))


def run_script(name: str, script: str, *, again_for: Iterable[str] = ()) -> None:
    """Run a script in the page. With a name of its own it takes no room, not even while the page is built up.

    It runs again when its text changes, or what the address has for one of the parameters `again_for`: a link at the
    top can empty the address of the page that is open.
    """
    known = _json([st.query_params.get(parameter) for parameter in again_for])
    body = f"<script>{{{script}\n}} // {known}\n</script>"
    try:
        place = st.container(key=f"script-{name}")
    except StreamlitDuplicateElementKey:
        st.html(body, unsafe_allow_javascript=True)
        return
    place.html(body, unsafe_allow_javascript=True)


def _json(value: object) -> str:
    return json.dumps(value).replace("<", "\\u003c")
