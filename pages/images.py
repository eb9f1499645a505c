"""The Images page: upload, browse and tag a project's images, and edit its tags."""

from __future__ import annotations

import streamlit as st

from cvcore.training.readiness import readiness
from cvcore.wording import count
from pages.parts.images import image_browser, suggestion_panel, tag_panel, upload_panel
from pages.parts.shell import backend, project_choice

store = backend.store()
project = project_choice.heading("Images", store)
tags = store.tags.of_project(project.id)
images = store.images.count(project.id)

IMAGES, SUGGESTED, UPLOAD, TAGS = "Images", "Suggested tags", "Upload", "Tags"
# The default stays as it was when the project was opened: with another default Streamlit would create a new control.
first = st.session_state.setdefault(f"first-view-{project.id}", IMAGES if images else UPLOAD)
view = st.segmented_control(
    "View",
    [IMAGES, SUGGESTED, UPLOAD, TAGS],
    default=first,
    required=True,
    label_visibility="collapsed",
    key="view",
    bind="query-params",
)
if view == UPLOAD:
    upload_panel.show(store, project, tags, backend.limits())
elif view == TAGS:
    tag_panel.show(store, project, tags, backend.limits())
elif view == SUGGESTED and images:
    suggestion_panel.show(store, project)
elif images:
    image_browser.show(store, project, tags, backend.limits())
else:
    st.info("No images yet. Choose Upload and add some: five per tag are enough to start.")

ready = readiness(store, project)
if ready.images and not ready.obstacles:
    project_choice.link("train.py", f"{count(len(ready.images), 'tagged image')}: ready to train", project)
