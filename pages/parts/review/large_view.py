"""One evaluated image large, with its answer, the next and the previous one, and where the model looked."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from cvcore import urls
from cvcore.evaluation.review import ReviewedImage
from cvcore.files import blobs
from cvcore.languages import t
from cvcore.records import Iteration, Project
from cvcore.store import Store
from cvcore.wording import percent
from pages.parts.quick_test import explanation
from pages.parts.review import corrections, image_items
from pages.parts.shell import backend
from pages.parts.shell.text import plain, refusals
from pages.parts.similar import button as similar_button
from pages.parts.widgets import image_steps

_OPEN = "review-large"


def open_image(key: str) -> None:
    """Show the image with that key of `image_items.key` large, from the next `show` on until it is closed."""
    st.session_state[_OPEN] = key


def show(store: Store, project: Project, iteration: Iteration, images: Sequence[ReviewedImage]) -> None:
    """Show the image that was opened, if it is one of these."""
    if st.session_state.get(_OPEN) in [image_items.key(image) for image in images]:
        st.dialog(t("Image"), width="medium", on_dismiss=_close)(_dialog)(store, project, iteration, images)


def _close() -> None:
    st.session_state.pop(_OPEN, None)


def _dialog(store: Store, project: Project, iteration: Iteration, images: Sequence[ReviewedImage]) -> None:
    keys = [image_items.key(image) for image in images]
    if st.session_state.get(_OPEN) not in keys:
        st.rerun()
    at = keys.index(st.session_state[_OPEN])
    image = images[at]
    _show_image(store, project, iteration, image)
    image_steps.show_buttons(at, len(keys), lambda step: open_image(keys[at + step]))
    _show_texts(image)
    if image.suggestion and st.button(plain(image_items.words(image.suggestion, project)), key="review-large-follow"):
        with refusals():
            corrections.follow(store, project, [image], "drawer")


def _show_image(store: Store, project: Project, iteration: Iteration, image: ReviewedImage) -> None:
    if st.session_state.get("review-looked"):
        with refusals():
            data = blobs.read(blobs.original_path(store.home, image.sha256))
            explanation.show(store, iteration, data, limits=backend.limits(), key="closer", tag=image.about)
    else:
        st.html(f'<img class="tagwise-closer" src="{urls.image(image.sha256)}" alt="{html.escape(image.name)}">')
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(t("Show where the model looked"), key="review-looked")
        similar_button.show(project, image.image_id, key="review-like", close=_close)


def _show_texts(image: ReviewedImage) -> None:
    st.text(image.name)
    tags = image_items.joined(image.tags)
    if image.now is None:
        st.text(t("Tagged {tags} at the training, no longer in the workspace.", tags=tags))
    else:
        now = image_items.joined(image.now)
        st.text(t("Tagged {tags} at the training, tagged {now} now.", tags=tags, now=now))
    if not image.is_evaluated:
        st.text(t("Not evaluated."))
        return
    answer, probability = image_items.joined(image.answer), percent(image.probability)
    st.text(t("Answer: {answer}; {tag} {probability}", answer=answer, tag=image.about, probability=probability))
