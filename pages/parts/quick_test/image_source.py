"""Choice of one image: from a file, a web address, the camera, or the project."""

from __future__ import annotations

import math

import streamlit as st
from streamlit_image_select import image_select

from cvcore import imaging, urls
from cvcore.files import blobs
from cvcore.net import http
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import Store

FILE, ADDRESS, CAMERA, PROJECT = "File", "Web address", "Camera", "This project"
OFFERED = 24
SHOWN_PX = 1024


def show(store: Store, project: Project, limits: Limits) -> bytes | None:
    """Let the user choose an image and show it upright; returns its bytes, or None if there is none yet.

    Raises:
        UrlRefused, FetchFailed: the address is not allowed, or did not answer.
        ImageRefused: the bytes are not an image within the limits.
    """
    way = st.segmented_control(
        "Image from", [FILE, ADDRESS, CAMERA, PROJECT], default=FILE, required=True, key="image-from"
    )
    if way == FILE:
        data = _from_file(limits)
    elif way == ADDRESS:
        data = _from_address(limits)
    elif way == CAMERA:
        taken = st.camera_input("Take an image", label_visibility="collapsed")
        data = taken.getvalue() if taken else None
    else:
        data = _from_project(store, project)
    if data is not None:
        imaging.read(data, limits)
        # The camera and the project's list show the image already.
        if way in (FILE, ADDRESS):
            st.image(imaging.rendition(data, SHOWN_PX), width="stretch")
    return data


def _from_file(limits: Limits) -> bytes | None:
    file = st.file_uploader(
        "Image", label_visibility="collapsed", key="quick-file", max_upload_size=math.ceil(limits.image_bytes / 2**20)
    )
    return file.getvalue() if file else None


def _from_address(limits: Limits) -> bytes | None:
    address = st.text_input("Address", placeholder="https://example.org/rose.jpg", key="quick-address")
    if not address:
        return None
    return _fetch(address.strip(), limits.image_bytes)


@st.cache_data(max_entries=16, ttl=600, show_spinner="Fetching the image …")
def _fetch(address: str, limit_bytes: int) -> bytes:
    return http.fetch(address, limit_bytes=limit_bytes)


def _from_project(store: Store, project: Project) -> bytes | None:
    offered = store.images.page(project.id, take=OFFERED)
    if not offered:
        st.info("This project has no images.")
        return None
    st.caption("A model can know its training images by heart: new images are a better test.")
    # image_select keeps the first images under a key, so a changed list needs another key.
    chosen = image_select(
        "The newest images of this project",
        [urls.thumbnail(image.sha256) for image in offered],
        return_value="index",
        use_container_width=False,
        key=f"select-{hash(tuple(image.id for image in offered))}",
    )
    return blobs.read(blobs.original_path(store.home, offered[min(chosen, len(offered) - 1)].sha256))
