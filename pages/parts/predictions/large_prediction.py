"""One predicted image, large: every tag's probability, the images before and after it, and what can be done with it."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

import streamlit as st

from cvcore import evaluation, prediction, urls
from cvcore.active_learning.prediction_queue import QueuedImage
from cvcore.languages import t
from cvcore.prediction import history
from cvcore.records import MULTILABEL, Project
from cvcore.store import Store
from cvcore.wording import day
from pages.parts.quick_test import probability_bars
from pages.parts.similar import button as similar_button
from pages.parts.widgets import image_steps

KEY = "large-prediction"


def open_image(project: Project, ids: Sequence[str], image_id: str) -> None:
    """Show an image large from the next `show` on, among the images with those ids, until it is closed."""
    image_steps.begin(KEY, project, ids, image_id)


def show(
    store: Store,
    project: Project,
    queued: Sequence[QueuedImage],
    show_buttons: Callable[[QueuedImage], None],
) -> None:
    """Show the image that was opened, if any, with the buttons drawn for it. Images that are gone are left out."""
    opened = image_steps.current(KEY, project)
    if opened is None:
        return
    by_id = {image.id: image for image in queued}
    before = sum(image_id in by_id for image_id in opened.ids[: opened.at])
    opened.ids = [image_id for image_id in opened.ids if image_id in by_id]
    opened.at = min(before, len(opened.ids) - 1)
    if opened.ids:
        st.dialog(t("Image"), width="large", on_dismiss=_close)(_dialog)(store, project, by_id, show_buttons)
    else:
        _close()


def _close() -> None:
    image_steps.end(KEY)


def _dialog(
    store: Store, project: Project, by_id: dict[str, QueuedImage], show_buttons: Callable[[QueuedImage], None]
) -> None:
    opened = image_steps.current(KEY, project)
    if opened is None:
        st.rerun()
    image = by_id[opened.ids[opened.at]]
    left, right = st.columns([5, 3], gap="medium")
    with left:
        shown = f'<img src="{urls.image(image.kept.sha256)}" alt="{html.escape(t("The image that was predicted"))}">'
        image_steps.show_frame(shown, height="min(55vh, 36rem)", height_on_phone="34vh")
        image_steps.show_buttons(opened.at, len(opened.ids), opened.go)
    with right:
        _show_answer(store, image)
        show_buttons(image)
        similar_button.show(project, image.kept.sha256, key=f"{KEY}-like", close=_close)


def asked_by(image: QueuedImage) -> str:
    """What asked for the last prediction: Quick Test, a program by its name, or the API."""
    application = image.kept.application
    return t("Quick Test") if application == history.QUICK_TEST else application or "API"


def _show_answer(store: Store, image: QueuedImage) -> None:
    threshold = evaluation.thresholds_by_tag(store, image.iteration, evaluation.threshold_in_use(image.iteration))
    predictions = image.kept.predictions
    answer = prediction.answer(predictions, threshold, multilabel=image.iteration.classification_type == MULTILABEL)
    st.caption(f"{image.iteration.name}, {day(image.kept.created_at)}, {asked_by(image)}")
    probability_bars.show(predictions, answer, threshold)
