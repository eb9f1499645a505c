"""A confusion matrix whose cells are read and opened with the mouse or by keys."""

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
    """Draw the table and return the cell that is open, as row and column, or None; a second click closes it.

    counts: int (rows, columns) of which the first rows and columns are the tags, and one more of each, where there
    is one, means none. totals: int (rows,), of how many images a row tells. signature: names what the rows and
    columns are; a cell opened under another signature is closed.
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
