"""A live camera: frames go to the server one after another, and bars show what is answered, with the answer above.

A click on *Keep* sends the frame itself, larger, to Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from cvcore.languages import t
from pages.parts.widgets import component

# Kept frames are as large as those of the other camera; frames to look at are as large as the network needs.
KEPT_PX, KEPT_MOST = 800, 30
QUALITY = 0.9


@dataclass(frozen=True)
class Bar:
    """A tag with its threshold (0..1), and the id under which a frame can be kept, empty if it cannot."""

    name: str
    threshold: float
    tag_id: str = ""


@dataclass(frozen=True)
class Frame:
    """A frame to be kept: the tag's id, and its bytes in base64."""

    tag_id: str
    image: str


def _html() -> str:
    return f"""
<section class="live">
  <p class="status" role="status"></p>
  <p class="told" aria-live="polite"></p>
  <div class="both">
    <div class="seen">
      <video muted playsinline hidden aria-label="{t("What the camera sees")}"></video>
      <img class="photo" alt="{t("The photo")}" hidden>
      <div class="row">
        <button type="button" class="on">{t("Turn the camera on")}</button>
        <button type="button" class="pause" hidden></button>
        <select class="which" aria-label="{t("Camera")}" hidden></select>
        <button type="button" class="off" hidden>{t("Turn off")}</button>
        <span class="rate"></span>
      </div>
      <label class="file" hidden>{t("Take or choose a photo")} <input type="file" accept="image/*"></label>
    </div>
    <div class="answered" hidden>
      <h2></h2>
      <p class="why"></p>
      <ul tabindex="0" aria-label="{t("Probabilities")}"></ul>
    </div>
  </div>
</section>
"""


_WIDGET = component.register(Path(__file__).parent, _html)


def show(
    address: str,
    bars: Sequence[Bar],
    *,
    threshold: float | None,
    side: int,
    longest: int,
    turn: int,
    is_large: bool = False,
    key: str,
) -> None:
    """Draw the camera, for a projector if it `is_large`; `sent` returns the frames to be kept.

    address: where frames are answered. threshold: the one to ask for, None for the saved ones. side, longest: how many
    pixels the shorter and the longer side of a frame have at most. turn: a new number after every answer of `sent`.
    """
    data: dict[str, Any] = {
        "address": address,
        "threshold": threshold,
        "bars": [{"name": bar.name, "threshold": bar.threshold, "id": bar.tag_id} for bar in bars],
        "side": side,
        "longest": longest,
        "large": is_large,
        "quality": QUALITY,
        "turn": turn,
        "keptSide": KEPT_PX,
        "keptMost": KEPT_MOST,
    }
    _WIDGET(key=key, data=data, on_kept_change=lambda: None)


def sent(key: str, turn: int) -> list[Frame]:
    """The frames to be kept that were sent just now, in the rerun that this caused; none if of an earlier turn."""
    message = (st.session_state.get(key) or {}).get("kept")
    if not message or message["turn"] != turn:
        return []
    return [Frame(str(each["tag"]), str(each["image"])) for each in message["frames"]]
