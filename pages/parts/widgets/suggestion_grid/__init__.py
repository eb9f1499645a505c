"""Untagged images with suggested tags, to confirm or correct with the keyboard; decisions are sent per batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from cvcore import urls
from cvcore.active_learning.suggestions import Batch, Candidate
from cvcore.languages import t
from pages.parts.widgets import component

SURE = 0.95


def _html() -> str:
    return f"""
<section class="suggestions">
  <div class="bar">
    <div class="row">
      <button type="button" class="save"></button><button type="button" class="sure"></button>
      <span class="count" aria-live="polite"></span>
    </div>
    <div class="row legend">
      <div class="keys" role="group" aria-label="{t("Tags for the image you are at")}"></div>
      <input class="find" type="text" placeholder="{t("/ to type a tag")}" aria-label="{t("Type a tag")}"
        spellcheck="false">
    </div>
  </div>
  <p class="help"></p>
  <div class="grid" role="listbox" aria-multiselectable="true" aria-label="{t("Untagged images")}"></div>
</section>
"""


_WIDGET = component.register(Path(__file__).parent, _html)


@dataclass(frozen=True)
class Sent:
    """The decisions on a batch: tag ids by image id, and the ids of the skipped images."""

    decided: Mapping[str, tuple[str, ...]]
    aside: tuple[str, ...]


def show(
    batch: Batch, *, signature: str, turn: int, settled: Sequence[str], multilabel: bool, key: str, sure: float = SURE
) -> None:
    """Draw a batch; `sent` returns the decisions.

    Decisions stay in the browser until they are sent, also over reruns and reloads. signature: identifies the images.
    turn: a new number after every answer of `sent`. settled: the ids of the images that were sent last; the browser can
    drop their decisions. sure: one click confirms all suggestions that are at least this certain.
    """
    data = {
        "signature": signature,
        "turn": turn,
        "settled": list(settled),
        "multilabel": multilabel,
        "sure": sure,
        "tags": [{"id": tag.id, "name": tag.name, "negative": tag.kind == "Negative"} for tag in batch.tags],
        "items": [_item(candidate) for candidate in batch.candidates],
    }
    _WIDGET(key=key, data=data, on_sent_change=lambda: None)


def sent(key: str, turn: int) -> Sent | None:
    """The decisions sent just now, in the rerun that this caused; None without any, or if of an earlier turn."""
    message: Mapping[str, Any] | None = (st.session_state.get(key) or {}).get("sent")
    if not message or message["turn"] != turn:
        return None
    return Sent({image_id: tuple(tag_ids) for image_id, tag_ids in message["decided"]}, tuple(message["aside"]))


def _item(candidate: Candidate) -> dict[str, Any]:
    return {
        "id": candidate.image.id,
        "src": urls.thumbnail(candidate.image.sha256),
        "name": candidate.image.name,
        "suggested": list(candidate.suggested),
        "certainty": candidate.confidence,
        "probabilities": list(candidate.probabilities),
    }
