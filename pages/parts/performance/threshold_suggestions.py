"""Lets users choose an iteration's threshold by a goal, shows its measured effect, and saves it."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from cvcore import evaluation, metrics, wording
from cvcore.errors import NotFound
from cvcore.evaluation import saved_thresholds
from cvcore.metrics import threshold_tuning
from cvcore.metrics.threshold_tuning import Goal, Suggestion
from cvcore.records import Iteration, Project
from cvcore.store import Store
from cvcore.wording import percent
from pages.parts.shell.text import plain, refusals

GOALS: dict[threshold_tuning.By, str] = {
    "f1": "A good balance: best F1",
    "precision": "Answers I can rely on: set a precision",
    "recall": "Miss few images: set a recall",
    "cost": "What mistakes cost",
}
SHOWN = 5


def show(store: Store, project: Project, iteration: Iteration, threshold: float | None = None) -> None:
    """Show suggested thresholds for a goal, with buttons to save and clear; `threshold` is the slider's."""
    st.subheader("Choose a threshold", anchor=False)
    with refusals():
        try:
            iteration = store.iterations.get(iteration.id)
        except NotFound:
            st.info("This iteration was deleted. Choose another.")
            return
        st.markdown(saved_words(iteration))
        goal, per_tag = _goal(project)
        suggestion = evaluation.suggest_thresholds(store, iteration, goal, per_tag=per_tag)
        tags = [tag.name for tag in evaluation.tags(store, iteration)]
        _show(suggestion, goal, tags, per_tag=per_tag)
        chosen = tuple(suggestion.thresholds.tolist()) if per_tag else float(suggestion.thresholds[0])
        _buttons(store, iteration, chosen, threshold)


def saved_words(iteration: Iteration) -> str:
    """The threshold that an iteration uses now, in a sentence."""
    saved = iteration.thresholds
    if saved is None:
        return f"Nothing is saved yet: this iteration uses a threshold of {100 * evaluation.DEFAULT_THRESHOLD:.0f} %."
    if isinstance(saved, tuple):
        return f"Saved: a threshold for each tag, from {100 * min(saved):.0f} to {100 * max(saved):.0f} %."
    return f"Saved: {100 * saved:.0f} % for all tags."


def rows(suggestion: Suggestion, tags: list[str]) -> dict[str, list[Any]]:
    """The table's columns: every tag, then the mean of all. Rates are in per cent, None if undefined.

    The threshold of the mean is None if the tags have different ones.
    """
    one_for_all = float(100 * suggestion.thresholds[0]) if len(set(suggestion.thresholds.tolist())) == 1 else None
    held_out, on_chosen = (100 * metrics.rates(counts) for counts in (suggestion.held_out, suggestion.chosen))
    images = (suggestion.chosen[:, 0] + suggestion.chosen[:, 2]).tolist()
    return {
        "Tag": [*tags, "All tags (mean)"],
        "Images": [*images, int(suggestion.chosen[0].sum())],
        "Threshold": [*(100 * suggestion.thresholds).tolist(), one_for_all],
        "Precision": _known(held_out[0]),
        "Recall": _known(held_out[1]),
        "F1": _known(held_out[2]),
        "F1 on the images it was chosen on": _known(on_chosen[2]),
    }


def _goal(project: Project) -> tuple[Goal, bool]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = st.selectbox(
            "What matters to you?", list(GOALS), format_func=GOALS.__getitem__, key=f"goal-{project.id}", width=360
        )
        value = 1.0
        if by in ("precision", "recall"):
            value = (
                st.number_input(
                    f"{by.capitalize()} to reach (%)", 1, 100, 90, key=f"wanted-{by}-{project.id}", width=180
                )
                / 100
            )
        if by == "cost":
            value = st.number_input(
                "One missed image costs as much as … wrong ones", 0.1, threshold_tuning.COST_MOST, 5.0, 1.0, "%.1f",
                key=f"cost-{project.id}", width=300,
            )  # fmt: skip
    thresholds = st.radio(
        "Thresholds",
        ["One for all tags", "One for each tag"],
        horizontal=True,
        label_visibility="collapsed",
        key=f"per-tag-{project.id}",
    )
    return Goal(by, value), thresholds == "One for each tag"


def _show(suggestion: Suggestion, goal: Goal, tags: list[str], *, per_tag: bool) -> None:
    if not per_tag:
        st.markdown(f"Suggested for all tags: **{100 * suggestion.thresholds[0]:.0f} %**")
    table = rows(suggestion, tags)
    rate = st.column_config.NumberColumn(format="%.1f %%")
    st.dataframe(
        table,
        hide_index=True,
        height=min(38 + 35 * len(table["Tag"]), 460),
        column_config={name: rate for name in table if "F1" in name or name in ("Precision", "Recall")}
        | {"Threshold": st.column_config.NumberColumn(format="%.0f %%")},
    )
    st.caption(
        "Precision, recall and F1 are measured on images that the threshold was not chosen on: the images are divided "
        "into parts; each part is measured at a threshold chosen on the other parts. The last column is chosen and "
        "measured on the same images, which makes it too good: mean F1 "
        f"{percent(metrics.rates(suggestion.chosen)[2, -1])} there, "
        f"{percent(metrics.rates(suggestion.held_out)[2, -1])} measured fairly."
    )
    _warn(suggestion, goal, tags, per_tag=per_tag)


def _warn(suggestion: Suggestion, goal: Goal, tags: list[str], *, per_tag: bool) -> None:
    where = suggestion.defined & ~suggestion.reached
    missed = f"A {goal.by} of {100 * goal.value:.0f} % is not reached at any threshold"
    if per_tag:
        _note(f"{missed} for", where, tags, "the nearest is suggested")
        _note(
            "Nothing can be chosen for",
            ~suggestion.defined,
            tags,
            "no evaluated image or no answer, so 50 % is used",
        )
    elif where.any():
        st.warning(f"{missed}; the nearest is suggested.")
    elif not suggestion.defined.any():
        st.warning("Nothing can be chosen: no image was evaluated or answered. 50 % is used.")
    _note("At the best threshold nearly every image gets", suggestion.everything, tags, "that is no better than chance")
    _note("Giving no image the tag would cost less for", suggestion.nothing, tags, "wrong answers cost too much")


def _note(start: str, where: np.ndarray, tags: list[str], end: str) -> None:
    if names := [plain(tag) for tag, is_so in zip(tags, where, strict=True) if is_so]:
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        st.warning(f"{start} {', '.join(names[:SHOWN])}{more}: {end}.")


def _buttons(store: Store, iteration: Iteration, chosen: float | tuple[float, ...], slider: float | None) -> None:
    with st.container(horizontal=True):
        if st.button("Save as suggested", type="primary", key=f"save-thresholds-{iteration.id}"):
            saved_thresholds.save(store, iteration, chosen)
            st.rerun()
        if slider is not None and st.button(
            f"Save the slider's {100 * slider:.0f} %", key=f"save-slider-{iteration.id}"
        ):
            saved_thresholds.save(store, iteration, slider)
            st.rerun()
        if iteration.thresholds is not None and st.button("Clear", key=f"clear-thresholds-{iteration.id}"):
            saved_thresholds.clear(store, iteration)
            st.rerun()
    st.caption("What is saved is used by Quick Test, by the commands and in exports.")


def _known(rates: np.ndarray) -> list[float | None]:
    return [wording.none_for_nan(rate) for rate in rates]
