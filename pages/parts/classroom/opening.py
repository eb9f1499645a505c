"""The form that opens a class."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import quote

import streamlit as st

from cvcore import classroom
from cvcore.errors import TagwiseError
from cvcore.languages import marked, t
from cvcore.store import Store
from pages.parts.classroom import teacher
from pages.parts.shell.text import plain, sentence

EXPLAINED = marked(
    "Pupils join from their own devices with a code and a nickname, and see only their own projects and what you hand "
    "out. You see everything. From then on, nobody comes in without joining or your password."
)


def show(store: Store, *, is_first: bool) -> None:
    """Show the form; the browser that opens the class is the teacher's."""
    has_password = store.classes.password() is not None
    if is_first:
        st.markdown(t(EXPLAINED))
    with st.form("open-class", width=480):
        name = st.text_input(t("Name of the class"), placeholder=t("4b, Tuesday"), max_chars=64)
        password = ""
        if is_first:
            label = t("The teacher's password") if has_password else t("Choose a password for the teacher")
            password = st.text_input(label, type="password", help=None if has_password else t("At least 8 letters."))
        ends_on = st.date_input(
            t("Last day; after it everything of the class is deleted"),
            value=None,
            min_value=date.today() + timedelta(days=1),
        )
        wanted = st.form_submit_button(t("Open the class"), type="primary")
    if not wanted:
        return
    try:
        # A password without its class would shut this browser out.
        with store.transaction():
            if is_first and has_password:
                classroom.sign_in(store, password)
            elif is_first:
                classroom.set_password(store, password)
            opened = classroom.open_class(store, name, ends_on=ends_on if isinstance(ends_on, date) else None)
    except TagwiseError as error:
        st.error(plain(sentence(str(error))))
        return
    st.session_state["class"] = opened.id
    if is_first:
        st.info(t("Opening the class."))
        teacher.go(f"ticket={quote(classroom.ticket(store))}")
    st.rerun()
