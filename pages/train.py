"""Train: what will be trained, what is missing, and the progress of the training."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cvcore import training
from cvcore.domains import find as find_domain
from cvcore.errors import NothingChanged
from cvcore.networks import keras_backend
from cvcore.records import TEST_SET
from cvcore.store import UNTAGGED
from cvcore.training.readiness import readiness
from cvcore.wording import count
from pages.parts.projects.project_form import backbone_status
from pages.parts.shell import backend, project_choice
from pages.parts.shell.text import plain, refusals
from pages.parts.train import (
    augmentation_preview,
    evaluation_choice,
    readiness_notes,
    training_choice,
    training_options,
    training_status,
)

store = backend.store()
project = project_choice.heading("Train", store)
domain = find_domain(project.domain_id)
content, way, testing = st.columns(3)
with content.container(border=True, height="stretch"):
    st.subheader("What will be trained")
    summary = st.container()
    tag_ids = training_options.tags(store, project)
with way.container(border=True, height="stretch"):
    st.subheader("How it is trained")
    options = training_choice.show(project)
    st.caption(f"Domain **{plain(domain.name)}**. {plain(domain.purpose)} {plain(backbone_status(store, domain))}")
    if device := keras_backend.saved_device(store.home):
        st.caption(f"Trained on: {plain(device)}.")
with testing.container(border=True, height="stretch"):
    st.subheader("How it is evaluated")
    method = evaluation_choice.show(store, project)
    st.caption(
        "Near duplicates stay together, so that no image is evaluated by a model that was trained on its duplicate."
    )
ready = readiness(store, project, tag_ids, evaluation=method)
job = store.jobs.latest(project.id, "train")
is_running = job is not None and job.is_active


def _start(*, force: bool = False) -> None:
    """Queue a training as chosen on the page; `force` trains even if nothing has changed."""
    with refusals():
        try:
            training.start(store, project, force=force, tag_ids=tag_ids, evaluation=method, options=options)
        except NothingChanged:
            st.session_state["unchanged"] = project.id
        else:
            st.session_state.pop("unchanged", None)
            st.rerun()


with summary:
    untagged = store.images.count(project.id, UNTAGGED)
    tested = "for testing" if method == TEST_SET else "left out because they are for testing"
    trained = len(ready.images) - (ready.test_images if method == TEST_SET else 0)
    st.markdown(
        f"**{count(trained, 'tagged image')}** of **{count(len(ready.tags), 'tag')}**, "
        f"{project.classification_type}."
        + (f" {count(ready.test_images, 'image')} {tested}." if ready.test_images else "")
        + (f" {count(untagged, 'untagged image')} left out." if untagged else "")
    )
    readiness_notes.show(ready)
    if ready.obstacles:
        project_choice.link("images.py", "Add and tag images", project)
# While a training runs, its curves take the place of the images.
if options.is_advanced and not is_running:
    transforms = augmentation_preview.show(store, project, domain, ready.images)
    options = replace(options, transforms=transforms)
options = training_options.show(store, project, options, ready.tags)

if st.button("Train", type="primary", icon=":material/play_arrow:", disabled=bool(ready.obstacles) or is_running):
    _start()
if st.session_state.get("unchanged") == project.id and not is_running:
    st.info(
        "Nothing changed since last training: the same images, tags, domain and way of training and evaluation would "
        "give the same numbers."
    )
    if st.button("Train anyway"):
        _start(force=True)
training_status.show(store, project)
