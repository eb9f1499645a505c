"""The pupils of a class: what each has, while they work."""

from __future__ import annotations

import streamlit as st

from cvcore import classroom
from cvcore.classroom import Work
from cvcore.languages import t
from cvcore.store import SchoolClass, Store
from cvcore.wording import percent
from pages.parts.classroom import bringing_back, pupil_tools
from pages.parts.shell.text import isolated, plain, sentence

POLL_S = 5.0


def show(store: Store, school_class: SchoolClass) -> None:
    """Show a row for each pupil, while they change, and what the teacher can do for one of them."""
    pupils = {pupil.id: pupil for pupil in store.pupils.of_class(school_class.id)}
    pupil_tools.show_receipts()
    if pupils:
        st.fragment(_table, run_every=POLL_S)(store, school_class.id)
        chosen = st.selectbox(
            t("Pupil"), list(pupils), format_func=lambda each: pupils[each].nickname, key="pupil", width=240
        )
        pupil_tools.show(store, pupils[chosen])
        works = classroom.works(store, school_class.id)
        if not any(work.fault for work in works if work.pupil.id == chosen):
            bringing_back.show(store, pupils[chosen])
        pupil_tools.show_for_all(store, works)
    else:
        st.info(t("Nobody has joined yet. Show the view *Join* on the projector."))
    bringing_back.show_removed(store, school_class)


def _table(store: Store, class_id: str) -> None:
    works = classroom.works(store, class_id)
    rows = [_row(work) for work in works]
    st.dataframe(rows, hide_index=True, width="stretch", key=f"pupils-{class_id}", placeholder="–")
    for work in works:
        if work.fault:
            st.error(f"**{plain(isolated(work.pupil.nickname))}**: {sentence(work.fault)}")


def _row(work: Work) -> dict[str, str | int | None]:
    # Of a damaged database nothing is known: no number, not 0.
    numbers = (None, None, None) if work.fault else (work.projects, work.images, work.trainings)
    scores, newest = work.newest, "–"
    if scores:
        newest = t(
            "precision {precision}, recall {recall}", precision=percent(scores.precision), recall=percent(scores.recall)
        )
    return {
        t("Pupil"): isolated(work.pupil.nickname),
        t("Here"): t("yes") if pupil_tools.is_here(work.pupil) else t("no"),
        t("Locked"): t("yes") if work.pupil.is_locked else t("no"),
        **dict(zip((t("Projects"), t("Images"), t("Trainings")), numbers, strict=True)),
        t("Newest iteration"): newest,
        t("Waits or trains"): t("yes") if work.is_training else t("no"),
    }
