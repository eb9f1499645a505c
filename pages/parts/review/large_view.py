"""One evaluated image large, with its answer, the next and the previous one, and where the model looked."""

from __future__ import annotations

import html

import streamlit as st

from cvcore import urls
from cvcore.evaluation.review import ReviewedImage
from cvcore.files import blobs
from cvcore.records import Iteration
from cvcore.store import Store
from cvcore.wording import percent
from pages.parts.quick_test import explanation
from pages.parts.review import image_items
from pages.parts.shell import backend
from pages.parts.shell.text import refusals


@st.dialog("Image", width="medium")
def show(store: Store, iteration: Iteration, images: list[ReviewedImage], first: str) -> None:
    """Show one of the images, at first the one with the key `first` of `image_items.key`."""
    keys = [image_items.key(image) for image in images]
    place = st.session_state.get("large-view")
    at = keys.index(place) if place in keys else keys.index(first)
    image = images[at]
    st.text(image.name)
    now = "no longer in the workspace" if image.now is None else f"tagged {image_items.joined(image.now)} now"
    st.text(f"Tagged {image_items.joined(image.tags)} at the training, {now}.")
    answer = image_items.joined(image.answer)
    st.text(f"Answer: {answer}; {image.about} {percent(image.probability)}" if image.is_evaluated else "Not evaluated.")
    if st.toggle("Show where the model looked", key="large-view-looked"):
        with refusals():
            data = blobs.read(blobs.original_path(store.home, image.sha256))
            explanation.show(store, iteration, data, limits=backend.limits(), key="closer", tag=image.about)
    else:
        st.html(f'<img class="tagwise-closer" src="{urls.image(image.sha256)}" alt="{html.escape(image.name)}">')
