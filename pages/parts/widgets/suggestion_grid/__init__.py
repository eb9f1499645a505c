"""Untagged images with a suggested tag each, confirmed or corrected by keys alone, and sent a batch at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from cvcore import urls
from cvcore.active_learning.suggestions import Batch, Candidate
from pages.parts.widgets import component

SURE = 0.95

_HTML = """
<section class="suggestions">
  <div class="bar">
    <div class="row">
      <button type="button" class="save"></button><button type="button" class="sure"></button>
      <span class="count" aria-live="polite"></span>
    </div>
    <div class="row legend">
      <div class="keys" role="group" aria-label="Tags for the image you are at"></div>
      <input class="find" type="text" placeholder="/ to type a tag" aria-label="Type a tag" spellcheck="false">
    </div>
  </div>
  <p class="help"></p>
  <div class="grid" role="listbox" aria-multiselectable="true" aria-label="Untagged images"></div>
</section>
"""
_WIDGET = component.register(Path(__file__).parent, _HTML)


@dataclass(frozen=True)
class Sent:
    """A batch as decided: the tag ids for each image id, and the ids of the skipped images."""

    decided: Mapping[str, tuple[str, ...]]
    aside: tuple[str, ...]


def show(
    batch: Batch, *, signature: str, turn: int, settled: Sequence[str], multilabel: bool, key: str, sure: float = SURE
) -> None:
    """Draw a batch; `sent` gives the decisions.

    Decisions stay in the browser until they are sent, over reruns and reloads too. signature: whose images they
    are. turn: another number for every answer that `sent` gave. settled: the ids of images that were sent last, whose
    decisions the browser may forget. sure: what a click confirms at once is at least as certain as this.
    """
    data = {
        "signature": signature,
        "turn": turn,
        "settled": list(settled),
        "multilabel": multilabel,
        "sure": sure,
        "tags": [{"id": tag.id, "name": tag.name, "negative": tag.kind == "Negative"} for tag in batch.tags],
        "items": [_item(each) for each in batch.candidates],
    }
    _WIDGET(key=key, data=data, on_sent_change=lambda: None)


def sent(key: str, turn: int) -> Sent | None:
    """What was sent just now, in the run that this caused; None where nothing was, or in answer to an earlier turn."""
    message: Mapping[str, Any] | None = (st.session_state.get(key) or {}).get("sent")
    if not message or message["turn"] != turn:
        return None
    return Sent({image_id: tuple(tag_ids) for image_id, tag_ids in message["decided"]}, tuple(message["aside"]))


def _item(each: Candidate) -> dict[str, Any]:
    return {
        "id": each.image.id,
        "src": urls.thumbnail(each.image.sha256),
        "name": each.image.name,
        "suggested": list(each.suggested),
        "certainty": each.confidence,
        "probabilities": list(each.probabilities),
    }
