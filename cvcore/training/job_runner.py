"""Runs a claimed job to its end, and puts the jobs of a worker that died back into the queue."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from cvcore import finetuning, image_facts
from cvcore.errors import NotFound, TagwiseError
from cvcore.files import blobs
from cvcore.languages import t
from cvcore.networks import arrays
from cvcore.networks.keras_backend import Device
from cvcore.progress import Progress, Stopped, silent
from cvcore.records import Job, JobKind
from cvcore.store import ATTEMPTS, Store
from cvcore.training import analyses, lifecycle, webhooks
from cvcore.training.steps import pipeline

REPORT_S = 0.25

Run = Callable[[Store, Job, Progress, Device], None]

log = logging.getLogger("tagwise.worker")


def run_job(
    store: Store,
    job: Job,
    stop: threading.Event,
    watcher: Progress = silent,
    device: Device = "cpu",
    *,
    is_training_waiting: Callable[[], bool] | None = None,
) -> None:
    """Run one claimed job until it is done, failed with its reason, cancelled, or put back into the queue.

    The webhook of a training is called after its end was saved. Every other job is put back while
    `is_training_waiting`, by default while a training is queued in the same home folder.

    Raises:
        Unavailable: the end cannot be saved, for example on a full disk; `recover` puts the job back.
    """
    # Near duplicates and evaluation have products too.
    with arrays.one_thread(), webhooks.afterwards(store, job, stop):
        must_stop = _must_stop(job, stop, is_training_waiting or store.jobs.is_training_waiting)
        _run(store, job, _progress(store, job, must_stop, watcher), device)


def recover(store: Store, stop: threading.Event | None = None) -> None:
    """Put a dead worker's jobs back into the queue, and delete files that no row in the database knows.

    A job whose worker has died too often is marked as failed. Deleted are: folders of unknown iterations, unless
    another process is writing them; checkpoints of trainings that will not resume; fine-tuned networks that no
    iteration uses. Images of whose files something is not known yet, as after an update, are queued to be read. Only
    the process that holds the worker's lock can call this.
    """
    for job in store.jobs.orphans():
        with webhooks.afterwards(store, job, stop or threading.Event()):
            _put_back(store, job)
    finetuning.sweep(store)
    for project_id in image_facts.unread(store):
        store.jobs.read_files_soon(project_id)
    folders = list((store.home / "iterations").glob("*"))
    # A project that is unpacked places its folders before its rows are visible: this waits until they are.
    with store.transaction():
        known = store.iterations.ids()
    for folder in folders:
        if folder.name not in known and not blobs.is_being_written(folder):
            blobs.delete(folder)


def _run(store: Store, job: Job, progress: Progress, device: Device) -> None:
    try:
        if run := RUNS.get(job.kind):
            run(store, job, progress, device)
    except Stopped:
        _stopped(store, job)
    except TagwiseError as error:
        lifecycle.close(store, job, "failed", str(error))
    except MemoryError:
        lifecycle.close(
            store,
            job,
            "failed",
            t(
                "training needs more memory than this machine has: train with fewer images or tags, or on a larger "
                "machine"
            ),
        )
    except Exception as error:
        log.exception("job %s", job.id)
        reason = t("an unexpected error: {error}; details are in the server's log", error=repr(error))
        lifecycle.close(store, job, "failed", reason)
    else:
        store.jobs.finish(job.id, "done")


def _train(store: Store, job: Job, progress: Progress, device: Device) -> None:
    if job.iteration_id:
        pipeline.run(store, store.iterations.get(job.iteration_id), progress, device)
        # Trainings of others run first.
        analyses.request(store, store.iterations.get(job.iteration_id), "next-steps")


def _embed(store: Store, job: Job, progress: Progress, device: Device) -> None:
    pipeline.embed(store, store.projects.get(job.project_id), progress, device)


def _read_files(store: Store, job: Job, progress: Progress, _device: Device) -> None:
    image_facts.fill(store, image_facts.unread(store).get(job.project_id, []), progress)


# What the worker does for each kind of job; one of a newer Tagwise's kinds is done at once.
RUNS: Mapping[JobKind, Run] = MappingProxyType(
    {"train": _train, "embed": _embed, "facts": _read_files, **dict.fromkeys(analyses.ANALYSES, analyses.run)}
)


def _put_back(store: Store, job: Job) -> None:
    if job.kind == "train" and job.iteration_id and store.iterations.get(job.iteration_id).status == "Completed":
        store.jobs.finish(job.id, "done")
    elif job.cancel_requested:
        lifecycle.close(store, job, "cancelled")
    elif job.attempts >= ATTEMPTS:
        reason = t(
            "the training process died {times} times at this; the machine may have too little memory",
            times=job.attempts,
        )
        lifecycle.close(store, job, "failed", reason)
    else:
        store.jobs.requeue(job.id, attempts=job.attempts)


def _must_stop(job: Job, stop: threading.Event, is_training_waiting: Callable[[], bool]) -> Callable[[], bool]:
    return lambda: stop.is_set() or (job.kind != "train" and is_training_waiting())


def _progress(store: Store, job: Job, must_stop: Callable[[], bool], watcher: Progress) -> Progress:
    reported_at = 0.0

    def progress(stage: str, fraction: float) -> None:
        nonlocal reported_at
        if must_stop():
            raise Stopped
        if time.monotonic() - reported_at < REPORT_S and fraction < 1:
            return
        reported_at = time.monotonic()
        watcher(stage, fraction)
        if store.jobs.report(job.id, stage, fraction):
            raise Stopped

    return progress


def _stopped(store: Store, job: Job) -> None:
    # In one transaction, so that a project deleted or a training cancelled at this moment is not missed.
    with store.transaction(), contextlib.suppress(NotFound):
        if store.jobs.get(job.id).cancel_requested:
            lifecycle.close(store, job, "cancelled")
        else:
            # A job that was put back did not fail, so this attempt does not count.
            store.jobs.requeue(job.id, attempts=job.attempts - 1)
