"""The teacher's password can be changed or, without a class, removed; and this browser signed out."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from cvcore import classroom, urls
from cvcore.languages import t
from cvcore.store import Store
from pages.parts.shell import page_address
from pages.parts.shell.text import refusals


def show(store: Store) -> None:
    """Show a form for the password, and the way out."""
    st.header(t("Teacher"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button(t("Change the password")):
            st.dialog(t("Change the password"))(_change)(store)
        if st.button(t("Sign out"), help=t("In this browser. A new password signs out all others.")):
            go(f"leave={quote(classroom.ticket(store))}")
        if not store.classes.is_any() and st.button(t("Remove the password")):
            st.dialog(t("Remove the password"))(_remove)(store)


def go(query: str) -> None:
    """Lead the browser to the page that sets its cookie, which only an answer of the server can, and stop here."""
    page_address.run_script("teacher", f"location.replace({f'{urls.below(urls.JOIN)}?{query}'!r}); // {query}")
    st.stop()


def _remove(store: Store) -> None:
    st.markdown(t("Everybody who opens the address sees your projects from then on, and can change them."))
    with st.form("remove-password", border=False):
        present = st.text_input(t("The present password"), type="password")
        is_wanted = st.form_submit_button(t("Remove"), type="primary")
    if is_wanted:
        with refusals():
            classroom.remove_password(store, present)
            st.rerun()


def _change(store: Store) -> None:
    with st.form("change-password", border=False):
        present = st.text_input(t("The present password"), type="password")
        new = st.text_input(t("The new password"), type="password", help=t("At least 8 letters."))
        is_wanted = st.form_submit_button(t("Change"), type="primary")
    if is_wanted:
        with refusals():
            classroom.change_password(store, present, new)
            go(f"ticket={quote(classroom.ticket(store))}")
