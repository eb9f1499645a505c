"""A project's tags: number of images, advice for training, names and kinds."""

from __future__ import annotations

import html
from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from cvcore.projects import tagging
from cvcore.records import Project, Tag, TagKind
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training.readiness import IMAGES_TO_TRAIN, IMAGES_TO_TRAIN_WELL, readiness
from cvcore.wording import count
from pages.parts.shell.text import plain, refusals, short
from pages.parts.train import readiness_notes

AXIS_LETTERS = 24
ROW_LETTERS = 32
KINDS: dict[TagKind, str] = {"Regular": "Regular", "Negative": "Negative: images with none of the tags"}


def show(store: Store, project: Project, tags: Sequence[Tag], limits: Limits) -> None:
    """Show the chart and the advice on the left, the list of tags on the right."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        if tags:
            st.plotly_chart(chart(tags), config={"displayModeBar": False})
        readiness_notes.show(readiness(store, project))
    with right:
        with (
            st.form("new-tag", clear_on_submit=True, border=False),
            st.container(horizontal=True, vertical_alignment="bottom"),
        ):
            name = st.text_input("New tag", max_chars=limits.tag_letters, placeholder="rose")
            if st.form_submit_button("Add tag"):
                with refusals():
                    tagging.create(store, project, name, limits=limits)
                    st.rerun()
        with st.container(gap="xxsmall"):
            for tag in tags:
                _row(store, project, tag, limits)


def chart(tags: Sequence[Tag]) -> go.Figure:
    """A bar chart of images per tag, with lines at the numbers that training needs and that are advised."""
    shown = sorted(tags, key=lambda tag: tag.image_count)
    figure = go.Figure(
        go.Bar(
            x=[tag.image_count for tag in shown],
            # Bars are identified by the tag's id; the labels show the name, escaped because plotly renders HTML.
            y=[tag.id for tag in shown],
            orientation="h",
            text=[f"{tag.image_count:,}" for tag in shown],
            textposition="outside",
            hoverinfo="skip",
        )
    )
    # One label ends and the other begins at its line: with hundreds of images per tag the lines are close together.
    for images, label, anchor in (
        (IMAGES_TO_TRAIN, "needed", "right"),
        (IMAGES_TO_TRAIN_WELL, "advised", "left"),
    ):
        words = {"text": f"{images} {label}", "xanchor": anchor}
        figure.add_vline(
            images,
            line={"dash": "dot", "width": 1, "color": "gray"},
            layer="below",
            annotation=words,
            annotation_position="top",
        )
    # Room for the numbers beside the bars.
    most = max(IMAGES_TO_TRAIN_WELL, *(tag.image_count for tag in shown))
    figure.update_xaxes(range=[0, 1.15 * most])
    figure.update_layout(
        height=110 + 28 * len(shown), margin={"l": 8, "r": 8, "t": 32, "b": 8}, xaxis_title="Images", bargap=0.35
    )
    names = [_axis_name(tag.name) for tag in shown]
    figure.update_yaxes(tickvals=[tag.id for tag in shown], ticktext=names, automargin=True)
    return figure


def _row(store: Store, project: Project, tag: Tag, limits: Limits) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        negative = " · negative" if tag.kind == "Negative" else ""
        name = plain(short(tag.name, ROW_LETTERS))
        st.markdown(f"**{name}** · {count(tag.image_count, 'image')}{negative}", width="content")
        if st.button("Edit", key=f"edit-{tag.id}", type="tertiary"):
            _edit(store, project, tag, limits)


@st.dialog("Edit tag", on_dismiss="rerun")
def _edit(store: Store, project: Project, tag: Tag, limits: Limits) -> None:
    with st.form("edit-tag", border=False):
        name = st.text_input("Name", tag.name, max_chars=limits.tag_letters)
        kinds = list(KINDS)
        kind = st.radio("Kind", kinds, index=kinds.index(tag.kind), format_func=lambda name: KINDS[name])
        st.caption("A project can have one negative tag, for images that show none of the other tags.")
        is_saved = st.form_submit_button("Save", type="primary")
    is_deleted = st.button(f"Delete tag, keep its {count(tag.image_count, 'image')}", type="tertiary")
    with refusals():
        if is_saved:
            save(store, project, tag, name, kind, limits=limits)
            st.rerun()
        if is_deleted:
            tagging.delete(store, tag)
            st.rerun()


def save(store: Store, project: Project, tag: Tag, name: str, kind: TagKind, *, limits: Limits) -> None:
    """Change a tag's name and kind; if one is refused, neither is changed."""
    with store.transaction():
        if name.strip() != tag.name:
            tagging.rename(store, tag, name, limits=limits)
        tagging.set_kind(store, project, tag, kind)


def _axis_name(name: str) -> str:
    return html.escape(short(name, AXIS_LETTERS), quote=False)
