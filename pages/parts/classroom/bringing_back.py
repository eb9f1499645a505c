"""What a pupil deleted, and pupils who were removed: the teacher can bring them back."""

from __future__ import annotations

import streamlit as st

from cvcore import classroom
from cvcore.languages import moment, t, tn
from cvcore.store import Pupil, SchoolClass, Store
from pages.parts.classroom import pupil_tools
from pages.parts.shell.text import isolated, plain, refusals

TOLD = "brought-back"


def show(store: Store, pupil: Pupil) -> None:
    """Show what a pupil deleted, each with a button."""
    own = classroom.store_of(store, pupil)
    images, projects = classroom.deleted_images(own), classroom.deleted_projects(own)
    if told := st.session_state.pop(TOLD, ""):
        st.success(told)
    if not images and not projects:
        return
    with st.expander(t("Deleted by {pupil}", pupil=plain(isolated(pupil.nickname)))), refusals():
        for project in projects:
            text = t("Project {project}, {moment}", project=isolated(project.name), moment=moment(project.modified_at))
            if _line(text, project.id):
                restored = classroom.restore_project(own, project)
                _tell(t("{project} is back.", project=isolated(restored.name)))
        for each in images:
            deleted = tn(
                len(each.image_ids),
                "{n} image of {project}, {moment}",
                "{n} images of {project}, the last {moment}",
                project=isolated(each.project.name),
                moment=moment(each.last_at),
            )
            if _line(deleted, f"images-{each.project.id}"):
                _tell(classroom.restore_images(own, each.project, each.image_ids))


def show_removed(store: Store, school_class: SchoolClass) -> None:
    """Show the pupils who were removed; nothing if nobody was."""
    removed = store.pupils.removed(school_class.id)
    if not removed:
        return
    with st.expander(tn(len(removed), "{n} removed pupil", "{n} removed pupils")), refusals():
        for pupil in removed:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(plain(isolated(pupil.nickname)), width="stretch")
                is_wanted_back = st.button(t("Bring back"), key=f"back-{pupil.id}")
                is_deleted = st.button(t("Delete for good"), key=f"delete-{pupil.id}")
            if is_wanted_back:
                store.pupils.bring_back(pupil)
                st.rerun()
            if is_deleted:
                pupil_tools.delete(store, pupil)


def _line(text: str, key: str) -> bool:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(plain(text), width="stretch")
        return st.button(t("Bring back"), key=f"back-{key}")


def _tell(text: str) -> None:
    st.session_state[TOLD] = plain(text)
    st.rerun()
