"""A small matrix per tag: found (TP), missed (FN), wrongly given (FP), not given (TN); a click opens a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from cvcore.array_types import Integers
from cvcore.metrics.confusion import TagOutcome
from pages.parts.widgets import component

_IN_A_ROW, _CARD_PX = 5, 150


def _html() -> str:
    return """
<section class="cards"><ul></ul></section>
"""


_WIDGET = component.register(Path(__file__).parent, _html)


def show(
    *, tags: Sequence[str], counts: Integers, opened: TagOutcome | None, signature: str, key: str
) -> TagOutcome | None:
    """Draw one card per tag and return the number that was clicked just now, or None.

    counts: int (tags, 4), true and false positives, false and true negatives. opened: the number to mark as open.
    signature: identifies the tags.
    """
    opened = _clicked(st.session_state.get(key), signature) or opened
    data = {
        "signature": signature,
        "tags": list(tags),
        "counts": counts.tolist(),
        "opened": opened and [opened.tag, opened.outcome],
    }
    with component.room(key, -(-len(tags) // _IN_A_ROW) * _CARD_PX):
        return _clicked(_WIDGET(key=key, data=data, on_clicked_change=lambda: None), signature)


def _clicked(state: Mapping[str, Any] | None, signature: str) -> TagOutcome | None:
    number = (state or {}).get("clicked")
    return TagOutcome(int(number["tag"]), number["outcome"]) if number and number["signature"] == signature else None
