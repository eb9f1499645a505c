"""Shows the map of an iteration's images; what is selected on it stands below, with the Images page's tools."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from cvcore import image_maps, languages, urls
from cvcore.image_maps import KINDS, OUTCOMES, Points
from cvcore.languages import t, tn
from cvcore.records import Image, Iteration, Project, Thresholds
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.analyses import progress
from pages.parts.images import image_tools, large_view
from pages.parts.map import colourings, fact_colouring
from pages.parts.shell import project_choice, widget_resets
from pages.parts.shell.text import plain, refusals
from pages.parts.widgets import gallery, page_choice
from pages.parts.widgets import map as map_widget

KEY = "map"
PAGE = 48


def show(store: Store, project: Project, iteration: Iteration, thresholds: Thresholds, limits: Limits) -> None:
    """Show the map; the first time it is made by the worker, which takes seconds, or minutes for very many images."""
    st.header(t("Map of the images"), anchor=False)
    with refusals():
        if image_maps.kept_points(store, project, iteration, thresholds) is None:
            progress.show(store, iteration, "map")
        else:
            _map(store, project, iteration, thresholds, limits)


@st.fragment
def _map(store: Store, project: Project, iteration: Iteration, thresholds: Thresholds, limits: Limits) -> None:
    with refusals():
        points = image_maps.kept_points(store, project, iteration, thresholds)
        if points is None:  # its file was lost meanwhile
            st.rerun()
        st.caption(_about(points))
        by_fact = fact_colouring.show(store, project, points)
        more = [by_fact] if by_fact else []
        places = map_widget.show(
            points.positions,
            points.digests,
            points.kinds != KINDS.index("trained"),
            [*colourings.of_points(points), *more],
            first=by_fact["name"] if by_fact else "",
            thumbnail=urls.thumbnail("SHA"),
            revision=f"{iteration.id} {widget_resets.current(KEY)} {len(points.digests)}",
            key=f"map-{iteration.id}",
        )
        if len(places):
            _selected(store, project, points, places, limits=limits)
        else:
            _list(points)
        large_view.show(store, project, limits)


def _about(points: Points) -> str:
    told = [
        t(
            "Images that look alike to the model lie together; how far groups lie from each other means little. Each "
            "image is placed without its own tag."
        )
    ]
    if not np.isnan(points.trust):
        told.append(
            t(
                "Trustworthiness {trust}: 1 if all neighbours here are neighbours in truth, {chance} by chance.",
                trust=languages.decimal(float(points.trust), 2),
                chance=languages.decimal(0.5),
            )
        )
    if newer := int((points.kinds != KINDS.index("trained")).sum()):
        told.append(
            tn(
                newer,
                "Rings: {n} image that came after the training or was only predicted.",
                "Rings: {n} images that came after the training or were only predicted.",
            )
        )
    if points.left_out:
        told.append(
            tn(
                points.left_out,
                "{n} image not shown: not read yet, or too many since the training.",
                "{n} images not shown: not read yet, or too many since the training.",
            )
        )
    return " ".join(told)


def _selected(store: Store, project: Project, points: Points, places: np.ndarray, *, limits: Limits) -> None:
    """Show the images that are selected, in pages, and the tools for them."""
    ids = points.ids_at(places)
    if predicted := len(places) - len(ids):
        with st.container(horizontal=True, vertical_alignment="center"):
            text = tn(predicted, "{n} selected image only predicted.", "{n} selected images only predicted.")
            st.caption(text, width="content")
            project_choice.link("predictions.py", t("Go to Predictions"), project)
    if not ids:
        return
    tags = store.tags.of_project(project.id)
    pages = -(-len(ids) // PAGE)
    page_key = f"map-page-{project.id}"
    page = page_choice.current(page_key, pages)
    images = store.images.with_ids(ids[PAGE * (page - 1) : PAGE * page])
    bar = st.container(key="map-toolbar")
    key = f"map-gallery-{project.id}"
    names = {tag.id: tag.name for tag in tags}
    revision = f"{widget_resets.current(KEY)} {page} {hash(tuple(ids))}"
    chosen = set(gallery.show([image_tools.item(image, names) for image in images], key=key, revision=revision))
    if opened := gallery.opened(key):
        large_view.open_image(project, ids, opened)
    with bar, st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        every = st.checkbox(
            plain(t("All {n}", n=languages.number(len(ids)))), key=f"map-all-{widget_resets.current(KEY)}"
        )
        worked_on: list[Image] = [image for image in images if image.id in chosen]
        act = image_tools.show(
            store,
            project,
            tags,
            store.images.with_ids(ids) if every else worked_on,
            partial(large_view.open_image, project, ids),
            limits=limits,
            key=KEY,
        )
        page_choice.show(page_key, pages)
    if act:
        image_tools.do(project, act, key=KEY)


def _list(points: Points) -> None:
    """What the map shows, for those who do not see it: how many images of each tag, and how many are wrong."""
    with st.expander(t("The map as a list")):
        wrong = points.outcomes == OUTCOMES.index("wrong")
        lines = []
        for place, name in enumerate(points.names):
            of_tag = points.tags == place
            if of_tag.any():
                line = t(
                    "{value}: {images}, {wrong} wrong",
                    value=plain(name),
                    images=tn(int(of_tag.sum()), "{n} image", "{n} images"),
                    wrong=languages.number(int((of_tag & wrong).sum())),
                )
                lines.append(f"- {line}")
        st.markdown("\n".join(lines) or t("No image has a tag."))
        st.caption(t("Choose tags in the legend and press “Select these” to list their images."))
