"""One image after another, large: a frame of one height for all, and the buttons to the previous and the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from cvcore.languages import number as written
from cvcore.languages import t
from cvcore.records import Project

# The frame has the same height for every image, so that the buttons below it stay where they are.
_STYLE = """<style>
.tagwise-large {{margin: 0; height: {height}}}
.tagwise-large img {{width: 100%; height: 100%; object-fit: contain}}
.tagwise-large img[hidden] {{display: none}}
.st-key-image-steps {{font-variant-numeric: tabular-nums}}
@media (max-width: 640px) {{.tagwise-large {{height: {height_on_phone}}}}}
</style>"""


@dataclass
class Walk:
    """The images that can be looked at one after another, by their ids, and the place of the one shown.

    Of a very long list these are a part: `before` and `after` are how many images it has before and after it.
    """

    project_id: str
    ids: list[str]
    at: int
    before: int = 0
    after: int = 0

    def go(self, step: int) -> None:
        """Go so many images on, or back, but not past the first or last."""
        self.at = min(max(self.at + step, 0), len(self.ids) - 1)


def begin(
    key: str, project: Project, ids: Sequence[str], image_id: str, *, before: int = 0, number: int | None = None
) -> None:
    """Keep a walk in the session under a key, among the images with those ids, unless this image is not one of them.

    before, number: where the ids begin in a longer list, and how many images that has.
    """
    if image_id in ids:
        after = max(0, (number or 0) - before - len(ids))
        st.session_state[key] = Walk(project.id, list(ids), list(ids).index(image_id), before, after)


def current(key: str, project: Project) -> Walk | None:
    """The project's walk under a key, if there is one."""
    walk: Walk | None = st.session_state.get(key)
    return walk if walk and walk.project_id == project.id else None


def end(key: str) -> None:
    """Forget the walk under a key."""
    st.session_state.pop(key, None)


def show_frame(images: str, *, height: str, height_on_phone: str) -> None:
    """Show images, as HTML, in a frame with these heights, as CSS."""
    style = _STYLE.format(height=height, height_on_phone=height_on_phone)
    st.html(f'{style}<figure class="tagwise-large">{images}</figure>')


def show_buttons(at: int, number: int, go: Callable[[int], None]) -> None:
    """Show where one is among so many images, between two buttons that call `go` with -1 or 1."""
    with st.container(
        key="image-steps", horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.button(t("Previous"), shortcut="Left", disabled=at <= 0, on_click=go, args=(-1,))
        st.markdown(t("{place} of {number}", place=written(at + 1), number=written(number)), width="content")
        st.button(t("Next"), shortcut="Right", disabled=at >= number - 1, on_click=go, args=(1,))
