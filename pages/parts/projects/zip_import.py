"""Import a project zip: chosen in a dialog, checked and stored in a thread, then shown."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cvcore import archive, projects
from cvcore.errors import InvalidInput
from cvcore.languages import t, tn
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.shell import background_runs
from pages.parts.shell.project_choice import open_page
from pages.parts.shell.text import plain, refusals, sentence, short
from pages.parts.widgets import focus

KEY = "opened"
NAME_LETTERS = 60


def ask(store: Store, limits: Limits) -> None:
    """Ask for the zip and start to import it."""
    st.dialog(t("Import a project zip"), width="medium", on_dismiss="rerun")(form)(store, limits)


def form(store: Store, limits: Limits) -> None:
    """The contents of the dialog."""
    st.markdown(
        t(
            "A zip from *Download*, of this computer or another one, becomes a new project with the images, tags and "
            "iterations in the zip. Import only zips from people you trust."
        )
    )
    refusal = st.container()
    file = st.file_uploader(t("Project zip"), type="zip", label_visibility="collapsed", key="project-zip")
    with st.form("zip-import", border=False):
        name = st.text_input(
            t("Name"), max_chars=projects.NAME_LETTERS, placeholder=t("As it was called"), key="project-zip-name"
        )
        is_sent = st.form_submit_button(t("Import"), type="primary")
    st.caption(
        t("Is the zip too large for this page? `tagwise unpack FILE.zip` in a terminal imports zips of any size.")
    )
    focus.move_to("[role=dialog] [data-testid=stFileUploader] button")
    if is_sent:
        with refusal, refusals():
            start(store, file, name, limits)
            st.rerun()


def start(store: Store, file: Any, name: str, limits: Limits) -> background_runs.Run:
    """Start to import an uploaded zip.

    Raises:
        InvalidInput: no file is chosen.
        NameRefused, NameTaken: the project cannot have the given name.
    """
    if file is None:
        raise InvalidInput(t("an import needs a zip, none is chosen: choose one"))
    project_name = projects.checked_name(store, name) if name.strip() else ""
    release = background_runs.releaser([file])

    def work(run: background_runs.Run) -> str:
        return archive.unpack(store, file, limits=limits, name=project_name, progress=run.report).id

    return background_runs.start(KEY, short(file.name, NAME_LETTERS), work, release=release)


def show(store: Store) -> None:
    """Show the progress of this window's zip, then the new project."""
    run = background_runs.find(background_runs.token_of(KEY))
    if run is None:
        return
    if not run.is_done:
        background_runs.watch(run)
        return
    project = store.projects.find(run.result) if run.result else None
    if project is None and not run.stopped:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="open-zip"):
        if project is None:
            why = t("{file}: {reason} Nothing of it was kept.", file=run.what, reason=sentence(run.stopped))
            st.error(plain(why), width="stretch")
        else:
            images, iterations = store.images.count(project.id), store.iterations.trained(project.id)
            st.markdown(
                t(
                    "**{project}** is here, with {images} and {iterations}.",
                    project=plain(short(project.name, NAME_LETTERS)),
                    images=tn(images, "{n} image", "{n} images"),
                    iterations=tn(len(iterations), "{n} iteration", "{n} iterations"),
                ),
                width="stretch",
            )
            if st.button(t("Open"), type="primary", key="open-zip-go"):
                open_page("performance.py" if iterations else "images.py", project.id)
        if st.button(t("Close"), type="tertiary", key="open-zip-close"):
            background_runs.forget(KEY)
            st.rerun()
