"""Asks the worker for an analysis that an iteration lacks, shows how far it is, and says what went wrong."""

from __future__ import annotations

import streamlit as st

from cvcore import analyses
from cvcore.languages import marked, t
from cvcore.records import Iteration, Job, JobKind
from cvcore.store import Store
from cvcore.training import stages
from cvcore.training.analyses import ANALYSES, request
from pages.parts.shell.text import plain, sentence

POLL_S = 1.0

# What is said of each kind when it was stopped, and when it is not there.
STOPPED: dict[JobKind, str] = {
    "learning-curve": marked("The learning curve was stopped."),
    "map": marked("The map was stopped."),
    "next-steps": marked("The list of next steps was stopped."),
    "robustness": marked("The measurement of the robustness was stopped."),
}
MISSING: dict[JobKind, str] = {
    "learning-curve": marked("There is no learning curve. {reason}"),
    "map": marked("There is no map. {reason}"),
    "next-steps": marked("There is no list of next steps. {reason}"),
    "robustness": marked("There is no measurement of the robustness. {reason}"),
}


def show(store: Store, iteration: Iteration, kind: JobKind, *, button: str = "") -> None:
    """Show the way to a result that is not there: call it where `analyses.load` returned None, and nothing after it.

    The analysis is queued when it is looked for the first time or, if it takes long, by a button with that label.

    Raises:
        NotTrained: the iteration is not trained.
    """
    job = store.jobs.latest(iteration.project_id, kind, iteration.id)
    if job is None and not button:
        job = request(store, iteration, kind)
    if job and job.is_active:
        st.fragment(_watch, run_every=POLL_S)(store, job)
        return
    if job and job.status == "done" and analyses.load(store, iteration, ANALYSES[kind].file) is not None:
        st.rerun()  # it was finished since the caller looked
    if job:
        _explain(job)
        button = t("Try again")
    if st.button(button, key=f"{kind}-{iteration.id}", type="secondary" if job else "primary"):
        request(store, iteration, kind)
        st.rerun()


def _explain(job: Job) -> None:
    """Say why there is no result although the job has ended."""
    if job.status == "cancelled":
        st.info(t(STOPPED[job.kind]))
        return
    reason = stages.said(job.error) if job.error else t("Its file is missing, damaged or from an older Tagwise.")
    st.error(t(MISSING[job.kind], reason=plain(sentence(reason))))


def _watch(store: Store, job: Job) -> None:
    now = store.jobs.get(job.id)
    if not now.is_active:
        st.rerun()
    text = t("Waiting for the training process") if now.status == "queued" else stages.said(now.stage)
    st.progress(0.0 if now.status == "queued" else min(now.progress, 1.0), text=text)
    if st.button(t("Stop"), key=f"stop-{job.id}", disabled=now.cancel_requested):
        store.jobs.cancel(job.id)
        st.rerun()
