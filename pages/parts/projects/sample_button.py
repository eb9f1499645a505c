"""The buttons that make a sample: in a thread, with a sign that it works, and then they open the sample's images."""

from __future__ import annotations

import streamlit as st

from cvcore.languages import marked, t
from cvcore.projects import samples
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.shell import background_runs
from pages.parts.shell.project_choice import open_page
from pages.parts.shell.text import plain, sentence

KEY = "sample"
POLL_S = 0.2
# Who came back to the page later stays here.
OPENED_S = 5.0


def show(store: Store, limits: Limits) -> None:
    """Show the buttons, or while a sample is made that it is."""
    run: background_runs.Run | None = st.session_state.get(KEY)
    if run and run.result:
        del st.session_state[KEY]
        if not run.is_older_than(OPENED_S):
            open_page("images.py", run.result)
    if run and not run.is_done:
        _watch(run)
        return
    # A callback, because a double click would stop the script between the click and what remembers it.
    st.button(
        t("Try the sample"),
        icon=":material/palette:",
        key="try-sample",
        on_click=start,
        args=(store, limits),
    )
    st.button(
        t("Sample with a trap"),
        key="try-trap",
        type="tertiary",
        help=t("A lesson: why a model with splendid numbers can fail on new photos."),
        on_click=start,
        args=(store, limits, samples.WITH_TRAP),
    )


def start(store: Store, limits: Limits, kind: samples.Kind = samples.PLAIN) -> None:
    """Start to make the sample, unless this window is making one, or has made one that is not opened yet.

    On a busy computer the second press of a double click comes when the first sample is there.
    """
    known: background_runs.Run | None = st.session_state.get(KEY)
    if known and not known.stopped:
        return

    def work(run: background_runs.Run) -> str:
        return samples.make_sample(store, kind, limits=limits).id

    st.session_state[KEY] = background_runs.begin(background_runs.Run(marked("The sample")), work, thread="sample")


def show_error() -> None:
    """Say why the sample could not be made."""
    run: background_runs.Run | None = st.session_state.get(KEY)
    if run and run.stopped:
        st.error(plain(sentence(run.stopped)))


@st.fragment(run_every=POLL_S)
def _watch(run: background_runs.Run) -> None:
    if run.is_done:
        st.rerun()
    st.button(t("Drawing …"), icon="spinner", key="sample-busy", disabled=True)
