"""Options that few trainings need: a subset of tags, costs of mistakes, a network to start from, a webhook."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from cvcore.languages import marked, t
from cvcore.records import Iteration, Project, Tag, TrainingOptions
from cvcore.store import Store
from pages.parts.shell import help_marks
from pages.parts.shell.text import plain

COST_MOST = 100
URL_LETTERS = 2_000
_TAG, _COST = marked("Tag"), marked("Counts as")


def tags(store: Store, project: Project, running: Sequence[str] | None = None) -> list[str]:
    """Let the user choose tags to train on; returns their ids, empty for all tags. Or show a `running` training's."""
    names = {tag.id: tag.name for tag in store.tags.of_project(project.id) if tag.image_count}
    chosen = [tag_id for tag_id in names if running is not None and tag_id in running]
    is_all = len(chosen) == len(names)
    with st.expander(t("Only some tags")):
        return st.multiselect(
            t("Tags to train"),
            list(names),
            default=[] if is_all else chosen,
            format_func=names.__getitem__,
            placeholder=t("All tags"),
            label_visibility="collapsed",
            key=f"only-{project.id}" if running is None else f"only-running-{project.id}",
            disabled=running is not None,
            help=t("Images that carry none of them are left out."),
        )


def show(store: Store, project: Project, options: TrainingOptions, trained: Sequence[Tag]) -> TrainingOptions:
    """The options with the user's choices added: what mistakes cost, where to start from, and an address to notify."""
    with st.expander(t("More options")):
        left, right = st.columns(2, gap="large")
        with left:
            weights = _costs(project, trained)
        with right:
            start_from = _start_from(store, project)
            url = st.text_input(
                t("Notify this address (webhook) when it is done"),
                max_chars=URL_LETTERS,
                placeholder="https://…",
                key=f"notify-{project.id}",
                help=t(help_marks.HELP["webhook"]),
            )
            st.caption(t("A small JSON with the result is posted there. Public addresses only."))
    return replace(options, costs=weights, start_from=start_from, notify_url=url.strip())


def show_running(store: Store, project: Project, options: TrainingOptions) -> None:
    """Show a running training's options that differ from the usual, in words; nothing if none does."""
    names = {tag.id: tag.name for tag in store.tags.of_project(project.id)}
    iterations = {iteration.id: iteration.name for iteration in store.iterations.trained(project.id)}
    costs = ", ".join(f"{names[tag_id]} {weight:g}" for tag_id, weight in options.costs if tag_id in names)
    lines = []
    if costs:
        lines.append(t("What mistakes cost: {costs}.", costs=costs))
    if options.start_from in iterations:
        lines.append(t("Starts from {iteration}.", iteration=iterations[options.start_from]))
    elif options.start_from:
        lines.append(t("Starts from a deleted iteration."))
    if options.notify_url:
        lines.append(t("Notifies {address} when it is done.", address=options.notify_url))
    for line in lines:
        st.caption(plain(line))


def costs_key(project: Project, trained: Sequence[Tag]) -> str:
    """The table's key. Streamlit keeps edits by row number, so another list of tags needs another table."""
    return f"costs-{project.id}-{zlib.crc32(''.join(tag.id for tag in trained).encode()):08x}"


def _costs(project: Project, trained: Sequence[Tag]) -> tuple[tuple[str, float], ...]:
    st.markdown(t("What mistakes cost"))
    if not trained:
        st.caption(t("No tag has images yet."))
        return ()
    edited: dict[str, list[float | None]] = st.data_editor(
        {_TAG: [tag.name for tag in trained], _COST: [1.0] * len(trained)},
        column_config={
            _TAG: st.column_config.TextColumn(t(_TAG), disabled=True),
            _COST: st.column_config.NumberColumn(
                t(_COST), min_value=1, max_value=COST_MOST, required=True, format="%g"
            ),
        },
        height="auto" if len(trained) <= 6 else 246,
        key=costs_key(project, trained),
        alt=t("What mistakes cost, tag by tag"),
    )
    st.caption(
        t("An image of a tag that counts as 3 weighs as much as three: it is missed less often, and given more often.")
    )
    weights = zip(trained, edited[_COST], strict=True)
    return tuple((tag.id, float(weight)) for tag, weight in weights if weight is not None and weight != 1)


def _start_from(store: Store, project: Project) -> str:
    """The id of the iteration whose network the training begins with, empty for the domain's own."""
    trained = store.iterations.trained(project.id)
    names = {iteration.id: iteration.name for iteration in trained if _is_advanced(store, iteration)}
    if not names:
        return ""
    chosen: str = st.selectbox(
        t("Start from"),
        ["", *names],
        format_func=lambda iteration_id: names[iteration_id] if iteration_id else t("The domain's network"),
        key=f"start-from-{project.id}",
    )
    st.caption(
        t("Images that it was trained on are left out of the evaluation. What the network sees stays as it was.")
    )
    return chosen


def _is_advanced(store: Store, iteration: Iteration) -> bool:
    return store.trainings.options(iteration.id).is_advanced
