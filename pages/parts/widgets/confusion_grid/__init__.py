"""A confusion matrix with totals, whose cells can be read and opened with the mouse or the keyboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from cvcore.array_types import Integers
from cvcore.languages import t
from pages.parts.widgets import component

Kind = Literal["matrix", "swaps"]

# The heights of rows in widget.css by the largest number of columns, and of what is around them.
_ROW_PX = {7: 44, 16: 40, 40: 22}
_TINY_ROW_PX, _AROUND_PX = 14, 100


def _html() -> str:
    return f"""
<section class="confusion">
  <div class="bar">
    <fieldset>
      <legend>{t("Show")}</legend>
      <label><input type="radio" name="unit" value="counts" checked>{t("Counts")}</label>
      <label><input type="radio" name="unit" value="shares">{t("Share of row")}</label>
    </fieldset>
    <p class="readout"></p>
  </div>
  <div class="scroll">
    <table role="grid" aria-label="{t("Confusion")}"><thead></thead><tbody></tbody><tfoot></tfoot></table>
  </div>
</section>
"""


_WIDGET = component.register(Path(__file__).parent, _html)


def show(
    *,
    kind: Kind,
    tags: Sequence[str],
    counts: Integers,
    totals: tuple[Integers, Integers],
    opened: tuple[int, int] | None,
    signature: str,
    key: str,
) -> tuple[int, int] | None:
    """Draw the table and return the cell that was clicked just now, as (row, column), or None.

    counts: int (rows, columns). The first rows and columns are the tags; one more row or column means no tag or no
    answer. totals: the number of images tagged, int (rows,), and answered, int (columns,). opened: the cell to mark as
    open. signature: identifies the rows and columns.
    """
    if just := _clicked(st.session_state.get(key), signature):
        opened = just
    data = {
        "signature": signature,
        "kind": kind,
        "tags": list(tags),
        "counts": counts.tolist(),
        "totals": [each.tolist() for each in totals],
        "opened": opened,
    }
    rows, columns = counts.shape
    row_px = next((px for most, px in _ROW_PX.items() if columns <= most), _TINY_ROW_PX)
    with component.room(key, rows * row_px + _AROUND_PX):
        return _clicked(_WIDGET(key=key, data=data, on_clicked_change=lambda: None), signature)


def _clicked(state: Mapping[str, Any] | None, signature: str) -> tuple[int, int] | None:
    cell = (state or {}).get("clicked")
    return (int(cell["row"]), int(cell["column"])) if cell and cell["signature"] == signature else None
