"""An image on the page with its name for screen readers, which `st.image` does not give."""

from __future__ import annotations

import base64
import html

import streamlit as st

_STYLE = """<style>
.tagwise-tested {display: block; max-width: 100%; max-height: 70vh; border-radius: .5rem}
</style>"""


def show(data: bytes, kind: str, name: str) -> None:
    """Show the bytes of an image of a kind (`png`, `webp`), as wide as the column and no higher than the window."""
    address = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    st.html(f'{_STYLE}<img class="tagwise-tested" src="{address}" alt="{html.escape(name)}">')
