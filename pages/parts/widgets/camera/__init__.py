"""The camera: one shot per click, five per second while the button is held; users drop bad ones and send the rest."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import streamlit as st

from cvcore.errors import InvalidInput
from cvcore.languages import t
from pages.parts.widgets import component

# 30 shots of this size are about 3 MB, which arrive as one message.
SHOTS_MAX = 30
SIDE_PX = 800
QUALITY = 0.9
EVERY_MS = 200


def _html() -> str:
    return f"""
<section class="camera">
  <p class="status" role="status"></p>
  <div class="view" hidden>
    <video muted playsinline aria-label="{t("What the camera sees")}"></video>
    <div class="row">
      <button type="button" class="shoot">{t("Take a shot")}</button>
      <select class="which" aria-label="{t("Camera")}" hidden></select>
      <button type="button" class="off">{t("Turn off")}</button>
      <span class="hint"></span>
    </div>
  </div>
  <button type="button" class="on">{t("Turn the camera on")}</button>
  <p class="told" role="status"></p>
  <div class="taken" hidden>
    <ul></ul>
    <div class="row">
      <button type="button" class="add"></button><button type="button" class="drop">{t("Drop all")}</button>
    </div>
  </div>
</section>
"""


_WIDGET = component.register(Path(__file__).parent, _html)


def show(tags: Sequence[str], *, turn: int, is_stored: bool, key: str) -> None:
    """Draw the camera; `sent` returns the shots.

    tags: the tags that the shots will get, shown on the button. turn: a new number after every answer of `sent`.
    is_stored: whether the shots of the previous turn were stored, so that the browser can drop them.
    """
    data = {
        "tags": list(tags),
        "turn": turn,
        "stored": is_stored,
        "most": SHOTS_MAX,
        "side": SIDE_PX,
        "quality": QUALITY,
        "every": EVERY_MS,
    }
    _WIDGET(key=key, data=data, on_shots_change=lambda: None)


def sent(key: str, turn: int) -> list[str] | None:
    """The shots sent just now, in the rerun that this caused; None without any, or if they are of an earlier turn."""
    message = (st.session_state.get(key) or {}).get("shots")
    return list(message["images"]) if message and message["turn"] == turn else None


def decoded(images: Sequence[str]) -> list[bytes]:
    """The JPEG bytes of sent shots.

    Raises:
        InvalidInput: there are too many, or one did not arrive completely.
    """
    if len(images) > SHOTS_MAX:
        raise InvalidInput(
            t("at most {most} shots are added at once, got {number}: drop some", most=SHOTS_MAX, number=len(images))
        )
    try:
        return [base64.b64decode(image, validate=True) for image in images]
    except binascii.Error:
        raise InvalidInput(t("every shot must arrive completely, one did not: add them again")) from None


def names(number: int, at: datetime) -> list[str]:
    """File names for `number` shots that arrived at a time.

    >>> names(2, datetime(2026, 11, 26, 0, 12, 31))
    ['camera 2026-11-26 00.12.31 01.jpg', 'camera 2026-11-26 00.12.31 02.jpg']
    """
    return [f"camera {at:%Y-%m-%d %H.%M.%S} {shot:02}.jpg" for shot in range(1, number + 1)]
