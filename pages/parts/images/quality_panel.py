"""The Images page's view of odd images: dark, blurred or tiny ones, and copies with different tags, to act on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from cvcore.image_quality import TITLES, Group, scope, sentence
from cvcore.languages import number, t
from cvcore.records import Project, Tag
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.images import image_tools, large_view
from pages.parts.quality import known
from pages.parts.shell import page_address, widget_resets
from pages.parts.shell.help_marks import HELP
from pages.parts.widgets import gallery, page_choice

KEY = "quality"
PARAMETER = "odd"
PAGE = 96


def show(store: Store, project: Project, tags: Sequence[Tag], limits: Limits) -> None:
    """Show the kinds that have an image, and the images of the chosen one with the tools of the gallery."""
    st.header(t("Which images are hard to learn from?"), anchor=False, help=HELP["image quality"])
    found = known.quality(store, project)
    if found.groups:
        group = _chosen(project, found.groups)
        st.markdown(sentence(group))
        _show_images(store, project, tags, group, limits)
    st.caption(
        t(
            "{images_looked_at} A computer judges only by light, edges and size: look at each image yourself, and keep "
            "it if new images will look like it.",
            images_looked_at=scope(found),
        )
    )
    large_view.show(store, project, limits)


def _chosen(project: Project, groups: Sequence[Group]) -> Group:
    """The group that is chosen; its kind is in the page's address."""
    by_kind = {group.kind: group for group in groups}
    key = f"{KEY}-kind-{project.id}"
    if st.session_state.get(key) not in by_kind:
        wanted = st.query_params.get(PARAMETER, "")
        st.session_state[key] = wanted if wanted in by_kind else groups[0].kind
    kind = st.segmented_control(
        t("Kind"),
        list(by_kind),
        format_func=lambda kind: f"{t(TITLES[kind])} {number(len(by_kind[kind].image_ids))}" if kind in by_kind else "",
        required=True,
        wrap=True,
        label_visibility="collapsed",
        key=key,
        on_change=page_choice.put,
        args=(f"{KEY}-page", 1),
    )
    page_address.put({PARAMETER: str(kind)})
    return by_kind.get(str(kind), groups[0])


def _show_images(store: Store, project: Project, tags: Sequence[Tag], group: Group, limits: Limits) -> None:
    pages = -(-len(group.image_ids) // PAGE)
    page = page_choice.current(f"{KEY}-page", pages)
    images = store.images.with_ids(group.image_ids[PAGE * (page - 1) : PAGE * page])
    names = {tag.id: tag.name for tag in tags}
    bar = st.container(key="quality-toolbar")
    key = f"{KEY}-gallery-{project.id}"
    revision = f"{widget_resets.current(KEY)} {group.kind} {page}"
    selected = gallery.show([image_tools.item(image, names) for image in images], key=key, revision=revision)
    enlarge = partial(large_view.open_image, project, group.image_ids)
    if opened := gallery.opened(key):
        enlarge(opened)
    with bar:
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            chosen = [image for image in images if image.id in set(selected)]
            act = image_tools.show(store, project, tags, chosen, enlarge, limits=limits, key=KEY)
            page_choice.show(f"{KEY}-page", pages)
        if act:
            image_tools.do(project, act, key=KEY)
