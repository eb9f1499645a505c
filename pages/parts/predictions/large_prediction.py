"""One predicted image, large: every tag's probability, the images before and after it, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from cvcore import evaluation, prediction, urls
from cvcore.active_learning.prediction_queue import QueuedImage
from cvcore.records import MULTILABEL, Project
from cvcore.store import Store
from cvcore.wording import day
from pages.parts.quick_test import probability_bars

KEY = "large-prediction"

# The frame has the same height for every image, so that the buttons below it stay where they are.
_STYLE = """<style>
.tagwise-predicted {margin: 0; height: min(55vh, 36rem)}
.tagwise-predicted img {width: 100%; height: 100%; object-fit: contain}
.st-key-prediction-steps {font-variant-numeric: tabular-nums}
@media (max-width: 640px) {.tagwise-predicted {height: 34vh}}
</style>"""


@dataclass
class _Opened:
    """The images that can be looked at one after another, by their ids, and the place of the one shown."""

    project_id: str
    ids: list[str]
    at: int


def open_image(project: Project, ids: Sequence[str], image_id: str) -> None:
    """Show an image large from the next `show` on, among the images with those ids, until it is closed."""
    if image_id in ids:
        st.session_state[KEY] = _Opened(project.id, list(ids), list(ids).index(image_id))


def show(
    store: Store,
    project: Project,
    queued: Sequence[QueuedImage],
    show_buttons: Callable[[QueuedImage], None],
) -> None:
    """Show the image that was opened, if any, with the buttons drawn for it. Images that are gone are left out."""
    opened: _Opened | None = st.session_state.get(KEY)
    if opened is None or opened.project_id != project.id:
        return
    by_id = {image.id: image for image in queued}
    before = sum(image_id in by_id for image_id in opened.ids[: opened.at])
    opened.ids = [image_id for image_id in opened.ids if image_id in by_id]
    opened.at = min(before, len(opened.ids) - 1)
    if opened.ids:
        _dialog(store, by_id, show_buttons)
    else:
        _close()


def _close() -> None:
    st.session_state.pop(KEY, None)


@st.dialog("Image", width="large", on_dismiss=_close)
def _dialog(store: Store, by_id: dict[str, QueuedImage], show_buttons: Callable[[QueuedImage], None]) -> None:
    opened: _Opened | None = st.session_state.get(KEY)
    if opened is None:
        st.rerun()
    image = by_id[opened.ids[opened.at]]
    left, right = st.columns([5, 3], gap="medium")
    with left:
        alt = "The image that was predicted"
        source = urls.image(image.kept.sha256)
        st.html(f'{_STYLE}<figure class="tagwise-predicted"><img src="{source}" alt="{alt}"></figure>')
        _show_steps(opened)
    with right:
        _show_answer(store, image)
        show_buttons(image)


def _show_steps(opened: _Opened) -> None:
    last = len(opened.ids) - 1
    with st.container(
        key="prediction-steps", horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.button("Previous", shortcut="Left", disabled=opened.at <= 0, on_click=_go, args=(opened, -1))
        st.markdown(f"{opened.at + 1:,} of {last + 1:,}", width="content")
        st.button("Next", shortcut="Right", disabled=opened.at >= last, on_click=_go, args=(opened, 1))


def _go(opened: _Opened, step: int) -> None:
    opened.at = min(max(opened.at + step, 0), len(opened.ids) - 1)


def _show_answer(store: Store, image: QueuedImage) -> None:
    threshold = evaluation.thresholds_by_tag(store, image.iteration, evaluation.threshold_in_use(image.iteration))
    predictions = image.kept.predictions
    answer = prediction.answer(predictions, threshold, multilabel=image.iteration.classification_type == MULTILABEL)
    st.caption(f"{image.iteration.name}, {day(image.kept.created_at)}, {image.kept.application or 'API'}")
    probability_bars.show(predictions, answer, threshold)
