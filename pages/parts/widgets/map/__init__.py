"""A map of images: points that can be coloured, looked at, and selected with a lasso, a box, or by the legend."""

from __future__ import annotations

import base64
import binascii
import hashlib
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cvcore.languages import t
from pages.parts.widgets import component


def _html() -> str:
    return f"""
<section class="map">
  <div class="tools">
    <label>{t("Colour")} <select class="by"></select></label>
    <span class="modes" role="group" aria-label="{t("What dragging does")}"></span>
    <span class="zooms"></span>
  </div>
  <div class="frame">
    <canvas class="points" tabindex="0" role="application" aria-label="{t("Map of the images")}"></canvas>
    <canvas class="outline" aria-hidden="true"></canvas>
    <div class="hint" hidden></div>
  </div>
  <div class="bar">
    <span class="count" aria-live="polite"></span>
    <button type="button" class="in-view">{t("Select all in view")}</button>
    <button type="button" class="of-legend" hidden>{t("Select these")}</button>
    <button type="button" class="none">{t("Select none")}</button>
  </div>
  <div class="legend" role="group" aria-label="{t("Legend")}"></div>
</section>
"""


_WIDGET = component.register(Path(__file__).parent, _html)


class Colouring(TypedDict):
    """One way to colour the points: a name, a value a point, base64 of uint16, and what the values mean.

    title: the name in the language spoken. labels: of the values 0, 1, 2, …, of which the last is for none. Without
    labels the values go from 0 to 65,534, and 65,535 is none; `low` and `high` say what the ends are, and `ends` as
    numbers of a kind: `day` (since 1970), `rate` or `number`.
    """

    name: str
    title: str
    values: str
    labels: list[str]
    low: str
    high: str
    ends: tuple[float, float, str]


def packed(values: NDArray[Any]) -> str:
    """An array of whole numbers for the browser, base64 of little-endian uint16."""
    return base64.b64encode(values.astype("<u2").tobytes()).decode()


def show(
    positions: NDArray[np.floating],
    digests: NDArray[np.uint8],
    is_new: NDArray[np.bool_],
    colourings: list[Colouring],
    *,
    first: str = "",
    thumbnail: str,
    revision: str,
    key: str,
) -> NDArray[np.int64]:
    """Draw the map, and return the places of the points that are selected.

    positions: (points, 2), -1..1. digests: SHA-256, uint8 (points, 32). is_new: which are drawn as rings. first: the
    colouring to begin with, and to change to when it comes. thumbnail: a thumbnail's address, with `SHA` for the
    image's SHA-256. With another revision nothing is selected.
    """
    points = {
        "count": len(digests),
        "positions": packed(np.rint((np.clip(positions, -1, 1) + 1) * 32767)),
        "digests": base64.b64encode(digests.tobytes()).decode(),
        "rings": packed(is_new),
    }
    colours = {"colourings": colourings, "first": first}
    # The browser compares these instead of megabytes.
    made_of = {"points_version": _version(points), "colours_version": _version(colours)}
    data = points | colours | made_of | {"thumbnail": thumbnail, "revision": revision}
    result = _WIDGET(key=key, data=data, on_selection_change=lambda: None)
    return selected(result.get("selection") or st.session_state.get(key, {}).get("selection"), len(digests), revision)


def _version(content: dict[str, Any]) -> str:
    version = hashlib.blake2b(digest_size=16)
    for part in content.values():
        version.update(str(part).encode())
    return version.hexdigest()


def selected(sent: Any, count: int, revision: str) -> NDArray[np.int64]:
    """The places that the browser sent as bits; none if they belong to another revision, or are no bits of these."""
    try:
        if not sent or sent["revision"] != revision:
            return np.zeros(0, np.int64)
        bits = np.frombuffer(base64.b64decode(sent["bits"], validate=True), np.uint8)
    except (KeyError, TypeError, ValueError, binascii.Error):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.unpackbits(bits, bitorder="little")[:count])
