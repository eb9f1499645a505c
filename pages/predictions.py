"""Predictions: the images predicted in the last 30 days, to tag and to train on."""

from __future__ import annotations

import streamlit as st

from cvcore.active_learning import prediction_queue
from cvcore.languages import marked, t
from cvcore.prediction import history
from pages.parts.predictions import prediction_filter, prediction_gallery
from pages.parts.shell import backend, project_choice
from pages.parts.shell.text import refusals

store = backend.store()
project = project_choice.heading(marked("Predictions"), store)
if not store.predictions.count(project.id):
    st.info(
        t(
            "There are no predictions now. Images that you try in Quick Test, or that programs send to the prediction "
            "API, are kept here for {days} days. You can tag them and train on them.",
            days=history.DAYS,
        )
    )
    if store.iterations.trained(project.id):
        project_choice.link("quick_test.py", t("Go to Quick Test"), project)
    else:
        project_choice.link("train.py", t("Go to Train"), project)
    st.stop()
with refusals():
    wanted = prediction_filter.show(store, project)
    prediction_gallery.show(store, project, prediction_queue.find(store, project, wanted), backend.limits())
