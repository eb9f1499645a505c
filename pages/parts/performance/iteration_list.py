"""A project's iterations to choose from, rename and delete."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import streamlit as st

from cvcore import training
from cvcore.errors import NotFound
from cvcore.records import Iteration
from cvcore.store import Store
from cvcore.wording import count, day, percent
from pages.parts.shell.text import plain, refusals
from pages.parts.train import evaluation_choice


def show(store: Store, iterations: Sequence[Iteration]) -> Iteration:
    """Draw the list and return the chosen iteration: the one in the address, else the newest."""
    by_number = {str(iteration.number): iteration for iteration in iterations}
    wanted = st.query_params.get("iteration", "")
    # The address decides, also after the browser's Back button has changed it.
    st.session_state["iteration"] = wanted if wanted in by_number else next(iter(by_number))
    chosen = st.radio(
        "Iterations",
        list(by_number),
        format_func=lambda number: plain(by_number[number].name),
        captions=[_caption(store, iteration) for iteration in iterations],
        key="iteration",
        on_change=lambda: st.query_params.update(iteration=st.session_state["iteration"]),
    )
    iteration = by_number[chosen]
    with st.container(horizontal=True):
        if st.button("Rename"):
            _rename(store, iteration)
        if st.button("Delete", type="tertiary"):
            _delete(store, iteration)
    return iteration


def _caption(store: Store, iteration: Iteration) -> str:
    parts = [day(iteration.trained_at)] if iteration.trained_at else []
    if iteration.scores:
        parts.append(f"precision {percent(iteration.scores.precision)}, recall {percent(iteration.scores.recall)}")
    parts.append(plain(iteration.backbone) if iteration.backbone else "failed")
    if store.trainings.options(iteration.id).is_advanced:
        parts.append("Advanced")
    if iteration.evaluation:
        parts.append(evaluation_choice.short(iteration.evaluation))
    return " · ".join(parts)


@st.dialog("Rename iteration", on_dismiss="rerun")
def _rename(store: Store, iteration: Iteration) -> None:
    with st.form("rename-iteration", border=False):
        name = st.text_input("Name", iteration.name, max_chars=training.ITERATION_LETTERS)
        is_saved = st.form_submit_button("Save", type="primary")
    if is_saved:
        with refusals():
            training.rename_iteration(store, iteration, name)
            st.rerun()


@st.dialog("Delete iteration")
def _delete(store: Store, iteration: Iteration) -> None:
    alone = store.iterations.count_held_alone(iteration.id)
    st.markdown(f"Delete **{plain(iteration.name)}** with its numbers for good?")
    if alone:
        st.warning(f"{count(alone, 'image')} that only this iteration still uses will be deleted with it.")
    if wanted := store.predictions.count_of_iteration(iteration.id):
        st.warning(f"{count(wanted, 'answer')} under Predictions will be deleted with it.")
    if st.button("Delete for good", type="primary"):
        with refusals():
            # Someone else can have deleted it already: it is gone either way.
            with contextlib.suppress(NotFound):
                training.delete_iteration(store, iteration)
            st.rerun()
