"""Shows the numbers at the thresholds, and the images of the count that was clicked in a drawer beside them.

A fragment: a click or a move of a slider redraws only these two, not the page with its choice of iterations.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from cvcore import evaluation, metrics, slices, validation
from cvcore.evaluation import report_files, saved_thresholds
from cvcore.languages import marked, t
from cvcore.metrics.confusion import TagOutcome
from cvcore.metrics.reports import MEASURES
from cvcore.metrics.threshold_tuning import Goal
from cvcore.records import MULTILABEL, Iteration, Project, Thresholds
from cvcore.store import Store
from cvcore.wording import none_for_nan, with_interval
from pages.parts.review import drawer
from pages.parts.shell import detail_level, undo_toast
from pages.parts.shell.text import plain, refusals
from pages.parts.widgets import number_table, threshold_explorer, threshold_strip
from pages.parts.widgets.threshold_explorer import Explored, Own

TITLES = (marked("Precision"), marked("Recall"), marked("F1"), marked("Average precision"))
RATES = dict(zip(TITLES, MEASURES, strict=True))


@st.fragment
def show(store: Store, project: Project, iteration: Iteration, *, threshold_key: str) -> None:
    """Draw the explorer; its threshold (0..1) is read from and written to the session under `threshold_key`."""
    with refusals():
        iteration = store.iterations.get(iteration.id)
        explored = _explorer(store, project, iteration, threshold_key)
        if explored.save is not None:
            _save(store, project, iteration, explored.save)
            st.rerun()
        _how_evaluated(store, iteration)
        _kept_together(store, iteration, explored.thresholds)
        clicked = TagOutcome(explored.count.tag, explored.count.count) if explored.count else None
        drawer.show(store, project, iteration, explored.thresholds, clicked, key=f"count-{project.id}")


def _save(store: Store, project: Project, iteration: Iteration, wanted: Thresholds) -> None:
    before = iteration.thresholds
    saved_thresholds.save(store, iteration, wanted)

    def undo() -> str:
        if before is None:
            saved_thresholds.clear(store, iteration)
        else:
            saved_thresholds.save(store, iteration, before)
        return t("The thresholds are as they were before.")

    told = t("Saved: Quick Test and exports of {iteration} use these thresholds.", iteration=iteration.name)
    undo_toast.offer(project, told, undo)


def thresholds(project: Project, iteration: Iteration, threshold: float) -> Thresholds:
    """The thresholds that the explorer was left at: the slider's, or one for each tag."""
    own = _own(project, iteration, threshold)
    return Explored(threshold, own).thresholds if own else threshold


def _own(project: Project, iteration: Iteration, threshold: float) -> Own | None:
    """The tags' own thresholds: as they were left in this window, else as they are saved; None if there are none.

    Where the slider's `threshold` is saved for a tag, the tag follows the slider.
    """
    left: tuple[str, Own | None] = st.session_state.get(f"own-{project.id}", ("", None))
    if left[0] == iteration.id:
        return left[1]
    if not isinstance(iteration.thresholds, tuple):
        return None
    return tuple(None if saved == threshold else saved for saved in iteration.thresholds)


def _explorer(store: Store, project: Project, iteration: Iteration, threshold_key: str) -> Explored:
    key = f"explorer-{project.id}"
    overview = evaluation.overview(store, iteration)
    tags = [threshold_explorer.TagRow(tag.name, tag.kind) for tag in evaluation.tags(store, iteration)]
    named = next((column for column, tag in enumerate(tags) if tag.name == st.query_params.get("tag")), None)
    explored = threshold_explorer.show(
        tags=tags,
        sweep=overview.sweep,
        curves=overview.curves,
        threshold=st.session_state[threshold_key],
        own=_own(project, iteration, st.session_state[threshold_key]),
        saved=iteration.thresholds,
        suggested=_suggested(store, iteration),
        strip=_strip(store, iteration, threshold_explorer.chosen(key, iteration.id, named)),
        multilabel=iteration.classification_type == MULTILABEL,
        signature=iteration.id,
        key=key,
    )
    st.session_state[threshold_key] = explored.threshold
    st.session_state[f"own-{project.id}"] = iteration.id, explored.own
    return explored


def _suggested(store: Store, iteration: Iteration) -> threshold_explorer.Suggested:
    """The threshold with the best F1 for each tag."""
    suggestion = evaluation.suggest_thresholds(store, iteration, Goal("f1"), per_tag=True)
    chosen, fair = (none_for_nan(metrics.rates(counts)[2, -1]) for counts in (suggestion.chosen, suggestion.held_out))
    return threshold_explorer.Suggested(tuple(suggestion.thresholds.tolist()), chosen, fair)


def _strip(store: Store, iteration: Iteration, tag: int | None) -> tuple[int, dict[str, Any]] | None:
    return None if tag is None else (tag, threshold_strip.data(store, iteration, tag))


def _kept_together(store: Store, iteration: Iteration, thresholds: Thresholds) -> None:
    """With a group key: the numbers with its groups kept together and without, and which are the true ones."""
    found = slices.estimates(store, iteration, thresholds)
    if found is None:
        return
    st.markdown(f"**{plain(slices.estimates_sentence(found))}**")
    with st.expander(t("Both estimates")):
        kept = t("Images with the same {key} kept together", key=found.key)
        rows = {kept: found.together, t("Only near duplicates kept together"): found.apart}
        columns = {t("Evaluation"): list(rows)}
        columns |= {
            t(title): [with_interval(getattr(each, name), getattr(each, f"{name}_interval")) for each in rows.values()]
            for title, name in RATES.items()
        }
        st.html(number_table.of(columns, label=t("Both estimates")))
        if found.is_quick:
            st.caption(
                t("Both are of Quick training: Advanced would take as long again, and like is compared with like.")
            )


def _how_evaluated(store: Store, iteration: Iteration) -> None:
    how = iteration.evaluation
    if how is None:
        return
    key = plain(store.trainings.options(iteration.id).group_key)
    st.caption(validation.explained(how, key) if detail_level.is_full() else validation.what_was_done(how, key))
    if left_out := str(report_files.not_evaluated(store, iteration)):
        st.caption(plain(left_out))
