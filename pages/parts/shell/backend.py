"""The viewer's store, opened once for all sessions, and the settings."""

from __future__ import annotations

import functools
from pathlib import Path

import streamlit as st

from cvcore import classroom, projects
from cvcore import settings as environment
from cvcore.classroom import TEACHER, Viewer
from cvcore.errors import NotFound
from cvcore.languages import t
from cvcore.records import Project
from cvcore.settings import Limits, Settings
from cvcore.store import Pupil, Store

__all__ = [
    "LOOKED_AT",
    "TEACHER",
    "delete_project",
    "limits",
    "looked_at",
    "main_store",
    "owner",
    "settings",
    "store",
    "viewer",
]

LOOKED_AT = "looked-at-pupil"


def store() -> Store:
    """The store that the page works on: the home folder's; in a class a pupil's own, or the one the teacher looks at.

    Stops the page for a stranger: the class was deleted, or the pupil came back with another browser.
    """
    who = viewer()
    if who is None:
        st.error(t("You are not in this class any more."))
        st.link_button(t("Join again"), "/join")
        st.stop()
    main = main_store()
    if isinstance(who, Pupil):
        return classroom.store_of(main, who, as_pupil=True)
    pupil = looked_at()
    return classroom.store_of(main, pupil) if pupil else main


def main_store() -> Store:
    """The home folder's own store, which in a class is the teacher's."""
    return _open(environment.load().home)


def viewer() -> Viewer:
    """Whose browser the page is shown in; everybody is the teacher without a class and a password."""
    return classroom.viewer(main_store(), st.context.cookies.get(classroom.COOKIE, ""))


def looked_at() -> Pupil | None:
    """The pupil whose pages the teacher looks at in this window, or None."""
    chosen = st.session_state.get(LOOKED_AT)
    try:
        return main_store().pupils.get(chosen) if chosen else None
    except NotFound:
        del st.session_state[LOOKED_AT]
        return None


def owner() -> Pupil | None:
    """The pupil whose projects the page shows; None if they are the teacher's, or there is no class."""
    who = viewer()
    return who if isinstance(who, Pupil) else looked_at()


def settings() -> Settings:
    """The settings in the environment; the home folder is that of the store, and keys are the teacher's alone."""
    given, home = environment.load(), store().home
    if home == given.home:
        return given
    return Settings(home, fetch_private=given.fetch_private, hosts=given.hosts, limits=given.limits)


def limits() -> Limits:
    """The limits of an upload; in a class also what a pupil may store."""
    given, who = environment.load().limits, viewer()
    return classroom.limits_of(main_store(), who, given) if isinstance(who, Pupil) else given


def delete_project(store: Store, project: Project) -> None:
    """Delete a project; a pupil's is kept for the teacher to bring back."""
    pupil = owner()
    if pupil is None:
        projects.delete(store, project)
    else:
        classroom.delete_project(store, project, classroom.limits_of(main_store(), pupil, environment.load().limits))


@functools.lru_cache(maxsize=1)
def _open(home: Path) -> Store:
    return Store(home)
