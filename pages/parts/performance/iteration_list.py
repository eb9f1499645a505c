"""The choice of a project's iteration, in one row, with a menu to rename or delete it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import streamlit as st

from cvcore import training, validation
from cvcore.errors import NotFound
from cvcore.languages import marked, t, tn
from cvcore.records import Iteration
from cvcore.store import Store
from cvcore.wording import day
from pages.parts.shell import page_address
from pages.parts.shell.text import plain, refusals

RENAME, DELETE = marked("Rename"), marked("Delete")


def show(store: Store, iterations: Sequence[Iteration]) -> Iteration:
    """Draw the choice and return the chosen iteration: the one in the address, else the newest.

    The address then names it, so the window stays with it when another one is trained.
    """
    by_number = {str(iteration.number): iteration for iteration in iterations}
    wanted = st.query_params.get("iteration", "")
    # The address decides, also after the browser's Back button has changed it.
    st.session_state["iteration"] = wanted if wanted in by_number else next(iter(by_number))
    chosen = st.selectbox(
        t("Iteration"),
        list(by_number),
        format_func=lambda number: by_number[number].name,
        label_visibility="collapsed",
        key="iteration",
        on_change=lambda: st.query_params.update(iteration=st.session_state["iteration"]),
        width=210,
    )
    iteration = by_number[chosen]
    # Not after a choice: that is a step of the Back button, which the script would take away.
    if wanted != chosen:
        page_address.show("iteration", iteration.number)
    pressed = st.menu_button(
        t("Edit"),
        [RENAME, DELETE],
        format_func=t,
        help=t("Rename or delete this iteration"),
        key="iteration-menu",
    )
    if pressed == RENAME:
        st.dialog(t("Rename iteration"), on_dismiss="rerun")(_rename)(store, iteration)
    elif pressed == DELETE:
        st.dialog(t("Delete iteration"))(_delete)(store, iteration)
    return iteration


def about(store: Store, iteration: Iteration, *, in_full: bool) -> str:
    """How many images it was trained on and when; `in_full` also with what and how it was evaluated. As Markdown."""
    parts = [tn(iteration.image_count, "{n} image", "{n} images")]
    if in_full:
        parts += [t(iteration.classification_type), plain(t(iteration.backbone))]
        parts += [t("Advanced")] if store.trainings.options(iteration.id).is_advanced else []
        parts += [validation.named(iteration.evaluation)] if iteration.evaluation else []
    if iteration.trained_at:
        parts.append(t("trained {day}", day=day(iteration.trained_at)))
    return " · ".join(parts)


def _rename(store: Store, iteration: Iteration) -> None:
    with st.form("rename-iteration", border=False):
        name = st.text_input(t("Name"), iteration.name, max_chars=training.ITERATION_LETTERS)
        is_saved = st.form_submit_button(t("Save"), type="primary")
    if is_saved:
        with refusals():
            training.rename_iteration(store, iteration, name)
            st.rerun()


def _delete(store: Store, iteration: Iteration) -> None:
    alone = store.iterations.count_held_alone(iteration.id)
    st.markdown(t("Delete **{iteration}** with its numbers for good?", iteration=plain(iteration.name)))
    if alone:
        st.warning(
            tn(
                alone,
                "{n} image that only this iteration still uses will be deleted with it.",
                "{n} images that only this iteration still uses will be deleted with it.",
            )
        )
    if wanted := store.predictions.count_of_iteration(iteration.id):
        st.warning(
            tn(
                wanted,
                "{n} answer under Predictions will be deleted with it.",
                "{n} answers under Predictions will be deleted with it.",
            )
        )
    if st.button(t("Delete for good"), type="primary"):
        with refusals():
            # Someone else can have deleted it already: it is gone either way.
            with contextlib.suppress(NotFound):
                training.delete_iteration(store, iteration)
            st.rerun()
