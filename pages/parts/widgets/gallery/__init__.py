"""Thumbnails that can be selected by click, Shift-click or Space, and opened by double click or Enter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import streamlit as st

from cvcore.languages import t
from pages.parts.widgets import component


def _html() -> str:
    return f"""
<section class="gallery">
  <div class="bar">
    <span class="count" aria-live="polite"></span>
    <button type="button" class="all">{t("All")}</button><button type="button" class="none">{t("None")}</button>
    <span class="hint mouse">{t("Double-click or Enter to enlarge")}</span>
    <span class="hint touch">{t("Double-tap to enlarge")}</span>
  </div>
  <div class="grid" role="listbox" aria-multiselectable="true" aria-label="{t("Images")}"></div>
</section>
"""


_WIDGET = component.register(Path(__file__).parent, _html)


class Item(TypedDict):
    """One image: its id, the address of its thumbnail, and texts.

    caption: the image's name, for screen readers, as a tooltip, and if the thumbnail is missing. tags: a line below the
    thumbnail, best as a list of names: each then keeps its own direction of writing. badge: a few letters in its
    corner. notes: more lines. action: the label of a button below them, see `pressed`.
    """

    id: str
    src: str
    caption: str
    tags: NotRequired[str | list[str]]
    badge: NotRequired[str]
    notes: NotRequired[list[str]]
    action: NotRequired[str]


def show(
    items: Sequence[Item],
    *,
    key: str,
    selected: Sequence[str] = (),
    revision: int | str = 0,
    thumbnail_px: int = 128,
    opens: bool = True,
    several: bool = True,
) -> list[str]:
    """Draw the gallery and return the ids selected, in the order of `items`.

    The user's selection outlives reruns and a change of items; ids of items that are gone are not returned. `selected`
    are the ids at first, and again whenever `revision` changes. With `opens` a double click or Enter opens an image,
    see `opened`; without it Enter selects. Without `several` at most one image is selected.
    """
    chosen = _chosen(st.session_state.get(key), selected, revision)
    data = {
        "items": list(items),
        "selected": chosen,
        "revision": revision,
        "thumbnail_px": thumbnail_px,
        "opens": opens,
        "several": several,
    }
    result = _WIDGET(
        key=key,
        data=data,
        on_selection_change=lambda: None,
        on_action_change=lambda: None,
        on_opened_change=lambda: None,
    )
    wanted = set(_chosen(result, selected, revision))
    return [item["id"] for item in items if item["id"] in wanted]


def opened(key: str) -> str | None:
    """The id of the image that was double-clicked or opened by Enter just now, in the rerun that this caused."""
    return (st.session_state.get(key) or {}).get("opened")


def pressed(key: str) -> str | None:
    """The id of the image whose button was pressed just now, in the rerun that this caused."""
    return (st.session_state.get(key) or {}).get("action")


def _chosen(state: Mapping[str, Any] | None, selected: Sequence[str], revision: int | str) -> list[str]:
    """The selection that the browser sent last, unless it belongs to an earlier revision."""
    sent = (state or {}).get("selection")
    return list(sent["ids"]) if sent and sent["revision"] == revision else list(selected)
