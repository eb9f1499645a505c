"""Predictions: what iterations were asked in the last 30 days, to be tagged and trained with."""

from __future__ import annotations

import streamlit as st

from cvcore import history, selection
from pages.parts import backend, choice, prediction_filter, prediction_gallery
from pages.parts.text import refusals

store = backend.store()
project = choice.heading("Predictions", store)
prediction_gallery.notice(project)
if not store.predictions.count(project.id):
    st.info(
        "Nothing is kept here now. Pictures that you try in Quick Test, or that programs send to the prediction API, "
        f"stay for {history.DAYS} days, so that those the model is unsure of can be tagged and trained with."
    )
    if store.iterations.trained(project.id):
        choice.link("quick_test.py", "Go to Quick Test", project)
    else:
        choice.link("train.py", "Go to Train", project)
    st.stop()

with refusals():
    wanted = prediction_filter.show(store, project)
    prediction_gallery.show(store, project, selection.find(store, project, wanted), backend.limits())
