"""One tag's strip, large, for a projector: choice of the tag, slider, images, sentences; it can fill the screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from cvcore.languages import t
from pages.parts.widgets import component


def _html() -> str:
    return f"""
<section class="presenter">
  <div class="top">
    <button type="button" class="step back" aria-label="{t("Previous tag")}"><span aria-hidden="true">←</span></button>
    <label class="out" for="presented">{t("Tag")}</label><select id="presented"></select>
    <button type="button" class="step on" aria-label="{t("Next tag")}"><span aria-hidden="true">→</span></button>
    <button type="button" class="full" aria-pressed="false">{t("Full screen")}</button>
    <span class="setting">
      <label for="line">{t("Threshold")}</label><output for="line" aria-live="off"></output>
      <input id="line" type="range" min="0" max="100" step="1">
    </span>
  </div>
  <div class="host"></div>
</section>
"""


_WIDGET = component.register(Path(__file__).parent, _html)


@dataclass(frozen=True)
class Presented:
    """The name of the tag that was chosen, and the threshold (0..1) at which the slider last stopped."""

    tag: str
    threshold: float


def chosen(key: str, first: str) -> str:
    """The name of the tag chosen last in the presenter with that key, else `first`."""
    return str(st.session_state.get(key, {}).get("tag") or first)


def show(tags: Sequence[str], strip: dict[str, Any], threshold: float, *, signature: str, key: str) -> Presented:
    """Draw the presenter; it also writes tag and threshold into the address.

    tags: the names to choose from. strip: as `threshold_strip.data` returns it, of one of them. threshold: the slider's
    first position; afterwards it stays where the user put it. signature: identifies the strip's numbers.
    """
    committed = st.session_state.get(key, {}).get("threshold")
    start = threshold if committed is None else float(committed)
    data = {"tags": list(tags), "strip": strip, "threshold": round(100 * start), "signature": signature}
    result = _WIDGET(key=key, data=data, on_tag_change=lambda: None, on_threshold_change=lambda: None)
    return Presented(str(result.tag or strip["tag"]), start if result.threshold is None else float(result.threshold))
