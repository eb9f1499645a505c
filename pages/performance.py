"""The Performance page: an iteration's numbers and mistakes, per tag, at any probability threshold."""

from __future__ import annotations

import streamlit as st

from cvcore import evaluation, validation
from cvcore.records import Iteration
from cvcore.wording import count, day
from pages.parts.performance import (
    calibration_panel,
    confusion_matrix,
    iteration_comparison,
    iteration_list,
    mistakes,
    numbers_view,
    rekognition_panel,
    report_downloads,
    threshold_suggestions,
    worked_example,
)
from pages.parts.shell import backend, page_address, project_choice
from pages.parts.shell.text import plain, refusals
from pages.parts.train import training_status, tuning_outcome

NUMBERS, MISTAKES, THRESHOLDS, COMPARE = "Numbers", "Mistakes", "Thresholds", "Compare"
CALIBRATION, DOWNLOAD, EXAMPLE = "Calibration", "Download", "Example"
VIEWS = (NUMBERS, MISTAKES, THRESHOLDS, COMPARE, CALIBRATION, DOWNLOAD, EXAMPLE)


def first_threshold(iteration: Iteration) -> float:
    """The threshold in the address, else the one saved with the iteration, else 0.5."""
    saved = evaluation.threshold_in_use(iteration)
    start = evaluation.DEFAULT_THRESHOLD if isinstance(saved, tuple) else saved
    try:
        wanted = float(st.query_params.get("threshold", ""))
    except ValueError:
        return start
    return wanted if 0 <= wanted <= 1 else start


store = backend.store()
project = project_choice.heading("Performance", store)
training_status.show(store, project, in_full=False)

iterations = store.iterations.of_project(project.id)
ended = [iteration for iteration in iterations if iteration.status != "Training"]
if not ended:
    st.info("No iteration is trained yet. Train one, and its precision and recall are shown here.")
    project_choice.link("train.py", "Go to Train", project)
    with st.expander("Until then: six images to count precision and recall by hand"):
        worked_example.show()
    st.stop()

left, right = st.columns([1, 3], gap="large")
with left:
    iteration = iteration_list.show(store, ended)
if iteration.status == "Failed":
    right.error(f"This training failed: {plain(iteration.error)}")
    st.stop()
with right, refusals():
    st.subheader(plain(iteration.name), anchor=False)
    how = iteration.evaluation
    st.caption(
        f"{count(iteration.image_count, 'image')} · {iteration.classification_type} · {plain(iteration.backbone)} · "
        + (f"{validation.named(how)} · " if how else "")
        + (f"trained {day(iteration.trained_at)}" if iteration.trained_at else "")
    )
    if iteration.note:
        st.warning(plain(iteration.note))
    tuning_outcome.show_training(store, iteration)
    view = st.segmented_control(
        "View",
        VIEWS,
        default=NUMBERS,
        required=True,
        label_visibility="collapsed",
        wrap=True,
        key="view",
        bind="query-params",
    )
    # Not every view has the explorer, so the session keeps its threshold.
    threshold_key = f"threshold-{project.id}"
    threshold = st.session_state.setdefault(threshold_key, first_threshold(iteration))
    if view == NUMBERS:
        numbers_view.show(store, project, iteration, threshold_key=threshold_key)
    if view in (MISTAKES, DOWNLOAD):
        # No default that follows the threshold: if the default changed with the value, Streamlit would create a new
        # slider after each move and lose every second move.
        slider = f"slider-{project.id}"
        st.session_state.setdefault(slider, round(100 * threshold))
        percent = st.slider("Probability threshold", 0, 100, format="%d %%", key=slider, width=480)
        threshold = st.session_state[threshold_key] = percent / 100
        page_address.show("threshold", threshold)
    if view == MISTAKES:
        confusion_matrix.show_with_images(store, project, iteration, threshold)
        st.divider()
        mistakes.show(store, project, iteration, threshold, key=f"mistakes-{project.id}")
    elif view == THRESHOLDS:
        threshold_suggestions.show(store, project, iteration, threshold)
    elif view == COMPARE:
        iteration_comparison.show(store, project, iteration)
    elif view == CALIBRATION:
        calibration_panel.show(store, project, iteration)
    elif view == DOWNLOAD:
        report_downloads.show(store, project, iteration, threshold=threshold)
        with st.expander("In Rekognition's terms"):
            rekognition_panel.show(store, iteration)
    elif view == EXAMPLE:
        worked_example.show()
