"""Published names of a project's iterations: publish, move to another iteration, unpublish."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cvcore.errors import NotFound
from cvcore.languages import t
from cvcore.prediction import publishing
from cvcore.records import Iteration, Project
from cvcore.store import Publication, Store
from pages.parts.shell import undo_toast, widget_resets
from pages.parts.shell.text import plain, refusals

KEY = "publish"


def show(store: Store, project: Project, iteration: Iteration) -> list[Publication]:
    """Show a form for a new name and one row per published name; returns the published names."""
    form = st.form(f"publish-{iteration.id}-{widget_resets.current(KEY)}", border=False)
    with form.container(horizontal=True, vertical_alignment="bottom", key="publish-name"):
        name = st.text_input(t("Name"), placeholder=t("such as flowers"), max_chars=publishing.NAME_LETTERS, width=320)
        is_sent = st.form_submit_button(t("Publish {iteration}", iteration=iteration.name), type="primary")
    if is_sent:
        _publish(store, project, iteration, name)
    published = store.publications.of_project(project.id)
    iteration_names = {known.id: known.name for known in store.iterations.of_project(project.id)}
    for publication in published:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.markdown(
                t(
                    "**{name}** answers with {iteration}",
                    name=plain(publication.name),
                    iteration=plain(iteration_names.get(publication.iteration_id, "")),
                )
            )
            if publication.iteration_id != iteration.id and st.button(
                t("Move to {iteration}", iteration=iteration.name), key=f"move-{publication.name}", type="tertiary"
            ):
                with refusals():
                    _move(store, project, iteration, publication)
                    st.rerun()
            if st.button(t("Unpublish"), key=f"unpublish-{publication.name}"):
                _unpublish(store, project, [publication])
                st.rerun()
    if len(published) > 1 and st.button(t("Unpublish all"), type="tertiary"):
        st.dialog(t("Unpublish all names?"))(_unpublish_all)(store, project)
    return published


def _publish(store: Store, project: Project, iteration: Iteration, name: str) -> None:
    with refusals():
        holder = store.publications.find(project.id, name.strip())
        if holder and holder.iteration_id != iteration.id:
            st.dialog(t("Move this name?"))(_ask_to_move)(store, project, iteration, holder)
        else:
            publishing.publish(store, iteration, name, resource=holder.resource if holder else "")
            widget_resets.rerun(KEY)


def _move(store: Store, project: Project, iteration: Iteration, held: Publication) -> None:
    """Give a name to another iteration, with a way back."""
    publishing.publish(store, iteration, held.name, resource=held.resource, overwrite=True)

    def undo() -> str:
        _give_back(store, held)
        return t("{name} is back where it was.", name=held.name)

    done = t("{name} answers with {iteration} now.", name=held.name, iteration=iteration.name)
    undo_toast.offer(project, done, undo)


def _unpublish(store: Store, project: Project, published: Sequence[Publication]) -> None:
    """Unpublish names, with a way back."""
    for publication in published:
        publishing.withdraw(store, project, publication.name)

    def undo() -> str:
        for publication in published:
            _give_back(store, publication)
        return t("Published again: {names}.", names=names)

    names = ", ".join(publication.name for publication in published)
    done = t("Unpublished: {names}. Programs that use it get an error.", names=names)
    undo_toast.offer(project, done, undo)


def _give_back(store: Store, publication: Publication) -> None:
    iteration = store.iterations.get(publication.iteration_id)
    publishing.publish(store, iteration, publication.name, resource=publication.resource, overwrite=True)


def _ask_to_move(store: Store, project: Project, iteration: Iteration, held: Publication) -> None:
    try:
        holder = store.iterations.get(held.iteration_id).name
    except NotFound:
        holder = t("a deleted iteration")
    st.markdown(
        t(
            "**{name}** answers with {holder} now. If you move it, programs that use this name get the answers of "
            "{iteration}.",
            name=plain(held.name),
            holder=plain(holder),
            iteration=plain(iteration.name),
        )
    )
    if st.button(t("Move to {iteration}", iteration=iteration.name), type="primary"):
        with refusals():
            _move(store, project, iteration, held)
            st.rerun()


def _unpublish_all(store: Store, project: Project) -> None:
    st.markdown(t("Programs that use these names will get an error."))
    if st.button(t("Unpublish all"), type="primary", key="unpublish-all-sure"):
        _unpublish(store, project, store.publications.of_project(project.id))
        st.rerun()
