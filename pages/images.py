"""The Images page: upload, browse and tag a project's images, and edit its tags."""

from __future__ import annotations

import streamlit as st

from pages.parts.images import image_browser, suggestion_panel, tag_panel, upload_panel
from pages.parts.shell import backend, page_address, project_choice

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
    key="images-view",
    bind="query-params",
)
# Streamlit leaves a default out of the address, and after a reload another view can be the default.
page_address.put({"images-view": view})
if view == UPLOAD:
    upload_panel.show(store, project, tags, backend.limits())
elif view == TAGS:
    tag_panel.show(store, project, tags, backend.limits())
elif view == SUGGESTED and images:
    suggestion_panel.show(store, project)
elif images:
    image_browser.show(store, project, tags, backend.limits())
else:
    st.info("No images yet. Upload some: five per tag are enough to start.")
