"""Performance: what an iteration gets right, tag by tag, at any probability threshold."""

from __future__ import annotations

import streamlit as st

from cvcore import evaluation
from cvcore.records import MULTILABEL
from pages.parts import backend, choice, iteration_list, threshold_explorer, training_status
from pages.parts.text import count, day, plain, refusals


def asked_threshold() -> float:
    """The threshold in the address, or the one a page opens with."""
    try:
        asked = float(st.query_params.get("threshold", ""))
    except ValueError:
        return evaluation.DEFAULT_THRESHOLD
    return asked if 0 <= asked <= 1 else evaluation.DEFAULT_THRESHOLD


store = backend.store()
project = choice.heading("Performance", store)
training_status.show(store, project, link_when_done=False)

iterations = store.iterations.of_project(project.id)
ended = [each for each in iterations if each.status != "Training"]
if not ended:
    st.info("No iteration is trained yet. Train one, and its precision and recall stand here.")
    choice.link("train.py", "Go to Train", project)
    st.stop()

left, right = st.columns([1, 3], gap="large")
with left:
    iteration = iteration_list.show(store, ended)
if iteration.status == "Failed":
    right.error(f"This training failed: {plain(iteration.error)}")
    st.stop()
with right, refusals():
    judged = evaluation.load(store, iteration)
    tags = evaluation.trained_tags(iteration, store.iterations.tags(iteration.id))
    told = evaluation.report(store, iteration)
    st.subheader(plain(iteration.name), anchor=False)
    how = iteration.evaluation
    st.caption(
        f"{count(iteration.image_count, 'image')} · {iteration.classification_type} · {plain(iteration.backbone)} · "
        + (f"{how.folds}-fold cross-validation · " if how else "")
        + (f"trained {day(iteration.trained_at)}" if iteration.trained_at else "")
    )
    if iteration.note:
        st.warning(plain(iteration.note))
    threshold_explorer.show(
        tags=[
            threshold_explorer.TagRow(tag.name, tag.kind, row.images, evaluation.none_for_nan(row.average_precision))
            for tag, row in zip(tags, told.tags, strict=True)
        ],
        counts=evaluation.counts(store, iteration),
        average_precision=evaluation.none_for_nan(told.overall.average_precision),
        threshold=asked_threshold(),
        multilabel=iteration.classification_type == MULTILABEL,
        signature=iteration.id,
        key=f"explorer-{project.id}",
    )
    left_out = int((~judged.evaluated).sum())
    st.caption(
        "Every image is judged by a classifier that did not see it or a near duplicate of it; "
        "the numbers tell how well this way of training does on new pictures like these."
        + (f" {count(left_out, 'image')} could not be judged." if left_out else "")
    )
