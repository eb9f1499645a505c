"""A project's running training, shown to every user: stage, progress, time left, curves, Stop and Cancel."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from cvcore import languages, training
from cvcore.errors import NotFound
from cvcore.files import disks
from cvcore.finetuning.outcome_text import duration
from cvcore.languages import t
from cvcore.records import Job, Project
from cvcore.store import Store
from cvcore.training import stages, supervisor
from cvcore.wording import percent
from pages.parts.classroom import own_place
from pages.parts.next_steps import panel as next_steps_panel
from pages.parts.shell import backend, detail_level, project_choice, step_bar
from pages.parts.shell.text import plain, refusals, scored_at, sentence
from pages.parts.train import tuning_curves, tuning_outcome

POLL_S = 1.0
IDLE_POLL_S = 5.0


def show(store: Store, project: Project) -> None:
    """Show the running training, whoever started it, updated every second; else the result of the last one."""
    job = store.jobs.latest(project.id, "train")
    if job and job.is_active:
        st.fragment(_watch, run_every=POLL_S)(store, job.id)
        return
    st.fragment(_wait, run_every=IDLE_POLL_S)(store, project, job)
    if job is None:
        return
    if job.status == "failed":
        st.error(t("The last training failed. {reason}", reason=plain(sentence(stages.said(job.error)))))
    elif job.status == "cancelled":
        st.caption(t("The last training was cancelled."))
    else:
        _done(store, project, job)


def time_left(job: Job, now: datetime) -> str:
    """The time left of a running job, in words; empty while it cannot be estimated."""
    elapsed_s = (now - job.started_at).total_seconds() if job.started_at else 0
    # Below 0 after the clock was set back.
    if elapsed_s <= 0 or job.progress < 0.1:
        return ""
    left_s = elapsed_s / job.progress * (1 - job.progress)
    return t("about {duration} left", duration=duration(left_s))


def _wait(store: Store, project: Project, seen: Job | None) -> None:
    """Run the page again when somebody else starts a training."""
    if store.jobs.latest(project.id, "train") != seen:
        st.rerun()
    _show_failure()


def _show_failure() -> None:
    """Show an error while the training process cannot start, or waits for room on the disk."""
    home = backend.main_store().home
    with refusals():
        disks.check_room(home)
    if last_line := supervisor.failure(home):
        st.error(
            t(
                "The training process cannot start. Once the cause is fixed, trainings go on within a minute. The "
                "cause: {cause}",
                cause=plain(last_line),
            )
        )


def _watch(store: Store, job_id: int) -> None:
    try:
        job = store.jobs.get(job_id)
    except NotFound:
        st.rerun()
    if not job.is_active:
        st.rerun()
    options = store.trainings.options(job.iteration_id or "")
    epochs = store.trainings.epochs(job.iteration_id or "")
    with st.container(border=True):
        st.header(t("Advanced training") if options.is_advanced else t("Training"), anchor=False)
        if job.status == "queued":
            main = backend.main_store()
            place = own_place.queue_line(main, store, job) if main.classes.is_any() else ""
            ahead = [other for other in store.jobs.active() if other.id != job.id and other.kind == "train"]
            waiting = (
                t("Waiting after the training of another project")
                if ahead
                else t("Waiting for the training process to be ready")
            )
            st.progress(0.0, text=place or waiting)
        else:
            # For Advanced the budget says how much time is left.
            left = "" if options.is_advanced else time_left(job, datetime.now(UTC))
            parts = (stages.said(job.stage), left, tuning_curves.pace(epochs, options.budget_minutes))
            st.progress(min(job.progress, 1.0), text=plain(" · ".join(filter(None, parts))))
        _show_failure()
        if epochs:
            tuning_curves.show(epochs, key=f"curves-{job.id}")
        _buttons(store, job, can_stop=options.is_advanced and bool(epochs))


def _buttons(store: Store, job: Job, *, can_stop: bool) -> None:
    """Show Cancel and, if the training `can_stop`, a button that ends it and keeps the best so far."""
    if job.cancel_requested:
        st.caption(t("Stopping …"))
        return
    is_ending = store.trainings.is_finishing_early(job.iteration_id or "")
    if is_ending:
        st.caption(t("Ending, the best so far is kept …"))
    with st.container(horizontal=True), refusals():
        if can_stop and not is_ending and st.button(t("Stop here and keep the best"), key=f"stop-{job.id}"):
            training.finish_early(store, job)
            st.rerun()
        if st.button(t("Cancel"), key=f"cancel-{job.id}", help=t("Nothing of this training is kept.")):
            training.cancel(store, job)
            st.rerun()


def _done(store: Store, project: Project, job: Job) -> None:
    try:
        iteration = store.iterations.get(job.iteration_id or "")
    except NotFound:
        return
    scores = iteration.scores
    name, took_s = plain(iteration.name), iteration.seconds.get("total", 0)
    took = t("{seconds} s", seconds=languages.decimal(took_s)) if took_s < 10 else duration(took_s)
    scored = t("{iteration} was trained in {duration}.", iteration=name, duration=took)
    if scores:
        numbers = t(
            "precision {precision}, recall {recall}",
            precision=percent(scores.precision),
            recall=percent(scores.recall),
        )
        scored = t(
            "{iteration} was trained in {duration}: {scores}.",
            iteration=name,
            duration=took,
            scores=scored_at(numbers, iteration),
        )
    if outcome := store.trainings.outcome(iteration.id):
        tuning_outcome.show(outcome, first=scored)
    else:
        st.success(scored)
    detail_level.show_note(iteration.note)
    project_choice.next_button("performance.py", t("See its performance"), project)
    next_steps_panel.show(store, iteration)
    step_bar.newest_is_known(project, iteration)
