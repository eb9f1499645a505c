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


# Of a place in a long list, counted from 0: where the part about it begins, and its ids.
About = Callable[[int], tuple[int, list[str]]]


@dataclass
class Walk:
    """The images that can be looked at one after another, by their ids, and the place of the one shown.

    Of a very long list these are a part: `before` and `after` are how many images it has before and after it, and
    `about` returns the part about a place of it, and where that begins.
    """

    project_id: str
    ids: list[str]
    at: int
    before: int = 0
    after: int = 0
    about: About | None = None

    def go(self, step: int) -> None:
        """Go so many images on, or back, but not past the first or last of the whole list."""
        at = self.at + step
        is_beyond = (at < 0 and self.before > 0) or (at >= len(self.ids) and self.after > 0)
        if self.about and is_beyond:
            at = self._read(self.about, at, step)
        self.at = min(max(at, 0), len(self.ids) - 1)

    def _read(self, about: About, at: int, step: int) -> int:
        """Take the part about a place of this part, which is beyond its ends; returns where that is in it."""
        number, place = self.before + len(self.ids) + self.after, self.before + at
        last = self.ids[self.at] if self.at < len(self.ids) else None
        start, ids = about(place)
        if not ids:
            return at
        self.ids, self.before, self.after = ids, start, max(0, number - start - len(ids))
        # The list may have become longer or shorter meanwhile: the way goes on from the image that was shown.
        return ids.index(last) + step if last in ids else place - start


def begin(
    key: str,
    project: Project,
    ids: Sequence[str],
    image_id: str,
    *,
    before: int = 0,
    number: int | None = None,
    about: About | None = None,
) -> None:
    """Keep a walk in the session under a key, among the images with those ids, unless this image is not one of them.

    before, number, about: where the ids begin in a longer list, how many images that has, and what reads another part.
    """
    if image_id in ids:
        after = max(0, (number or 0) - before - len(ids))
        st.session_state[key] = Walk(project.id, list(ids), list(ids).index(image_id), before, after, about)


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
