"""The Performance page: an iteration's numbers and mistakes, per tag, at any probability threshold."""

from __future__ import annotations

import streamlit as st

from cvcore import evaluation
from cvcore.languages import marked, percent_format, t
from cvcore.records import Iteration
from cvcore.training import stages
from pages.parts.map import panel as map_panel
from pages.parts.next_steps import panel as next_steps_panel
from pages.parts.performance import (
    calibration_panel,
    iteration_comparison,
    iteration_list,
    learning_curve_panel,
    mistakes,
    numbers_view,
    presenter,
    rekognition_panel,
    report_downloads,
    threshold_suggestions,
    worked_example,
)
from pages.parts.robustness import panel as robustness_panel
from pages.parts.shell import backend, detail_level, page_address, project_choice
from pages.parts.shell.text import plain, refusals
from pages.parts.shortcuts import panel as shortcuts_panel
from pages.parts.slices import numbers as slice_numbers
from pages.parts.slices import panel as slices_panel
from pages.parts.train import tuning_outcome
from pages.parts.widgets import view_choice

NUMBERS, MISTAKES, SLICES = marked("Numbers"), marked("Mistakes"), marked("Slices")
MAP, MORE_IMAGES, SHORTCUTS = marked("Map"), marked("More images?"), marked("Shortcuts")
ROBUSTNESS, THRESHOLDS, COMPARE = marked("Robustness"), marked("Thresholds"), marked("Compare")
CALIBRATION, DOWNLOAD = marked("Calibration"), marked("Download")
EXAMPLE, PRESENTER = marked("Example"), marked("Presenter")
VIEWS = (
    NUMBERS,
    MISTAKES,
    SLICES,
    MAP,
    MORE_IMAGES,
    SHORTCUTS,
    ROBUSTNESS,
    THRESHOLDS,
    COMPARE,
    CALIBRATION,
    DOWNLOAD,
    EXAMPLE,
    PRESENTER,
)
FULL_ONLY = (THRESHOLDS, CALIBRATION)


def first_threshold(iteration: Iteration) -> float:
    """The threshold in the address, else the one saved with the iteration, of several the commonest, else 0.5."""
    saved = evaluation.threshold_in_use(iteration)
    start = max(saved, key=saved.count) if isinstance(saved, tuple) else saved
    try:
        wanted = float(st.query_params.get("threshold", ""))
    except ValueError:
        return start
    return wanted if 0 <= wanted <= 1 else start


store = backend.store()
project = project_choice.heading(marked("Performance"), store)

iterations = store.iterations.of_project(project.id)
ended = [iteration for iteration in iterations if iteration.status != "Training"]
if not ended:
    st.info(t("No iteration is trained yet. Train one, and its precision and recall are shown here."))
    project_choice.link("train.py", t("Go to Train"), project)
    with st.expander(t("Until then: six images to count precision and recall by hand")):
        worked_example.show()
    st.stop()

with st.container(horizontal=True, vertical_alignment="center", key="iteration-row"):
    iteration = iteration_list.show(store, ended)
    if iteration.status == "Failed":
        st.error(t("This training failed: {error}", error=plain(stages.said(iteration.error))))
        st.stop()
    if iteration.note:
        with st.popover(t("Built-in network"), icon=":material/warning:", type="tertiary"):
            detail_level.show_note(iteration.note)
    view = view_choice.show(VIEWS, key="view", first=NUMBERS, rare=() if detail_level.is_full() else FULL_ONLY)
with refusals():
    # Not every view has the explorer, so the session keeps its threshold.
    threshold_key = f"threshold-{project.id}"
    threshold = st.session_state.setdefault(threshold_key, first_threshold(iteration))
    conditions = slice_numbers.chosen(store, iteration, is_shown=view == NUMBERS)
    if conditions:
        slice_numbers.heading(iteration, conditions)
    elif view == NUMBERS:
        next_steps_panel.show(store, iteration, is_performance=True)
        numbers_view.show(store, project, iteration, threshold_key=threshold_key)
        tuning_outcome.show_training(store, iteration)
    thresholds = numbers_view.thresholds(project, iteration, threshold)
    if (view in (SLICES, DOWNLOAD) or conditions) and isinstance(thresholds, tuple):
        st.caption(t("Each tag at its own threshold, as set under Numbers."))
    elif view in (MISTAKES, SLICES, DOWNLOAD, ROBUSTNESS) or conditions:
        # No default that follows the threshold: if the default changed with the value, Streamlit would create a new
        # slider after each move and lose every second move.
        slider = f"slider-{project.id}"
        st.session_state.setdefault(slider, round(100 * threshold))
        percent = st.slider(t("Probability threshold"), 0, 100, format=percent_format(), key=slider, width=480)
        threshold = thresholds = st.session_state[threshold_key] = percent / 100
        page_address.show("threshold", threshold)
    if conditions:
        slice_numbers.show(store, project, iteration, thresholds, conditions)
    elif view == MISTAKES:
        mistakes.show(store, project, iteration, threshold, key=f"mistakes-{project.id}")
    elif view == SLICES:
        slices_panel.show(store, project, iteration, thresholds)
    elif view == THRESHOLDS:
        threshold_suggestions.show(store, project, iteration)
    elif view == COMPARE:
        iteration_comparison.show(store, project, iteration)
    elif view == MAP:
        map_panel.show(store, project, iteration, thresholds, backend.limits())
    elif view == MORE_IMAGES:
        learning_curve_panel.show(store, iteration, thresholds)
    elif view == ROBUSTNESS:
        robustness_panel.show(store, iteration, thresholds)
    elif view == SHORTCUTS:
        shortcuts_panel.show(store, iteration)
    elif view == CALIBRATION:
        calibration_panel.show(store, project, iteration)
    elif view == DOWNLOAD:
        report_downloads.show(store, project, iteration, threshold=thresholds)
        if detail_level.is_full():
            with st.expander(t("In Rekognition's terms")):
                rekognition_panel.show(store, iteration)
    elif view == EXAMPLE:
        worked_example.show()
    elif view == PRESENTER:
        presenter.show(store, project, iteration, threshold_key=threshold_key)
st.caption(iteration_list.about(store, iteration, in_full=detail_level.is_full()))
