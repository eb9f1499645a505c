"""Choice of one image: from a file, a web address, the camera, the project, or those tested last."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from cvcore import imaging
from cvcore.files import blobs
from cvcore.languages import marked, t
from cvcore.net import http
from cvcore.records import Image, Project
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.quick_test import project_images, shown_image, tested_images
from pages.parts.shell import page_address
from pages.parts.widgets import view_choice

# Keys of the address; what is shown is translated.
FILE, ADDRESS, CAMERA, LIVE = marked("File"), marked("Web address"), marked("Camera"), marked("Live camera")
PROJECT, TESTED = marked("This project"), marked("Tested last")
SHOWN_PX = 1024
_ADDRESS = "image"  # the parameter with the SHA-256 of the image


@dataclass(frozen=True)
class ChosenImage:
    """The bytes of the chosen image, its name, and whether it came from outside, so that it may be kept."""

    data: bytes
    name: str
    is_new: bool


def way(store: Store, project: Project) -> str:
    """Let the user choose where images come from, one of the constants above; it is in the page's address."""
    tested = tested_images.kept(store, project)
    ways = [FILE, ADDRESS, CAMERA, LIVE, PROJECT, *([TESTED] if tested else [])]
    return view_choice.show(ways, key="image-from", first=FILE, label=t("Image from"))


def show(store: Store, project: Project, limits: Limits, way: str) -> tuple[ChosenImage | None, bool]:
    """Let the user choose an image and show it upright; returns it, and whether a new one can be chosen here.

    The image is in the page's address; after a reload it is found again if it is stored.

    Raises:
        UrlRefused, FetchFailed: the address is not allowed, or did not answer.
        ImageRefused: the bytes are not an image within the limits.
    """
    tested = tested_images.kept(store, project)
    before = str(st.query_params.get(_ADDRESS, ""))
    if way == PROJECT:
        of_project = project_images.show(store, project, before)
        chosen = _of_project(store, of_project) if of_project else None
    elif way == TESTED:
        digest = tested_images.show(tested, project, before)
        chosen = _kept(store, digest) if digest else None
    else:
        chosen = _new(way, limits) or _after_reload(store, before, [prediction.sha256 for prediction in tested])
        st.session_state["quick-asked"] = True
    page_address.put({_ADDRESS: blobs.sha256(chosen.data) if chosen else ""})
    if chosen:
        if chosen.is_new:
            imaging.read(chosen.data, limits)
        # The camera shows its image already.
        if way != CAMERA or "quick-restored" in st.session_state:
            shown_image.show(imaging.rendition(chosen.data, SHOWN_PX), "webp", chosen.name)
    return chosen, way not in (PROJECT, TESTED)


def _of_project(store: Store, image: Image) -> ChosenImage:
    return ChosenImage(blobs.read(blobs.original_path(store.home, image.sha256)), image.name, is_new=False)


def _kept(store: Store, digest: str) -> ChosenImage:
    return ChosenImage(blobs.read(blobs.original_path(store.home, digest)), t("The tested image"), is_new=False)


def _after_reload(store: Store, digest: str, known: list[str]) -> ChosenImage | None:
    """The image that was shown before the page was loaded again, if it was kept."""
    is_first_run = "quick-asked" not in st.session_state
    if digest in known and (is_first_run or st.session_state.get("quick-restored") == digest):
        st.session_state["quick-restored"] = digest
        return replace(_kept(store, digest), is_new=True)
    return None


def _new(way: str, limits: Limits) -> ChosenImage | None:
    if way == FILE:
        file = st.file_uploader(
            t("Image"),
            label_visibility="collapsed",
            key="quick-file",
            max_upload_size=math.ceil(limits.photo_bytes / 2**20),
        )
        return _fitted(file.getvalue(), file.name, limits) if file else None
    if way == CAMERA:
        taken = st.camera_input(t("Take an image"), label_visibility="collapsed")
        return _fitted(taken.getvalue(), t("The image from the camera"), limits) if taken else None
    address = st.text_input(t("Address"), placeholder="https://example.org/rose.jpg", key="quick-address")
    return at_address(address.strip(), limits) if address else None


def at_address(address: str, limits: Limits, *, fetch: Callable[[str, int], bytes] | None = None) -> ChosenImage:
    """The image at a web address, as `_fitted` makes it; `fetch` gets the address and how many bytes are read at most.

    Raises:
        UrlRefused, FetchFailed, ImageRefused: as `show`.
    """
    # One byte past the limit, so that the refusal names the setting.
    return _fitted((fetch or _fetched)(address, limits.read_bytes), t("The image at the address"), limits)


def _fitted(data: bytes, name: str, limits: Limits) -> ChosenImage:
    """The image as it would be stored: a large photo is made smaller, HEIC becomes JPEG; said below it."""
    st.session_state.pop("quick-restored", None)
    arrival = _arrived(data, limits)
    if arrival.note:
        st.caption(f"{arrival.note[:1].upper()}{arrival.note[1:]}.")
    return ChosenImage(arrival.data, name, is_new=True)


@st.cache_data(max_entries=8, show_spinner=False)
def _arrived(data: bytes, limits: Limits) -> imaging.Arrival:
    return imaging.fitted(data, limits)


def _fetched(address: str, limit_bytes: int) -> bytes:
    with st.spinner(t("Fetching the image …")):
        return _fetch(address, limit_bytes)


@st.cache_data(max_entries=16, ttl=600, show_spinner=False)
def _fetch(address: str, limit_bytes: int) -> bytes:
    return http.fetch(address, limit_bytes=limit_bytes)
