"""The Images page: upload, browse and tag a project's images, and edit its tags."""

from __future__ import annotations

import streamlit as st

from cvcore.languages import marked, t
from pages.parts.images import (
    image_browser,
    long_change,
    quality_panel,
    similar_panel,
    suggestion_panel,
    tag_panel,
    upload_panel,
)
from pages.parts.shell import backend, project_choice
from pages.parts.shell.text import refusals
from pages.parts.widgets import view_choice

store = backend.store()
project = project_choice.heading(marked("Images"), store)
tags = store.tags.of_project(project.id)
images = store.images.count(project.id)

IMAGES, SUGGESTED, QUALITY = marked("Images"), marked("Suggested tags"), marked("Quality")
UPLOAD, TAGS = marked("Upload"), marked("Tags")
# A project's first view is kept when its first images are there.
if st.session_state.get("images-project") != project.id:
    st.session_state["images-project"] = project.id
    if "images-view" not in st.query_params:
        st.session_state["images-view"] = IMAGES if images else UPLOAD
if similar_panel.is_asked_anew():
    st.session_state["images-view"] = IMAGES
views = [IMAGES, SUGGESTED, QUALITY, UPLOAD, TAGS]
view = view_choice.show(views, key="images-view", first=IMAGES if images else UPLOAD)
long_change.show(project)
if view == UPLOAD:
    upload_panel.show(store, project, tags, backend.limits())
elif view == TAGS:
    tag_panel.show(store, project, tags, backend.limits())
elif view == SUGGESTED and images:
    suggestion_panel.show(store, project)
elif view == QUALITY and images:
    with refusals():
        quality_panel.show(store, project, tags, backend.limits())
elif images and similar_panel.is_open():
    with refusals():
        similar_panel.show(store, project, tags, backend.limits())
elif images:
    image_browser.show(store, project, tags, backend.limits())
else:
    st.info(t("No images yet. Upload some: five per tag are enough to start."))
