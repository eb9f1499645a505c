"""Publish: let programs call an iteration, under a name or by its ARN; export it, or predict many images at once."""

from __future__ import annotations

import streamlit as st

from cvcore.languages import marked, t
from cvcore.store import Pupil
from pages.parts.publish import amazon_panel, batch_panel, export_panel, prediction_snippets, published_names
from pages.parts.shell import backend, detail_level, project_choice
from pages.parts.shell.text import refusals
from pages.parts.widgets import view_choice

NAMES, AMAZON, EXPORT, BATCH = marked("Publish"), "Rekognition", marked("Export"), marked("Many images")

store = backend.store()
project = project_choice.heading("Publish", store)
trained = store.iterations.trained(project.id)
if not trained:
    st.info(
        t("No iteration is trained yet. Train one, then publish it, export it or predict many images with it here.")
    )
    project_choice.link("train.py", t("Go to Train"), project)
    st.stop()

# Programs call with the teacher's keys, which reach the teacher's projects only.
views = (EXPORT, BATCH) if isinstance(backend.viewer(), Pupil) else (NAMES, AMAZON, EXPORT, BATCH)
by_number = {str(iteration.number): iteration for iteration in trained}
with st.container(horizontal=True, vertical_alignment="bottom", key="publish-choice"):
    # The address decides, so that the page shows the same iteration after a reload.
    wanted = st.query_params.get("iteration", "")
    st.session_state["publish-iteration"] = wanted if wanted in by_number else next(iter(by_number))
    number = st.selectbox(
        t("Iteration"),
        list(by_number),
        format_func=lambda number: by_number[number].name,
        key="publish-iteration",
        on_change=lambda: st.query_params.update(iteration=st.session_state["publish-iteration"]),
        width=240,
    )
    iteration = by_number[number]
    view = view_choice.show(views, key="publish-view", first=views[0])
detail_level.show_note(iteration.note)
with refusals():
    if view == NAMES:
        published = published_names.show(store, project, iteration)
        if published:
            prediction_snippets.show(project, published, backend.settings())
        else:
            st.info(
                t(
                    "Nothing is published yet. Enter a name and publish: then the page shows what programs need to "
                    "call it."
                )
            )
    elif view == AMAZON:
        amazon_panel.show(store, project, iteration, backend.settings())
    elif view == EXPORT:
        export_panel.show(store, iteration)
    elif view == BATCH:
        batch_panel.show(store, project, iteration, backend.limits())
