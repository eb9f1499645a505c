"""What a pupil sees of the class: who they are, whether they may work, and whose turn it is to train."""

from __future__ import annotations

import streamlit as st

from cvcore import classroom
from cvcore.languages import number, t, tn
from cvcore.records import Job
from cvcore.store import Pupil, Store
from pages.parts.classroom import board
from pages.parts.shell.text import isolated, plain

POLL_S = 3.0


def show(store: Store, pupil: Pupil) -> None:
    """Show it, while it changes."""
    st.title(t("Class"), anchor=False)
    school_class = store.classes.get(pupil.class_id)
    st.markdown(
        t(
            "You are **{pupil}** in class **{name}**.",
            pupil=plain(isolated(pupil.nickname)),
            name=plain(isolated(school_class.name)),
        )
    )
    st.fragment(_show, run_every=POLL_S)(store, pupil.id)


def _show(store: Store, pupil_id: str) -> None:
    pupil = store.pupils.get(pupil_id)
    school_class = store.classes.get(pupil.class_id)
    own, limits = classroom.store_of(store, pupil), school_class.limits
    if classroom.is_locked(store, pupil):
        st.warning(t("The teacher has locked your work: look at everything, change nothing."))
    images, size_bytes = own.images.usage()
    st.markdown(
        t(
            "Projects: {projects}. Images: {images} of {most}. Space: {used} of {space} MB.",
            projects=number(len(own.projects.all())),
            images=number(images),
            most=number(limits.images),
            used=number(round(size_bytes / 1e6)),
            space=number(limits.megabytes),
        )
    )
    if any(job.kind == "train" and job.status == "running" for job in own.jobs.active()):
        st.markdown(t("Your training runs now."))
    elif line := queue_line(store, own):
        st.markdown(line)
    board.show_to_pupil(store, school_class, pupil)


def queue_line(store: Store, own: Store, job: Job | None = None) -> str:
    """How many trainings are before one of a home folder's, by default its next; empty if it does not wait."""
    ahead = classroom.trainings_ahead(store, own, job)
    if ahead is None:
        return ""
    if ahead == 0:
        return t("Your training is next.")
    return tn(ahead, "{n} training is before yours.", "{n} trainings are before yours.")
