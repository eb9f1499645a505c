"""The settings of a class, and its end: everything of it is deleted, and a receipt says what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import streamlit as st

from cvcore import classroom
from cvcore.languages import t
from cvcore.store import ClassLimits, SchoolClass, Store
from pages.parts.classroom import pupil_tools, teacher
from pages.parts.shell.text import isolated, plain, refusals

RECEIPT = "class-receipt"


def show(store: Store, school_class: SchoolClass) -> None:
    """Show what can be changed of a class, and its end."""
    is_locked = st.toggle(
        t("Lock the class: nobody joins or changes anything"),
        value=school_class.is_locked,
        key=f"lock-{school_class.id}",
    )
    if is_locked != school_class.is_locked:
        store.classes.update(replace(school_class, is_locked=is_locked))
        st.rerun()
    _limits(store, school_class)
    teacher.show(store)
    st.header(t("End"), anchor=False)
    st.markdown(
        t(
            "Deletes everything of the class: pupils, their projects, images, thumbnails, embeddings, predictions and "
            "models, and the images that you collected from them, also in your iterations. Nothing can be brought "
            "back. What you handed out stays yours. Without a class, your password still keeps others out, until you "
            "remove it here."
        )
    )
    if st.button(t("Delete the class")):
        st.dialog(t("Delete the class?"))(_ask)(store, school_class)


def _limits(store: Store, school_class: SchoolClass) -> None:
    form = st.form(f"limits-{school_class.id}", border=False)
    with form, st.container(horizontal=True, vertical_alignment="bottom"):
        images = st.number_input(t("Images for each pupil"), 1, 1_000_000, school_class.limits.images, width=180)
        megabytes = st.number_input(t("MB for each pupil"), 1, 1_000_000, school_class.limits.megabytes, width=180)
        ends_on = st.date_input(t("Last day"), value=school_class.ends_on, width=180)
        is_wanted = st.form_submit_button(t("Save"))
    if is_wanted:
        last = ends_on if isinstance(ends_on, date) else None
        if last and last < date.today() + timedelta(days=1):
            st.error(t("The last day must be after today, got {day}: choose a later one.", day=last))
            return
        store.classes.update(replace(school_class, limits=ClassLimits(int(images), int(megabytes)), ends_on=last))
        st.rerun()


def _ask(store: Store, school_class: SchoolClass) -> None:
    pupils = len(store.pupils.of_class(school_class.id))
    st.markdown(
        t(
            "{name}, pupils: {number}. Type the name of the class to delete it.",
            name=plain(isolated(school_class.name)),
            number=pupils,
        )
    )
    typed = st.text_input(t("Name of the class"))
    if st.button(t("Delete everything"), type="primary", disabled=typed.strip() != school_class.name):
        with refusals(), st.spinner(t("Stopping trainings, deleting")):
            st.session_state.setdefault(RECEIPT, []).append(classroom.delete_class(store, school_class))
            st.rerun()


def show_receipts() -> None:
    """Show the receipts of the classes that this window deleted."""
    for receipt in st.session_state.get(RECEIPT, ()):
        pupil_tools.show_receipt(receipt)
