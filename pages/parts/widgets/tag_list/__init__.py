"""A project's tags as a list: name, a bar and the number of images, advice, and a button to edit each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict

import streamlit as st

from cvcore.languages import t
from pages.parts.widgets import component


def _html() -> str:
    return f"""<ul class="tags" aria-label="{t("Tags")}"></ul>"""


_WIDGET = component.register(Path(__file__).parent, _html)


class Row(TypedDict):
    """One tag: its id and name, a word about its kind (empty for a regular one), its images, and advice."""

    id: str
    name: str
    kind: str
    images: int
    advice: str


class Clicked(TypedDict):
    """What was clicked: `edit`, or `images` to see the tag's images; and the tag's id."""

    what: str
    id: str


def show(rows: Sequence[Row], *, key: str, on_click: Callable[[Clicked], None]) -> Clicked | None:
    """Draw the list and return what was clicked just now, or None. The longest bar fills its column.

    `on_click` is called with it before the page runs, when other widgets can still be given a value.
    """

    def tell() -> None:
        if clicked := (st.session_state.get(key) or {}).get("clicked"):
            on_click(clicked)

    clicked: Clicked | None = _WIDGET(key=key, data={"rows": list(rows)}, on_clicked_change=tell).clicked
    return clicked
