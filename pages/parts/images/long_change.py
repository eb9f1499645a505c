"""A change of so many images that it takes a while: it goes on in a thread, and ends with the offer to undo it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from cvcore.languages import marked, t
from cvcore.progress import Progress
from cvcore.projects.undoing import Change
from cvcore.records import Project
from pages.parts.shell import background_runs, undo_toast
from pages.parts.shell.text import sentence

FROM = 2000


@dataclass
class Run(background_runs.Run):
    """The work, and the change that it made."""

    change: Change | None = None


def begin(project: Project, act: Callable[[Progress], Change]) -> None:
    """Begin a change; `show` tells how far it is."""
    _begin(project, marked("Changing images"), act)


def is_running(project: Project) -> bool:
    """Whether this window's last change of the project's images goes on."""
    run = _run(project)
    return run is not None and not run.is_done


def show(project: Project) -> None:
    """Show how far this window's change is; once it has ended, say so, offer to undo it, and rerun the page."""
    run = _run(project)
    if run is None:
        return
    if not run.is_done:
        with st.container(key="long-change"):
            background_runs.watch(run)
        return
    del st.session_state[_key(project)]
    if run.change is None:
        undo_toast.offer(project, sentence(run.stopped))
    else:
        undo_toast.offer(project, run.change.message, _undo(project, run.change))
    st.rerun()


def _begin(project: Project, what: str, act: Callable[[Progress], Change]) -> None:
    def work(run: Run) -> str:
        run.change = act(run.report)
        return run.change.message

    st.session_state[_key(project)] = background_runs.begin(Run(what), work, thread="long-change")


def _undo(project: Project, change: Change) -> Callable[[], str] | None:
    """What the toast does to undo a change: it only begins, and `show` tells the end; None for an undoing."""
    undo = change.undo_long
    if undo is None:
        return None

    def begin() -> str:
        _begin(project, marked("Undoing"), lambda progress: Change(undo(progress), change.undo))
        return t("This is being undone.")

    return begin


def _run(project: Project) -> Run | None:
    run: Run | None = st.session_state.get(_key(project))
    return run


def _key(project: Project) -> str:
    return f"long-change-{project.id}"
