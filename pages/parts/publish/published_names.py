"""The names under which a project's iterations answer: given, moved and taken away."""

from __future__ import annotations

import streamlit as st

from cvcore.errors import NotFound
from cvcore.prediction import publishing
from cvcore.records import Iteration, Project
from cvcore.store import Publication, Store
from pages.parts.shell import widget_resets
from pages.parts.shell.text import plain, refusals

KEY = "publish"


def show(store: Store, project: Project, iteration: Iteration) -> list[Publication]:
    """A row for each name, and a form for another; the names that there are."""
    form = st.form(f"publish-{iteration.id}-{widget_resets.current(KEY)}", border=False)
    with form.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", placeholder="such as flowers", max_chars=publishing.NAME_LETTERS, width=320)
        is_sent = st.form_submit_button(f"Publish {iteration.name}", type="primary")
    if is_sent:
        _publish(store, project, iteration, name)
    there = store.publications.of_project(project.id)
    named = {each.id: each.name for each in store.iterations.of_project(project.id)}
    for each in there:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.markdown(f"**{plain(each.name)}** answers with {plain(named.get(each.iteration_id, ''))}")
            if each.iteration_id != iteration.id and st.button(
                f"Move to {iteration.name}", key=f"move-{each.name}", type="tertiary"
            ):
                with refusals():
                    publishing.publish(store, iteration, each.name, resource=each.resource, overwrite=True)
                    st.rerun()
            if st.button("Unpublish", key=f"unpublish-{each.name}"):
                publishing.withdraw(store, project, each.name)
                st.rerun()
    if len(there) > 1 and st.button("Unpublish all", type="tertiary"):
        _unpublish_all(store, project)
    return there


def _publish(store: Store, project: Project, iteration: Iteration, name: str) -> None:
    with refusals():
        holder = store.publications.find(project.id, name.strip())
        if holder and holder.iteration_id != iteration.id:
            _ask_to_move(store, iteration, holder)
        else:
            publishing.publish(store, iteration, name, resource=holder.resource if holder else "")
            widget_resets.rerun(KEY)


@st.dialog("Move this name?")
def _ask_to_move(store: Store, iteration: Iteration, held: Publication) -> None:
    try:
        holder = store.iterations.get(held.iteration_id).name
    except NotFound:
        holder = "an iteration that is gone"
    st.markdown(
        f"**{plain(held.name)}** answers with {plain(holder)} now. Programs that ask it will get the answers of "
        f"{plain(iteration.name)} from now on."
    )
    if st.button(f"Move to {iteration.name}", type="primary"):
        with refusals():
            publishing.publish(store, iteration, held.name, resource=held.resource, overwrite=True)
            st.rerun()


@st.dialog("Unpublish all names?")
def _unpublish_all(store: Store, project: Project) -> None:
    st.markdown("Programs that ask under any of these names will be told that nothing answers.")
    if st.button("Unpublish all", type="primary", key="unpublish-all-sure"):
        for each in store.publications.of_project(project.id):
            publishing.withdraw(store, project, each.name)
        st.rerun()
