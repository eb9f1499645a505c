"""Shows an iteration's mistakes: the confusion, the most confused tags, and lists of images to review.

All of them open their images in the drawer beside them.
"""

from __future__ import annotations

import streamlit as st

from cvcore import evaluation
from cvcore.evaluation import drill_down
from cvcore.evaluation.analysis import ListName, Selection, Threshold
from cvcore.languages import marked, number, t
from cvcore.metrics.confusion import Cell, Swap
from cvcore.records import Iteration, Project
from cvcore.store import Store
from pages.parts.performance import confusion_matrix
from pages.parts.review import drawer
from pages.parts.shell.text import isolated, plain, refusals, short

PAIRS = 5
NAME_LETTERS = 20

LISTS: dict[ListName, str] = {
    "label_issues": marked("Likely wrong tags"),
    "hardest": marked("Hardest images"),
    "duplicates": marked("Near duplicates"),
}


@st.fragment
def show(store: Store, project: Project, iteration: Iteration, threshold: Threshold, *, key: str) -> None:
    """Show the mistakes at a threshold. A fragment: a click redraws only this."""
    with refusals():
        clicked: Selection | None = confusion_matrix.show(store, iteration, threshold, key=key)
        clicked = _most_confused(store, iteration, threshold, key) or clicked
        clicked = _lists(key) or clicked
        drawer.show(store, project, iteration, threshold, clicked, key=key)


def _most_confused(store: Store, iteration: Iteration, threshold: Threshold, key: str) -> Selection | None:
    """A button for each of the most confused pairs of tags; returns the pair that was pressed."""
    pressed = None
    pairs = drill_down.most_confused(store, iteration, threshold)[:PAIRS]
    names = [plain(isolated(short(tag.name, NAME_LETTERS))) for tag in evaluation.tags(store, iteration)]
    st.header(t("Most confused"), anchor=False)
    if not pairs:
        st.caption(t("No tag is confused with another at this threshold."))
    with st.container(horizontal=True, gap="small", key=f"{key}-pairs"):
        for place, (pair, images) in enumerate(pairs):
            match pair:
                case Cell(one, other):
                    label = t("{tag} taken for {other}: **{n}**", tag=names[one], other=names[other], n=number(images))
                case Swap(one, other):
                    label = t(
                        "{tag} missed, {other} given: **{n}**", tag=names[one], other=names[other], n=number(images)
                    )
            if st.button(label, key=f"{key}-pair-{place}"):
                pressed = pair
    return pressed


def _lists(key: str) -> Selection | None:
    """A button for each list of images to review; returns the list whose button was pressed."""
    pressed: Selection | None = None
    st.header(t("To review"), anchor=False)
    with st.container(horizontal=True, gap="small", key=f"{key}-lists"):
        for name, label in LISTS.items():
            if st.button(t(label), key=f"{key}-{name}"):
                pressed = name
    return pressed
