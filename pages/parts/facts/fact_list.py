"""What is known of one image, as a list of keys and values."""

from __future__ import annotations

import html

import streamlit as st

from cvcore import image_facts
from cvcore.records import Image
from cvcore.store import Store

_STYLE = """<style>
.tagwise-facts {display: grid; grid-template-columns: minmax(5rem, auto) 1fr; gap: .15rem .75rem; margin: 0;
    font-size: .875rem; max-height: 14rem; overflow-y: auto}
.tagwise-facts dt {opacity: .75; overflow-wrap: anywhere}
.tagwise-facts dd {margin: 0; overflow-wrap: anywhere; white-space: pre-line}
</style>"""


def show(store: Store, image: Image) -> None:
    """Show everything that is known of an image beside its tags."""
    columns = image_facts.columns(store, [image])
    facts = {
        image_facts.said_key(name): image_facts.said_value(name, column.values[0]) for name, column in columns.items()
    }
    st.html(_STYLE + listed(facts))


def listed(facts: dict[str, str]) -> str:
    """Keys and values as a list of HTML, escaped.

    >>> listed({"<b>": "a & b"})
    '<dl class="tagwise-facts" tabindex="0"><dt dir="auto">&lt;b&gt;</dt><dd dir="auto">a &amp; b</dd></dl>'
    """
    rows = "".join(
        f'<dt dir="auto">{html.escape(name)}</dt><dd dir="auto">{html.escape(value)}</dd>'
        for name, value in facts.items()
    )
    return f'<dl class="tagwise-facts" tabindex="0">{rows}</dl>'
