"""Shows one of the images that were judged, at every strength of a change, each with the answer it got."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image as Pillow

from cvcore import evaluation, imaging
from cvcore.array_types import Bools
from cvcore.errors import InvalidInput, NotFound
from cvcore.files import blobs
from cvcore.languages import marked, t
from cvcore.records import Iteration, Thresholds
from cvcore.robustness import Change, Measurement, answered, places
from cvcore.robustness.changes import Pixels, changed
from cvcore.store import SnapshotImage, Store

SIDE = 224
QUALITY = 85
NOTHING = marked("no answer")

_STYLE = """<style>
.tagwise-changed {display: grid; grid-template-columns: repeat(6, 1fr); gap: 8px; margin: 0}
.tagwise-changed figure {margin: 0; min-width: 0}
.tagwise-changed img {width: 100%; aspect-ratio: 1; border-radius: 6px; display: block}
.tagwise-changed figcaption {font-size: .8rem; line-height: 1.35; overflow-wrap: anywhere; padding-top: .25rem}
.tagwise-changed b {font-weight: 600}
@media (max-width: 640px) {.tagwise-changed {grid-template-columns: repeat(3, 1fr)}}
</style>"""


def show(
    store: Store,
    iteration: Iteration,
    measurement: Measurement,
    thresholds: Thresholds,
    *,
    change: Change,
    tag: int,
) -> None:
    """Show an image of the tag (-1: of any), unchanged and at each strength."""
    predictions = evaluation.load(store, iteration)
    answers = answered(measurement, thresholds)
    truth = predictions.truth[measurement.rows]
    conditions = [(0.0, 0), *places(change)]
    is_right = (answers[[condition for _, condition in conditions]] == truth).all(axis=2)
    if (place := example(truth, is_right, tag)) is None:
        return
    row = int(measurement.rows[place])
    image = store.iterations.images(iteration.id)[row]
    sources = _sources(str(store.home), image.sha256, change.name, row, _change=change)
    if not sources:
        st.caption(t("The image that would be shown here is missing or damaged."))
        return
    names = [each.name for each in evaluation.tags(store, iteration)]
    cells = [
        _figure(
            source,
            change.unit(strength) if strength else t("unchanged"),
            answers[condition, place],
            truth[place],
            names,
        )
        for source, (strength, condition) in zip(sources, conditions, strict=True)
    ]
    st.html(f'{_STYLE}<div class="tagwise-changed">{"".join(cells)}</div>')
    st.caption(_about(image, truth[place], names))


def example(truth: Bools, is_right: Bools, tag: int) -> int | None:
    """The place of a typical image of the tag: answered rightly unchanged, and at about as many strengths as others.

    `truth` is (n, k), `is_right` (1 + strengths, n) says at which strengths each image is answered rightly. Without an
    image that is answered rightly unchanged, it is the first of the tag; None if there is none.
    """
    of_tag = truth.any(axis=1) if tag == -1 else truth[:, tag]
    usable = of_tag & is_right[0]
    if not usable.any():
        return int(of_tag.argmax()) if of_tag.any() else None
    often = is_right.sum(axis=0)
    return int(np.where(usable, np.abs(often - often[usable].mean()), np.inf).argmin())


@st.cache_data(max_entries=64, show_spinner=False)
def _sources(home: str, sha256: str, name: str, row: int, _change: Change) -> list[str]:
    """The image unchanged and at each strength, as addresses with the data in them; empty if it cannot be read."""
    try:
        pixels = imaging.pixels(blobs.read(blobs.original_path(Path(home), sha256)), SIDE)
    except (InvalidInput, NotFound):
        return []
    return [_address(changed(pixels, _change, strength, row)) for strength in (0, *_change.strengths)]


def _address(pixels: Pixels) -> str:
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "WEBP", quality=QUALITY)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"


def _figure(source: str, label: str, answers: Bools, truth: Bools, names: list[str]) -> str:
    answer = ", ".join(names[tag] for tag in np.flatnonzero(answers)) or t(NOTHING)
    is_right = bool((answers == truth).all())
    mark, verdict = ("✓", t("right")) if is_right else ("✗", t("wrong"))
    return (
        f'<figure><img src="{source}" alt="{html.escape(label)}"><figcaption><b>{html.escape(label)}</b><br>'
        f'<span role="img" aria-label="{html.escape(verdict)}">{mark}</span> '
        f"<bdi>{html.escape(answer)}</bdi></figcaption></figure>"
    )


def _about(image: SnapshotImage, truth: Bools, names: list[str]) -> str:
    tags = ", ".join(names[tag] for tag in np.flatnonzero(truth)) or t("no tag")
    return t("One of the images ({tags}), as the network gets it, and what it answers at this threshold.", tags=tags)
