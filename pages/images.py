"""The Images page: upload, browse and tag a project's images, and edit its tags."""

from __future__ import annotations

import streamlit as st

from pages.parts.images import image_browser, quality_panel, similar_panel, suggestion_panel, tag_panel, upload_panel
from pages.parts.shell import backend, page_address, project_choice
from pages.parts.shell.text import refusals

store = backend.store()
project = project_choice.heading("Images", store)
tags = store.tags.of_project(project.id)
images = store.images.count(project.id)

IMAGES, SUGGESTED, QUALITY, UPLOAD, TAGS = "Images", "Suggested tags", "Quality", "Upload", "Tags"
# The first view is not the control's default, which Streamlit leaves out of the address: a reload in the middle of a
# project's first upload would then find another one.
if st.session_state.get("images-project") != project.id or "images-view" not in st.session_state:
    st.session_state["images-project"] = project.id
    if "images-view" not in st.query_params:
        st.session_state["images-view"] = IMAGES if images else UPLOAD
if similar_panel.is_asked_anew():
    st.session_state["images-view"] = IMAGES
view = st.segmented_control(
    "View",
    [IMAGES, SUGGESTED, QUALITY, UPLOAD, TAGS],
    required=True,
    label_visibility="collapsed",
    key="images-view",
    bind="query-params",
)
page_address.put({"images-view": str(view)})
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
    st.info("No images yet. Upload some: five per tag are enough to start.")
