"""The choice of all images that a filter finds, beyond the page that is shown: a line with a button, as mail programs.

What is kept is the search, not its images: it costs nothing for a million of them, and what matches when something is
done with them is what it is done with. Another filter drops it, and so does leaving out an image of the page.
"""

from __future__ import annotations

import streamlit as st

from cvcore.languages import number as written
from cvcore.languages import t, tn
from cvcore.records import Project
from cvcore.store import ImageSearch
from pages.parts.images import long_change
from pages.parts.shell import widget_resets


def is_made(project: Project, search: ImageSearch, turn: int) -> bool:
    """Whether all images that the search finds are chosen; a choice of another search, or from another turn, goes.

    turn: that of the widgets that are reset.
    """
    if st.session_state.get(_key(project)) == (search, turn):
        return True
    drop(project)
    return False


def drop(project: Project) -> None:
    """Choose no longer all of them."""
    st.session_state.pop(_key(project), None)


def show(project: Project, search: ImageSearch, *, on_page: int, number: int, key: str) -> None:
    """Show the line, where all images of the page are selected and there are more.

    on_page, number: how many images the page has, and the search finds. key: of the widgets that are reset.
    """
    turn = widget_resets.current(key)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="whole-choice"):
        if is_made(project, search, turn):
            st.markdown(
                tn(number, "**All {n} image that matches is chosen.**", "**All {n} images that match are chosen.**"),
                width="content",
            )
            st.button(t("Choose none"), type="tertiary", key="choose-none", on_click=_choose_none, args=(project, key))
            return
        st.markdown(
            tn(on_page, "All {n} image on this page is chosen.", "All {n} images on this page are chosen."),
            width="content",
        )
        st.button(
            t("Choose all {number} that match", number=written(number)),
            type="tertiary",
            key="choose-all",
            disabled=long_change.is_running(project),
            on_click=_choose,
            args=(project, search, turn),
        )


def _choose(project: Project, search: ImageSearch, turn: int) -> None:
    st.session_state[_key(project)] = (search, turn)


def _choose_none(project: Project, key: str) -> None:
    drop(project)
    widget_resets.advance(key)


def _key(project: Project) -> str:
    return f"whole-choice-{project.id}"
