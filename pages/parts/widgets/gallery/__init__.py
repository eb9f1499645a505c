"""Thumbnails to choose several from: by click, Shift-click, keyboard, all or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import streamlit as st

from pages.parts.widgets import component

_HTML = """
<section class="gallery">
  <div class="bar">
    <span class="count" aria-live="polite"></span>
    <button type="button" class="all">All</button><button type="button" class="none">None</button>
  </div>
  <div class="grid" role="listbox" aria-multiselectable="true" aria-label="Images"></div>
</section>
"""
_WIDGET = component.register(Path(__file__).parent, _HTML)


class Item(TypedDict):
    """One image: its id, the address of its thumbnail, and words that are shown as they are.

    caption: what the image is called, for readers of screens and pointers, and where the thumbnail is missing.
    tags: a line below the thumbnail. badge: a few letters on its corner. notes: more lines. action: what a button
    below them says, see `pressed`.
    """

    id: str
    src: str
    caption: str
    tags: NotRequired[str]
    badge: NotRequired[str]
    notes: NotRequired[list[str]]
    action: NotRequired[str]


def show(
    items: Sequence[Item], *, key: str, selected: Sequence[str] = (), revision: int = 0, thumbnail_px: int = 128
) -> list[str]:
    """Draw the gallery and return the ids selected, in the order of `items`.

    The selection is the user's: it outlives reruns and a change of items, of which those that are gone are no
    longer returned. `selected` are the ids at first, and once more whenever `revision` has another value.
    """
    chosen = _chosen(st.session_state.get(key), selected, revision)
    data = {"items": list(items), "selected": chosen, "revision": revision, "thumbnail_px": thumbnail_px}
    result = _WIDGET(key=key, data=data, on_selection_change=lambda: None, on_action_change=lambda: None)
    wanted = set(_chosen(result, selected, revision))
    return [item["id"] for item in items if item["id"] in wanted]


def pressed(key: str) -> str | None:
    """The id of the image whose button was pressed just now, in the run that this caused."""
    return (st.session_state.get(key) or {}).get("action")


def _chosen(state: Mapping[str, Any] | None, selected: Sequence[str], revision: int) -> list[str]:
    """What the browser last sent, unless that was in answer to an earlier revision."""
    sent = (state or {}).get("selection")
    return list(sent["ids"]) if sent and sent["revision"] == revision else list(selected)
