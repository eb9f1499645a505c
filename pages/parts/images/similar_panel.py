"""The images most like another one, the most similar first, with the gallery's tools. The address has `like=IMAGE`."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from cvcore import similar_images, urls
from cvcore.array_types import Float32s
from cvcore.errors import NotFound
from cvcore.languages import t, tn
from cvcore.records import Image, Project, Tag
from cvcore.settings import Limits
from cvcore.similar_images import Similar
from cvcore.store import Store
from cvcore.wording import whole_percent
from pages.parts.images import image_tools, large_view
from pages.parts.shell import widget_resets
from pages.parts.similar import button
from pages.parts.widgets import gallery

KEY = "similar"
NEAREST = 50

_SEEN = "like-seen"

_STYLE = """<style>
.tagwise-like {display: flex; gap: 0.75rem; align-items: center; margin: 0}
.tagwise-like img {width: 4.5rem; height: 4.5rem; object-fit: cover; border-radius: 0.5rem}
</style>"""


@dataclass(frozen=True, eq=False)
class _Asked:
    """The image that was asked for: its name, embedding, address, and its SHA-256 if it is an image of the project."""

    name: str
    embedding: Float32s
    source: str
    digest: str = ""


def is_open() -> bool:
    """Whether the address asks for the images most like one."""
    return bool(st.query_params.get(button.PARAMETER))


def is_asked_anew() -> bool:
    """Whether the address asks for other images than in the last run, so that they are what the page shows."""
    like = st.query_params.get(button.PARAMETER)
    before, st.session_state[_SEEN] = st.session_state.get(_SEEN), like
    return like is not None and like != before


def show(store: Store, project: Project, tags: Sequence[Tag], limits: Limits) -> None:
    """Show the images most like the one in the address.

    Raises:
        ImageRefused, ModelDamaged, StorageFull, HomeUnusable: it or the network cannot be read, or the index written.
    """
    asked = _asked(store, project, str(st.query_params.get(button.PARAMETER, "")), limits)
    if asked is None:
        st.info(t("The image that was asked for is no longer there."))
        _show_way_back()
        return
    similar = similar_images.nearest(store, project, asked.embedding, NEAREST, without=asked.digest)
    by_id = {each.image_id: each for each in similar}
    images = store.images.with_ids(list(by_id))
    with st.container(horizontal=True, vertical_alignment="center", key="like-head"):
        title = tn(len(images), "The {n} image most like {image}", "The {n} images most like {image}", image=asked.name)
        st.html(
            f'{_STYLE}<figure class="tagwise-like"><img src="{asked.source}" alt="">'
            f"<figcaption><strong>{html.escape(title)}</strong></figcaption></figure>",
            width="content",
        )
        _show_way_back()
    if len(images) < min(NEAREST, store.images.count(project.id) - bool(asked.digest)):
        st.caption(t("New images are compared as soon as the training process has read them."))
    if images:
        _gallery(store, project, tags, images, by_id, limits=limits)
    large_view.show(store, project, limits)


def _show_way_back() -> None:
    if st.button(t("Show all images"), type="tertiary", icon=":material/close:", key="like-close"):
        del st.query_params[button.PARAMETER]
        st.rerun()


def _gallery(
    store: Store,
    project: Project,
    tags: Sequence[Tag],
    images: Sequence[Image],
    similar: dict[str, Similar],
    *,
    limits: Limits,
) -> None:
    names = {tag.id: tag.name for tag in tags}
    ids = [image.id for image in images]
    bar = st.container(key="toolbar")
    key = f"{KEY}-gallery-{project.id}"
    items = [image_tools.item(image, names) for image in images]
    for item in items:
        item["notes"] = [t("{percent} alike", percent=whole_percent(similar[item["id"]].similarity))]
    revision = f"{widget_resets.current(KEY)} {st.query_params.get(button.PARAMETER)}"
    selected = set(gallery.show(items, key=key, revision=revision))
    enlarge = partial(large_view.open_image, project, ids)
    if opened := gallery.opened(key):
        enlarge(opened)
    with bar, st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        chosen = [image for image in images if image.id in selected]
        act = image_tools.show(store, project, tags, chosen, enlarge, limits=limits, key=KEY)
    if act:
        image_tools.do(project, act, key=KEY)


def _asked(store: Store, project: Project, like: str, limits: Limits) -> _Asked | None:
    if sent := button.sent_image(like):
        source = f"data:image/webp;base64,{base64.b64encode(sent.shown).decode()}"
        return _Asked(sent.name, sent.embedding, source)
    of_project = [image for image in store.images.with_ids([like]) if image.project_id == project.id]
    name, digest = (of_project[0].name, of_project[0].sha256) if of_project else (t("the tested image"), like)
    try:
        embedding = similar_images.embedding_of(store, project, digest, limits=limits)
    except NotFound:
        return None
    return _Asked(name, embedding, urls.thumbnail(digest), digest)
