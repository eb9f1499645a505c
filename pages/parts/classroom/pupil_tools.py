"""What the teacher can do for one pupil, or all: look at their pages, lock, let in again, rename, remove."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st

from cvcore import classroom
from cvcore.classroom import Receipt, Work
from cvcore.classroom.members import NICKNAME_LETTERS
from cvcore.languages import t, tn
from cvcore.store import Pupil, Store
from pages.parts.shell import backend
from pages.parts.shell.project_choice import PAGES
from pages.parts.shell.text import isolated, plain, refusals
from pages.parts.widgets import number_table

RECEIPT = "pupil-receipt"
HERE_S = 60
# With fewer they are removed one by one.
IDLE_LEAST = 5


def show(store: Store, pupil: Pupil) -> None:
    """Show the buttons for one pupil."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button(t("Look at their pages"), type="primary"):
            st.session_state[backend.LOOKED_AT] = pupil.id
            st.switch_page(PAGES / "projects.py", query_params={})
        if st.button(t("Unlock") if pupil.is_locked else t("Lock"), key="lock-pupil"):
            store.pupils.set_locked(pupil.id, not pupil.is_locked)
            st.rerun()
        is_lost = st.button(t("Let in again"), help=t("Another device, or the browser forgot them."))
        if st.button(t("Rename"), key="rename-pupil"):
            st.dialog(t("Rename"))(_rename)(store, pupil)
        if st.button(t("Remove"), key="remove-pupil"):
            st.dialog(t("Remove"))(_remove)(store, pupil)
    if is_lost:
        code = classroom.offer_return(store, pupil)
        st.success(
            t(
                "{pupil} opens the address, chooses *I was here before* and types **{code}**, within 15 minutes. Their "
                "other browser is out from then on.",
                pupil=plain(isolated(pupil.nickname)),
                code=f"{code[:3]} {code[3:]}",
            )
        )


def _rename(store: Store, pupil: Pupil) -> None:
    with st.form("rename-pupil-form", border=False):
        nickname = st.text_input(t("Nickname"), pupil.nickname, max_chars=NICKNAME_LETTERS)
        is_wanted = st.form_submit_button(t("Save"), type="primary")
    if is_wanted:
        with refusals():
            classroom.rename(store, pupil, nickname)
            st.rerun()


def _remove(store: Store, pupil: Pupil) -> None:
    st.markdown(
        t(
            "**{pupil}** is out at once. Their work is kept, hidden, and you can bring them back until the class ends; "
            "or delete everything of them now.",
            pupil=plain(isolated(pupil.nickname)),
        )
    )
    with st.container(horizontal=True), refusals():
        if st.button(t("Remove"), type="primary", key="remove-pupil-really"):
            store.pupils.remove(pupil.id)
            st.rerun()
        if st.button(t("Delete for good"), key="delete-pupil"):
            delete(store, pupil)


def delete(store: Store, pupil: Pupil) -> None:
    """Delete a pupil for good, and keep the receipt for this window."""
    with st.spinner(t("Stopping trainings, deleting")):
        st.session_state.setdefault(RECEIPT, []).append(classroom.delete_pupil(store, pupil))
    st.rerun()


def show_receipts() -> None:
    """Show the receipts of the pupils whom this window deleted."""
    for receipt in st.session_state.get(RECEIPT, ()):
        show_receipt(receipt)


def show_receipt(receipt: Receipt) -> None:
    """Show a receipt, which can be downloaded."""
    lines = receipt.lines()
    with st.container(border=True):
        st.markdown(f"**{plain(lines[0])}**\n\n" + "\n".join(f"- {plain(line)}" for line in lines[1:]))
        st.download_button(
            t("Download the receipt"),
            "\n".join(lines) + "\n",
            file_name=f"receipt-{receipt.deleted_at:%Y-%m-%d}.txt",
            key=f"receipt-{receipt.deleted_at}",
        )


def show_for_all(store: Store, works: Sequence[Work]) -> None:
    """Show what the teacher can do for all: let everybody in again, and remove those who only joined."""
    idle = [work.pupil for work in works if not (work.projects or work.fault or is_here(work.pupil))]
    with st.container(horizontal=True):
        are_lost = st.button(
            t("Let everybody in again"), help=t("After the address has changed, browsers do not know their pupils.")
        )
        label = tn(
            len(idle), "Remove {n} who only joined and is not here", "Remove {n} who only joined and are not here"
        )
        if len(idle) >= IDLE_LEAST and st.button(label, key="remove-idle"):
            for pupil in idle:
                store.pupils.remove(pupil.id)
            st.rerun()
    if are_lost:
        codes = [classroom.offer_return(store, work.pupil) for work in works]
        st.markdown(
            t(
                "Everybody opens the address, chooses *I was here before* and types their digits, within 15 minutes. "
                "Tell each their own."
            )
        )
        columns = {
            t("Pupil"): [work.pupil.nickname for work in works],
            t("Digits"): [f"{code[:3]} {code[3:]}" for code in codes],
        }
        st.html(number_table.of(columns, label=t("Digits"), texts=[t("Digits")]))


def is_here(pupil: Pupil) -> bool:
    """Whether a pupil's browser asked for something within the last minute."""
    return pupil.seen_at is not None and datetime.now(UTC) - pupil.seen_at < timedelta(seconds=HERE_S)
