"""Train: what will be trained, what is missing, and the progress of the training."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cvcore import training
from cvcore.domains import find as find_domain
from cvcore.errors import InTraining, NothingChanged
from cvcore.networks import keras_backend
from cvcore.records import K_FOLD, TEST_SET
from cvcore.store import UNTAGGED
from cvcore.training import next_step
from cvcore.training.readiness import readiness
from cvcore.wording import count
from pages.parts.projects.project_form import backbone_status
from pages.parts.shell import backend, detail_level, help_marks, project_choice
from pages.parts.shell.text import plain, refusals
from pages.parts.train import (
    augmentation_preview,
    embedding_choice,
    evaluation_choice,
    group_choice,
    readiness_notes,
    running_settings,
    training_choice,
    training_options,
    training_status,
)

store = backend.store()
project = project_choice.heading("Train", store)
is_full = detail_level.is_full()
domain = find_domain(project.domain_id)
job = store.jobs.latest(project.id, "train")
# While a training runs, the page shows its settings, locked.
running = running_settings.find(store, job)

content, way, *more = st.columns([1, 1, 1] if is_full else [1, 1])
with content.container(border=True, height="stretch"):
    st.header("What is trained", anchor=False)
    summary = st.container()
    tag_ids = training_options.tags(store, project, running.tag_ids if running else None) if is_full else []
with way.container(border=True, height="stretch"):
    st.header("How it is trained", anchor=False, help=help_marks.HELP["Advanced"])
    options = training_choice.show(project, running.options if running else None)
    if is_full:
        options = embedding_choice.show(project, domain, options, running.options if running else None)
        st.caption(f"Domain **{plain(domain.name)}**. {plain(domain.purpose)} {plain(backbone_status(store, domain))}")
        if device := keras_backend.saved_device(backend.main_store().home):
            st.caption(f"Trained on: {plain(device)}.")
method = K_FOLD
for column in more:
    with column.container(border=True, height="stretch"):
        st.header("How it is evaluated", anchor=False, help=help_marks.HELP["k-fold cross-validation"])
        method = evaluation_choice.show(store, project, running.method if running else None)
        st.caption("Near duplicates stay together: no model is evaluated on a duplicate of what it was trained on.")
go = st.container()
ready = readiness(store, project, tag_ids, evaluation=method)
with more[0] if more else way:
    options = group_choice.show(store, project, ready, options, running.options if running else None)


def _start(*, force: bool = False) -> None:
    """Queue a training as chosen on the page; `force` trains even if nothing has changed."""
    with refusals():
        try:
            training.start(store, project, force=force, tag_ids=tag_ids, evaluation=method, options=options)
        except NothingChanged:
            st.session_state["unchanged"] = project.id
            return
        except InTraining:
            # A double click, or another window was faster: the page shows that training.
            pass
        st.session_state.pop("unchanged", None)
        st.rerun()


with summary:
    untagged = store.images.count(project.id, UNTAGGED)
    tested = "for testing" if method == TEST_SET else "left out because they are for testing"
    trained = len(ready.images) - (ready.test_images if method == TEST_SET else 0)
    st.markdown(
        f"**{count(trained, 'tagged image')}** of **{count(len(ready.tags), 'tag')}**"
        + (f", {project.classification_type}." if is_full else ".")
        + (f" {count(ready.test_images, 'image')} {tested}." if ready.test_images else "")
        + (f" {count(untagged, 'untagged image')} left out." if untagged else "")
    )
    readiness_notes.show(ready)
if is_full and running:
    training_options.show_running(store, project, running.options)
elif is_full:
    if options.is_advanced:
        transforms = augmentation_preview.show(store, project, domain, ready.images)
        options = replace(options, transforms=transforms)
    options = training_options.show(store, project, options, ready.tags)
with go, st.container(key="go"):
    is_pressed = st.button(
        "Train",
        type="primary" if next_step.progress(store, project).next_step("train") == "train" else "secondary",
        icon=":material/play_arrow:",
        disabled=bool(ready.obstacles) or running is not None,
    )
    if is_pressed:
        _start()
    if st.session_state.get("unchanged") == project.id and not running:
        st.info("Nothing changed since the last training: the numbers would be the same.")
        if st.button("Train anyway"):
            _start(force=True)
    training_status.show(store, project)
