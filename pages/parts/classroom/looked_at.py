"""Says on every page whose work the teacher looks at, with the way back."""

from __future__ import annotations

import streamlit as st

from cvcore.languages import t
from pages.parts.shell import backend
from pages.parts.shell.project_choice import PAGES
from pages.parts.shell.text import isolated, plain


def show() -> None:
    """Show it, if the teacher looks at a pupil's pages in this window."""
    if not st.session_state.get(backend.LOOKED_AT) or backend.viewer() != backend.TEACHER:
        return
    pupil = backend.looked_at()
    if pupil is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="looked-at"):
        st.markdown(
            t("You see and change the work of **{pupil}**.", pupil=plain(isolated(pupil.nickname))), width="content"
        )
        if st.button(t("Back to my own"), key="leave-pupil", type="tertiary"):
            del st.session_state[backend.LOOKED_AT]
            st.switch_page(PAGES / "classroom.py", query_params={})
