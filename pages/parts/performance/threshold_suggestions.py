"""Lets users choose an iteration's threshold by a goal, shows its measured effect, and saves it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cvcore import evaluation, metrics
from cvcore.errors import NotFound
from cvcore.evaluation import saved_thresholds
from cvcore.metrics import threshold_tuning
from cvcore.metrics.threshold_tuning import Goal, Suggestion
from cvcore.records import Iteration, Project, Thresholds
from cvcore.store import Store
from cvcore.wording import percent
from pages.parts.shell import undo_toast
from pages.parts.shell.help_marks import HELP
from pages.parts.shell.text import plain, refusals
from pages.parts.widgets import number_table

GOALS: dict[threshold_tuning.By, str] = {
    "f1": "A good balance: best F1",
    "precision": "Answers I can rely on: set a precision",
    "recall": "Miss few images: set a recall",
    "cost": "What mistakes cost",
}
ONE, EACH = "One for all tags", "One for each tag"
SHOWN = 5


def show(store: Store, project: Project, iteration: Iteration) -> None:
    """Show the thresholds suggested for a goal, with buttons to save them and to go back to 50 %.

    By hand a threshold is set and saved in the table under Numbers.
    """
    st.header("Suggested thresholds", anchor=False)
    with refusals():
        try:
            iteration = store.iterations.get(iteration.id)
        except NotFound:
            st.info("This iteration was deleted. Choose another.")
            return
        goal, per_tag = _goal(project)
        suggestion = evaluation.suggest_thresholds(store, iteration, goal, per_tag=per_tag)
        tags = [tag.name for tag in evaluation.tags(store, iteration)]
        _show(suggestion, goal, tags, per_tag=per_tag)
        chosen = tuple(suggestion.thresholds.tolist()) if per_tag else float(suggestion.thresholds[0])
        _buttons(store, project, iteration, chosen)


def saved_words(iteration: Iteration) -> str:
    """The threshold that an iteration uses now, in a sentence."""
    saved = iteration.thresholds
    if saved is None:
        return f"In use: {100 * evaluation.DEFAULT_THRESHOLD:.0f} %, nothing is saved."
    if isinstance(saved, tuple):
        return f"In use: a threshold for each tag, from {100 * min(saved):.0f} to {100 * max(saved):.0f} %."
    return f"In use: {100 * saved:.0f} % for all tags."


def rows(suggestion: Suggestion, tags: list[str]) -> dict[str, list[str]]:
    """The table's columns: every tag, then the mean of all; a dash where a rate is undefined or thresholds differ."""
    percents = [f"{100 * threshold:.0f} %" for threshold in suggestion.thresholds]
    held_out, on_chosen = (metrics.rates(counts) for counts in (suggestion.held_out, suggestion.chosen))
    images = (suggestion.chosen[:, 0] + suggestion.chosen[:, 2]).tolist()
    return {
        "Tag": [*tags, "All tags (mean)"],
        "Images": [f"{number:,}" for number in [*images, int(suggestion.chosen[0].sum())]],
        "Threshold": [*percents, percents[0] if len(set(percents)) == 1 else "–"],
        "Precision": [percent(rate) for rate in held_out[0]],
        "Recall": [percent(rate) for rate in held_out[1]],
        "F1": [percent(rate) for rate in held_out[2]],
        "F1 on the images it was chosen on": [percent(rate) for rate in on_chosen[2]],
    }


def _goal(project: Project) -> tuple[Goal, bool]:
    with st.container(horizontal=True, vertical_alignment="bottom", key="goal-controls"):
        by = st.selectbox(
            "What matters to you?", list(GOALS), format_func=GOALS.__getitem__, key=f"goal-{project.id}", width=320
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
        thresholds = st.segmented_control(
            "Thresholds", [ONE, EACH], default=ONE, required=True, key=f"per-tag-{project.id}", help=HELP["threshold"]
        )
    return Goal(by, value), thresholds == EACH


def _show(suggestion: Suggestion, goal: Goal, tags: list[str], *, per_tag: bool) -> None:
    with st.container(key="suggested-body"):
        if not per_tag:
            st.markdown(f"Suggested for all tags: **{100 * suggestion.thresholds[0]:.0f} %**")
        st.html(number_table.of(rows(suggestion, tags), label="Suggested thresholds with their numbers", sums=1))
    chosen, held_out = (metrics.rates(counts)[2, -1] for counts in (suggestion.chosen, suggestion.held_out))
    flattered = f" On the same images it would look too good: mean F1 {percent(chosen)} instead of {percent(held_out)}."
    st.caption(
        "Precision, recall and F1 are measured fairly: on images that the threshold was not chosen on."
        + (flattered if percent(chosen) != percent(held_out) else "")
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


def _buttons(store: Store, project: Project, iteration: Iteration, chosen: Thresholds) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Save as suggested", type="primary", key=f"save-thresholds-{iteration.id}"):
            _set(store, project, iteration, chosen)
        if iteration.thresholds is not None and st.button(
            f"Back to {100 * evaluation.DEFAULT_THRESHOLD:.0f} %", key=f"clear-thresholds-{iteration.id}"
        ):
            _set(store, project, iteration, None)
        st.markdown(saved_words(iteration))
    st.caption(
        "Quick Test, the commands and exports use what is saved. Under *Numbers* you can set each tag's threshold by "
        "hand and see its effect."
    )


def _set(store: Store, project: Project, iteration: Iteration, chosen: Thresholds | None) -> None:
    """Save or clear the thresholds, with a way back, and draw the page again."""
    before = iteration.thresholds
    _put(store, iteration, chosen)
    # Numbers opens with what is saved, not with what was set by hand there before.
    st.session_state.pop(f"own-{project.id}", None)
    if not isinstance(chosen, tuple):
        st.session_state[f"threshold-{project.id}"] = evaluation.DEFAULT_THRESHOLD if chosen is None else chosen

    def undo() -> str:
        _put(store, iteration, before)
        return "The thresholds are as they were before."

    start = "Saved: " if chosen is not None else ""
    end = "these thresholds" if chosen is not None else f"{100 * evaluation.DEFAULT_THRESHOLD:.0f} % again"
    undo_toast.offer(project, f"{start}Quick Test and exports of {iteration.name} use {end}.", undo)
    st.rerun()


def _put(store: Store, iteration: Iteration, chosen: Thresholds | None) -> None:
    if chosen is None:
        saved_thresholds.clear(store, iteration)
    else:
        saved_thresholds.save(store, iteration, chosen)
