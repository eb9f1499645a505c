"""A small matrix per tag: found (TP), missed (FN), wrongly given (FP), not given (TN); a click opens a number."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from cvcore.array_types import Integers
from cvcore.metrics.confusion import TagOutcome
from pages.parts.widgets import component

_HTML = """
<section class="cards"><ul></ul></section>
"""
_WIDGET = component.register(Path(__file__).parent, _HTML)


def show(*, tags: Sequence[str], counts: Integers, signature: str, key: str) -> TagOutcome | None:
    """Draw one card per tag and return the open number, or None; a second click closes it.

    counts: int (tags, 4), true and false positives, false and true negatives. signature: identifies the tags; a number
    opened under another signature is closed.
    """
    data = {
        "signature": signature,
        "tags": list(tags),
        "counts": counts.tolist(),
        "chosen": (st.session_state.get(key) or {}).get("chosen"),
    }
    chosen = _WIDGET(key=key, data=data, on_chosen_change=lambda: None).chosen
    if not chosen or chosen["signature"] != signature:
        return None
    return TagOutcome(int(chosen["tag"]), chosen["outcome"])
