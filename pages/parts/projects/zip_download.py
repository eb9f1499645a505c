"""Download a project, or its images and tags, as a zip: chosen in a dialog, packed in a thread, sent from the disk."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cvcore import archive, datasets, languages, urls
from cvcore.errors import TagwiseError
from cvcore.files import downloads
from cvcore.languages import marked, t
from cvcore.progress import Progress
from cvcore.records import Project
from cvcore.store import Store
from pages.parts.shell import background_runs
from pages.parts.shell.text import plain, refusals, sentence, short

KEY = "download"
WHOLE = "whole"
TITLES = {WHOLE: marked("The whole project"), **{known.name: known.title for known in datasets.FORMATS}}
WORDS = {
    WHOLE: marked(
        "To open in Tagwise, here or on another computer: images, tags and iterations with all their numbers."
    ),
    **{known.name: known.description for known in datasets.FORMATS},
}
NAME_LETTERS = 60


def ask(store: Store, project: Project) -> None:
    """Ask what to download, and start to pack it."""
    st.dialog(t("Download"), width="medium", on_dismiss="rerun")(form)(store, project)


def form(store: Store, project: Project) -> None:
    """The contents of the dialog."""
    st.markdown(t("From **{project}**, as one zip:", project=plain(short(project.name, NAME_LETTERS))))
    chosen = st.radio(
        t("Download"),
        list(TITLES),
        format_func=lambda name: t(TITLES[name]),
        captions=[t(words) for words in WORDS.values()],
        label_visibility="collapsed",
        key=f"take-{project.id}",
    )
    tag_id, obstacle = None, ""
    if chosen != WHOLE:
        tags = {tag.id: tag.name for tag in store.tags.of_project(project.id)}
        tag_id = st.selectbox(
            t("Images"),
            [None, *tags],
            format_func=lambda option: tags[option] if option else t("All images"),
            key=f"take-tag-{project.id}",
        )
        obstacle = _obstacle(store, project, chosen, tag_id)
    if obstacle:
        st.warning(plain(sentence(obstacle)))
    st.caption(t("Images are packed as they were uploaded, including the time and place that cameras write into them."))
    if st.button(t("Make the zip"), type="primary", disabled=bool(obstacle)):
        with refusals():
            start(store, project, chosen, tag_id)
            st.rerun()


def start(store: Store, project: Project, chosen: str, tag_id: str | None = None) -> background_runs.Run:
    """Start to pack what was chosen.

    Raises:
        StorageFull, HomeUnusable: the zip cannot be written.
    """
    tag = f" {store.tags.get(tag_id).name}" if tag_id else ""
    name = project.name if chosen == WHOLE else f"{project.name}{tag} {chosen}"
    token, path = downloads.new(store.home, name)

    def pack(path: Path, progress: Progress) -> None:
        if chosen == WHOLE:
            archive.pack(store, project, path, progress)
        else:
            datasets.save(store, project, chosen, path, tag_id=tag_id, progress=progress)

    def work(run: background_runs.Run) -> str:
        pack(path, run.report)
        return token

    return background_runs.start(KEY, short(name, NAME_LETTERS), work, token=token)


def show(store: Store) -> None:
    """Show the progress of this window's zip, then its download link."""
    token = background_runs.token_of(KEY)
    run = background_runs.find(token)
    if run and not run.is_done:
        background_runs.watch(run)
        return
    path = downloads.find(store.home, token)
    if path is None and not (run and run.stopped):
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="take-away"):
        if path is None:
            st.error(plain(f"{run.what}: {sentence(run.stopped)}" if run else ""), width="stretch")
        else:
            size = path.stat().st_size / 1e6
            ready = t(
                "**{file}** is ready, {size} MB. It is kept here for a day.",
                file=plain(path.name),
                size=languages.decimal(size),
            )
            st.markdown(ready, width="stretch")
            st.link_button(
                t("Download"), urls.download(token), type="primary", icon=":material/download:", width="content"
            )
        if st.button(t("Close"), type="tertiary", key="take-away-close"):
            background_runs.forget(KEY)
            st.rerun()


def _obstacle(store: Store, project: Project, chosen: str, tag_id: str | None) -> str:
    """Why the images cannot be packed in this format, or an empty text."""
    try:
        datasets.plan(store, project, chosen, tag_id=tag_id)
    except TagwiseError as error:
        return str(error)
    return ""
