"""Quick Test: an iteration's prediction for an image."""

from __future__ import annotations

import streamlit as st

from cvcore import prediction
from cvcore.languages import marked, t
from cvcore.records import MULTILABEL
from pages.parts.quick_test import (
    answer_threshold,
    explanation,
    image_source,
    keep_toggle,
    live_test,
    probability_bars,
)
from pages.parts.shell import backend, detail_level, project_choice
from pages.parts.shell.text import refusals
from pages.parts.similar import button as similar_button

store = backend.store()
project = project_choice.heading(marked("Quick Test"), store)
trained = store.iterations.trained(project.id)
if not trained:
    st.info(t("No iteration is trained yet. Train one, then test it on new images here."))
    project_choice.link("train.py", t("Go to Train"), project)
    st.stop()

left, right = st.columns(2, gap="large")
image, takes_new = None, False
with left, refusals():
    way = image_source.way(store, project)
    if way != image_source.LIVE:
        image, takes_new = image_source.show(store, project, backend.limits(), way)
    if image:
        similar_button.show_for_bytes(store, project, image.data, image.name, limits=backend.limits(), key="quick-like")
with right:
    with st.container(horizontal=True):
        # One key per project: otherwise the browser keeps the choice of another project with the same iteration names.
        iteration = st.selectbox(
            t("Iteration"),
            trained,
            format_func=lambda option: option.name,
            key=f"quick-iteration-{project.id}",
            width=240,
        )
        # The list keeps the iteration as it was when it was chosen, with its old thresholds: take the current one.
        iteration = next((current for current in trained if current.id == iteration.id), iteration)
        threshold = answer_threshold.show(store, iteration)
    is_kept = takes_new and keep_toggle.show()
    detail_level.show_note(iteration.note)
    if image is None and way != image_source.LIVE:
        st.info(t("Choose an image: its tags and probabilities are shown here."))
    elif image:
        with refusals():
            predictions = prediction.predict(store, iteration, image.data, limits=backend.limits())
            multilabel = iteration.classification_type == MULTILABEL
            answer = prediction.answer(predictions, threshold, multilabel=multilabel)
            probability_bars.show(predictions, answer, threshold)
            if image.is_new:
                keep_toggle.settle(store, project, iteration, image.data, is_wanted=is_kept, limits=backend.limits())
        if st.toggle(t("Show where the model looked"), key="quick-looked"):
            explanation.show(store, iteration, image.data, limits=backend.limits(), key="quick")
if way == image_source.LIVE:
    with refusals():
        live_test.show(store, project, iteration, threshold, limits=backend.limits())
