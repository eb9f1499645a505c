"""A project's training as it goes on, for everyone who looks: stage, progress, time left, Cancel."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from cvcore import training
from cvcore.errors import NotFound
from cvcore.records import Job, Project
from cvcore.store import Store
from pages.parts import choice
from pages.parts.text import percent, plain, refusals, sentence

POLL_S = 1.0
IDLE_POLL_S = 5.0


def show(store: Store, project: Project, *, link_when_done: bool = True) -> None:
    """The running training, asked after once a second, whoever started it; else what became of the last one."""
    job = store.jobs.latest(project.id, "train")
    if job and job.is_active:
        st.fragment(_watch, run_every=POLL_S)(store, job.id)
        return
    st.fragment(_wait, run_every=IDLE_POLL_S)(store, project, job)
    if job is None:
        return
    if job.status == "failed":
        st.error(f"The last training failed. {plain(sentence(job.error))}")
    elif job.status == "cancelled":
        st.caption("The last training was cancelled.")
    elif link_when_done:
        _done(store, project, job)


def time_left(job: Job, now: datetime) -> str:
    """How long a running job will take from now, in words, once that can be said."""
    if job.started_at is None or job.progress < 0.1:
        return ""
    elapsed_s = (now - job.started_at).total_seconds()
    left_s = elapsed_s / job.progress * (1 - job.progress)
    return f"about {left_s:.0f} s left" if left_s < 90 else f"about {left_s / 60:.0f} min left"


def _wait(store: Store, project: Project, seen: Job | None) -> None:
    """Run the page again when somebody else starts a training."""
    if store.jobs.latest(project.id, "train") != seen:
        st.rerun()


def _watch(store: Store, job_id: int) -> None:
    try:
        job = store.jobs.get(job_id)
    except NotFound:
        st.rerun()
    if not job.is_active:
        st.rerun()
    with st.container(border=True):
        st.subheader("Training")
        ahead = [other for other in store.jobs.active() if other.id != job.id and other.kind == "train"]
        if job.status == "queued":
            waiting = "after the training of another project" if ahead else "for the training process to be ready"
            st.progress(0.0, text=f"Waiting {waiting}")
        else:
            left = time_left(job, datetime.now(UTC))
            st.progress(min(job.progress, 1.0), text=plain(" · ".join(filter(None, (job.stage, left)))))
        if job.cancel_requested:
            st.caption("Stopping …")
        elif st.button("Cancel", key=f"cancel-{job.id}"):
            with refusals():
                training.cancel(store, job)
                st.rerun()


def _done(store: Store, project: Project, job: Job) -> None:
    try:
        iteration = store.iterations.get(job.iteration_id or "")
    except NotFound:
        return
    scores = iteration.scores
    told = f": precision {percent(scores.precision)}, recall {percent(scores.recall)}" if scores else ""
    st.success(f"{plain(iteration.name)} was trained in {iteration.seconds.get('total', 0):.1f} s{told}.")
    if iteration.note:
        st.warning(plain(iteration.note))
    choice.link("performance.py", "See its performance", project)
