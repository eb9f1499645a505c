"""Lets users choose an iteration's threshold by a goal, shows its measured effect, and saves it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cvcore import evaluation, metrics
from cvcore.errors import NotFound
from cvcore.evaluation import saved_thresholds
from cvcore.languages import marked, number, t, tn
from cvcore.metrics import threshold_tuning
from cvcore.metrics.threshold_tuning import Goal, Suggestion
from cvcore.records import Iteration, Project, Thresholds
from cvcore.store import Store
from cvcore.wording import percent, whole_percent
from pages.parts.shell import undo_toast
from pages.parts.shell.help_marks import HELP
from pages.parts.shell.text import plain, refusals
from pages.parts.widgets import number_table

GOALS: dict[threshold_tuning.By, str] = {
    "f1": marked("A good balance: best F1"),
    "precision": marked("Answers I can rely on: set a precision"),
    "recall": marked("Miss few images: set a recall"),
    "cost": marked("What mistakes cost"),
}
ONE, EACH = marked("One for all tags"), marked("One for each tag")
SHOWN = 5


def show(store: Store, project: Project, iteration: Iteration) -> None:
    """Show the thresholds suggested for a goal, with buttons to save them and to go back to 50 %.

    By hand a threshold is set and saved in the table under Numbers.
    """
    st.header(t("Suggested thresholds"), anchor=False)
    with refusals():
        try:
            iteration = store.iterations.get(iteration.id)
        except NotFound:
            st.info(t("This iteration was deleted. Choose another."))
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
        return t("In use: {threshold}, nothing is saved.", threshold=whole_percent(evaluation.DEFAULT_THRESHOLD))
    if isinstance(saved, tuple):
        return t(
            "In use: a threshold for each tag, from {lowest} to {highest}.",
            lowest=f"{100 * min(saved):.0f}",
            highest=whole_percent(max(saved)),
        )
    return t("In use: {threshold} for all tags.", threshold=whole_percent(saved))


def rows(suggestion: Suggestion, tags: list[str]) -> dict[str, list[str]]:
    """The table's columns: every tag, then the mean of all; a dash where a rate is undefined or thresholds differ."""
    percents = [whole_percent(threshold) for threshold in suggestion.thresholds]
    held_out, on_chosen = (metrics.rates(counts) for counts in (suggestion.held_out, suggestion.chosen))
    images = (suggestion.chosen[:, 0] + suggestion.chosen[:, 2]).tolist()
    return {
        t("Tag"): [*tags, t("All tags (mean)")],
        t("Images"): [number(each) for each in [*images, int(suggestion.chosen[0].sum())]],
        t("Threshold"): [*percents, percents[0] if len(set(percents)) == 1 else "–"],
        t("Precision"): [percent(rate) for rate in held_out[0]],
        t("Recall"): [percent(rate) for rate in held_out[1]],
        t("F1"): [percent(rate) for rate in held_out[2]],
        t("F1 on the images it was chosen on"): [percent(rate) for rate in on_chosen[2]],
    }


def _goal(project: Project) -> tuple[Goal, bool]:
    with st.container(horizontal=True, vertical_alignment="bottom", key="goal-controls"):
        by = st.selectbox(
            t("What matters to you?"),
            list(GOALS),
            format_func=lambda goal: t(GOALS[goal]),
            key=f"goal-{project.id}",
            width=320,
        )
        value = 1.0
        if by in ("precision", "recall"):
            label = t("Precision to reach (%)") if by == "precision" else t("Recall to reach (%)")
            value = st.number_input(label, 1, 100, 90, key=f"wanted-{by}-{project.id}", width=180) / 100
        if by == "cost":
            value = st.number_input(
                t("One missed image costs as much as … wrong ones"), 0.1, threshold_tuning.COST_MOST, 5.0, 1.0, "%.1f",
                key=f"cost-{project.id}", width=300,
            )  # fmt: skip
        thresholds = st.segmented_control(
            t("Thresholds"),
            [ONE, EACH],
            format_func=t,
            default=ONE,
            required=True,
            key=f"per-tag-{project.id}",
            help=t(HELP["threshold"]),
        )
    return Goal(by, value), thresholds == EACH


def _show(suggestion: Suggestion, goal: Goal, tags: list[str], *, per_tag: bool) -> None:
    with st.container(key="suggested-body"):
        if not per_tag:
            st.markdown(t("Suggested for all tags: **{threshold}**", threshold=whole_percent(suggestion.thresholds[0])))
        label = t("Suggested thresholds with their numbers")
        st.html(number_table.of(rows(suggestion, tags), label=label, sums=1, names_above=True))
    chosen, held_out = (percent(metrics.rates(counts)[2, -1]) for counts in (suggestion.chosen, suggestion.held_out))
    told = [t("Precision, recall and F1 are measured fairly: on images that the threshold was not chosen on.")]
    if chosen != held_out:
        told.append(
            t(
                "On the same images it would look too good: mean F1 {chosen} instead of {held_out}.",
                chosen=chosen,
                held_out=held_out,
            )
        )
    st.caption(" ".join(told))
    _warn(suggestion, goal, tags, per_tag=per_tag)


def _warn(suggestion: Suggestion, goal: Goal, tags: list[str], *, per_tag: bool) -> None:
    where = suggestion.defined & ~suggestion.reached
    for warning in [
        *(_not_per_tag(suggestion, goal, where, tags) if per_tag else _not_for_all(suggestion, goal, where)),
        _about(
            marked("At the best threshold nearly every image gets {tags}: that is no better than chance."),
            suggestion.everything,
            tags,
        ),
        _about(
            marked("Giving no image the tag would cost less for {tags}: wrong answers cost too much."),
            suggestion.nothing,
            tags,
        ),
    ]:
        if warning:
            st.warning(warning)


def _not_per_tag(suggestion: Suggestion, goal: Goal, where: np.ndarray, tags: list[str]) -> list[str]:
    precision = marked("A precision of {rate} is not reached at any threshold for {tags}: the nearest is suggested.")
    recall = marked("A recall of {rate} is not reached at any threshold for {tags}: the nearest is suggested.")
    none = marked("Nothing can be chosen for {tags}: no evaluated image or no answer, so 50 % is used.")
    return [
        _about(precision if goal.by == "precision" else recall, where, tags, rate=whole_percent(goal.value)),
        _about(none, ~suggestion.defined, tags),
    ]


def _not_for_all(suggestion: Suggestion, goal: Goal, where: np.ndarray) -> list[str]:
    if not where.any():
        nothing = t("Nothing can be chosen: no image was evaluated or answered. 50 % is used.")
        return [] if suggestion.defined.any() else [nothing]
    rate = whole_percent(goal.value)
    if goal.by == "precision":
        return [t("A precision of {rate} is not reached at any threshold; the nearest is suggested.", rate=rate)]
    return [t("A recall of {rate} is not reached at any threshold; the nearest is suggested.", rate=rate)]


def _about(message: str, where: np.ndarray, tags: list[str], **parts: str) -> str:
    """The marked message about the tags where it is so, as Markdown; empty if there is none."""
    names = [plain(tag) for tag, is_so in zip(tags, where, strict=True) if is_so]
    if not names:
        return ""
    listed = ", ".join(names[:SHOWN])
    if (more := len(names) - SHOWN) > 0:
        listed = tn(more, "{tags} and {n} more", "{tags} and {n} more", tags=listed)
    return t(message, tags=listed, **parts)


def _buttons(store: Store, project: Project, iteration: Iteration, chosen: Thresholds) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(t("Save as suggested"), type="primary", key=f"save-thresholds-{iteration.id}"):
            _set(store, project, iteration, chosen)
        if iteration.thresholds is not None and st.button(
            t("Back to {threshold}", threshold=whole_percent(evaluation.DEFAULT_THRESHOLD)),
            key=f"clear-thresholds-{iteration.id}",
        ):
            _set(store, project, iteration, None)
        st.markdown(saved_words(iteration))
    st.caption(
        t(
            "Quick Test, the commands and exports use what is saved. Under *Numbers* you can set each tag's threshold "
            "by hand and see its effect."
        )
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
        return t("The thresholds are as they were before.")

    if chosen is not None:
        told = t("Saved: Quick Test and exports of {iteration} use these thresholds.", iteration=iteration.name)
    else:
        default = whole_percent(evaluation.DEFAULT_THRESHOLD)
        told = t(
            "Quick Test and exports of {iteration} use {threshold} again.", iteration=iteration.name, threshold=default
        )
    undo_toast.offer(project, told, undo)
    st.rerun()


def _put(store: Store, iteration: Iteration, chosen: Thresholds | None) -> None:
    if chosen is None:
        saved_thresholds.clear(store, iteration)
    else:
        saved_thresholds.save(store, iteration, chosen)
