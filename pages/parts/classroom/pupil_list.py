"""The pupils of a class: what each has, and what the teacher can do for one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from cvcore import classroom
from cvcore.classroom import Work
from cvcore.store import SchoolClass, Store
from cvcore.wording import count, percent
from pages.parts.shell import backend
from pages.parts.shell.project_choice import PAGES
from pages.parts.shell.text import isolated, plain

HERE_S = 60
POLL_S = 5.0


def show(store: Store, school_class: SchoolClass) -> None:
    """Show a row for each pupil, while they change; a pupil who is chosen can be looked at, locked or let in again."""
    if not store.pupils.of_class(school_class.id):
        st.info("Nobody has joined yet. Show the view *Join* on the projector.")
        return
    st.fragment(_table, run_every=POLL_S)(store, school_class.id)
    _tools(store, school_class)


def _table(store: Store, class_id: str) -> None:
    works = classroom.works(store, class_id)
    st.dataframe([_row(work) for work in works], hide_index=True, width="stretch", key=f"pupils-{class_id}")


def _row(work: Work) -> dict[str, str | int]:
    seen_at = work.pupil.seen_at
    is_here = seen_at is not None and datetime.now(UTC) - seen_at < timedelta(seconds=HERE_S)
    scores = work.newest
    return {
        "Pupil": isolated(work.pupil.nickname),
        "Here": "yes" if is_here else "no",
        "Locked": "yes" if work.pupil.is_locked else "no",
        "Projects": work.projects,
        "Images": work.images,
        "Trainings": work.trainings,
        "Newest iteration": f"precision {percent(scores.precision)}, recall {percent(scores.recall)}"
        if scores
        else "–",
        "Waits or trains": "yes" if work.is_training else "no",
    }


def _tools(store: Store, school_class: SchoolClass) -> None:
    pupils = {pupil.id: pupil for pupil in store.pupils.of_class(school_class.id)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Pupil", list(pupils), format_func=lambda pupil_id: pupils[pupil_id].nickname, key="pupil", width=240
        )
        pupil = pupils[chosen]
        if st.button("Look at their pages", type="primary"):
            st.session_state[backend.LOOKED_AT] = pupil.id
            st.switch_page(PAGES / "projects.py", query_params={})
        if st.button("Unlock" if pupil.is_locked else "Lock"):
            store.pupils.set_locked(pupil.id, not pupil.is_locked)
            st.rerun()
        is_lost = st.button("Let in again", help="Another device, or the browser forgot them.")
    if is_lost:
        code = classroom.offer_return(store, pupil)
        st.success(
            f"{plain(isolated(pupil.nickname))} opens the address, chooses *I was here before* and types "
            f"**{code[:3]} {code[3:]}**, within 15 minutes. Their other browser is out from then on."
        )
    st.caption(f"{count(len(pupils), 'pupil')} in this class.")
