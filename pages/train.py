"""Train: what will be trained, what is missing, and the progress of the training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import streamlit as st

from cvcore import training
from cvcore.domains import find as find_domain
from cvcore.errors import InTraining, NothingChanged
from cvcore.languages import said_again, t, tn
from cvcore.networks import keras_backend
from cvcore.records import K_FOLD, TEST_SET
from cvcore.store import UNTAGGED
from cvcore.training import next_step
from cvcore.training.readiness import readiness
from pages.parts.projects.project_form import TYPE_NAMES, backbone_status
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
    st.header(t("What is trained"), anchor=False)
    summary = st.container()
    tag_ids = training_options.tags(store, project, running.tag_ids if running else None) if is_full else []
with way.container(border=True, height="stretch"):
    st.header(t("How it is trained"), anchor=False, help=t(help_marks.HELP["Advanced"]))
    options = training_choice.show(project, running.options if running else None)
    if is_full:
        options = embedding_choice.show(project, domain, options, running.options if running else None)
        named = t("Domain **{domain}**.", domain=plain(domain.name))
        st.caption(f"{named} {plain(t(domain.purpose))} {plain(backbone_status(store, domain))}")
        if device := keras_backend.saved_device(backend.main_store().home):
            st.caption(t("Trained on: {device}.", device=plain(said_again(device, keras_backend.CPU_TITLES))))
method = K_FOLD
for column in more:
    with column.container(border=True, height="stretch"):
        st.header(t("How it is evaluated"), anchor=False, help=t(help_marks.HELP["k-fold cross-validation"]))
        method = evaluation_choice.show(store, project, running.method if running else None)
        st.caption(t("Near duplicates stay together: no model is evaluated on a duplicate of what it was trained on."))
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


def _summary(trained: int, untagged: int) -> Iterator[str]:
    """How many images are trained on, and how many are left out, in sentences."""
    images = tn(trained, "**{n} tagged image**", "**{n} tagged images**")
    tags = tn(len(ready.tags), "**{n} tag**", "**{n} tags**")
    if is_full:
        kind = t(TYPE_NAMES[project.classification_type])
        yield t("{images} of {tags}, {classification_type}.", images=images, tags=tags, classification_type=kind)
    else:
        yield t("{images} of {tags}.", images=images, tags=tags)
    if ready.test_images and method == TEST_SET:
        yield tn(ready.test_images, "{n} image for testing.", "{n} images for testing.")
    elif ready.test_images:
        yield tn(
            ready.test_images,
            "{n} image left out because it is for testing.",
            "{n} images left out because they are for testing.",
        )
    if untagged:
        yield tn(untagged, "{n} untagged image left out.", "{n} untagged images left out.")


with summary:
    untagged = store.images.count(project.id, UNTAGGED)
    trained = len(ready.images) - (ready.test_images if method == TEST_SET else 0)
    st.markdown(" ".join(_summary(trained, untagged)))
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
        t("Train"),
        type="primary" if next_step.progress(store, project).next_step("train") == "train" else "secondary",
        icon=":material/play_arrow:",
        disabled=bool(ready.obstacles) or running is not None,
        # Without it another type is another button, and a press on a page from before the change would be lost.
        key="train",
    )
    if is_pressed:
        _start()
    if st.session_state.get("unchanged") == project.id and not running:
        st.info(t("Nothing changed since the last training: the numbers would be the same."))
        if st.button(t("Train anyway")):
            _start(force=True)
    training_status.show(store, project)
