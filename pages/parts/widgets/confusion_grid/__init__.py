"""A confusion matrix whose cells can be read and opened with the mouse or the keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import streamlit as st

from cvcore.array_types import Integers
from pages.parts.widgets import component

Kind = Literal["matrix", "swaps"]

_HTML = """
<section class="confusion">
  <div class="bar">
    <fieldset>
      <legend>Show</legend>
      <label><input type="radio" name="unit" value="counts" checked>Counts</label>
      <label><input type="radio" name="unit" value="shares">Share of row</label>
    </fieldset>
    <p class="readout" aria-live="polite"></p>
  </div>
  <div class="scroll"><table role="grid"><thead></thead><tbody></tbody></table></div>
</section>
"""
_WIDGET = component.register(Path(__file__).parent, _HTML)


def show(
    *, kind: Kind, tags: Sequence[str], counts: Integers, totals: Integers, signature: str, key: str
) -> tuple[int, int] | None:
    """Draw the table and return the open cell as (row, column), or None; a second click closes it.

    counts: int (rows, columns). The first rows and columns are the tags; one more row or column means no tag or no
    answer. totals: int (rows,), the number of images per row. signature: identifies the rows and columns; a cell opened
    under another signature is closed.
    """
    data = {
        "signature": signature,
        "kind": kind,
        "tags": list(tags),
        "counts": counts.tolist(),
        "totals": totals.tolist(),
        "chosen": (st.session_state.get(key) or {}).get("chosen"),
    }
    chosen = _WIDGET(key=key, data=data, on_chosen_change=lambda: None).chosen
    if not chosen or chosen["signature"] != signature:
        return None
    return int(chosen["row"]), int(chosen["column"])
