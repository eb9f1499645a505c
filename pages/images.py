"""Images: upload, look through and tag a project's pictures, and keep its tags in order."""

from __future__ import annotations

import streamlit as st

from cvcore import training
from pages.parts import backend, choice, image_browser, tag_board, upload_panel
from pages.parts.text import count

store = backend.store()
project = choice.heading("Images", store)
tags = store.tags.of_project(project.id)
images = store.images.count(project.id)

PICTURES, UPLOAD, TAGS = "Pictures", "Upload", "Tags"
view = st.segmented_control(
    "View",
    [PICTURES, UPLOAD, TAGS],
    default=PICTURES if images else UPLOAD,
    required=True,
    label_visibility="collapsed",
    key=f"view-{project.id}",
)
if view == UPLOAD:
    upload_panel.show(store, project, tags, backend.limits())
elif view == TAGS:
    tag_board.show(store, project, tags, backend.limits())
elif images:
    image_browser.show(store, project, tags, backend.limits())
else:
    st.info("No pictures yet. Choose Upload and bring some in: five per tag are enough to start.")

ready = training.readiness(store, project)
if ready.images and not ready.obstacles:
    choice.link("train.py", f"{count(len(ready.images), 'tagged image')}: ready to train", project)
