"""Run a claimed job to its end, and put back the jobs of a worker that died."""

from __future__ import annotations

import contextlib
import logging
import threading
import time

from cvcore import finetuning
from cvcore.errors import NotFound, TagwiseError
from cvcore.files import blobs
from cvcore.networks.keras_backend import Device
from cvcore.progress import Progress, Stopped, silent
from cvcore.records import Job
from cvcore.store import ATTEMPTS, Store
from cvcore.training import lifecycle, pipeline, webhooks

REPORT_S = 0.25

log = logging.getLogger("tagwise.worker")


def run_job(store: Store, job: Job, stop: threading.Event, watcher: Progress = silent, device: Device = "cpu") -> None:
    """Run one claimed job until it is done, failed with its reason, cancelled, or put back.

    The webhook of a training is called after its end was saved.

    Raises:
        Unavailable: the end cannot be saved, as on a full disk; `recover` puts the job back.
    """
    with webhooks.afterwards(store, job, stop):
        _run(store, job, _progress(store, job, stop, watcher), device)


def recover(store: Store, stop: threading.Event | None = None) -> None:
    """Put the jobs of a dead worker back; a job that died too often is marked as failed. Needs the lock."""
    for job in store.jobs.orphans():
        with webhooks.afterwards(store, job, stop or threading.Event()):
            _put_back(store, job)
    finetuning.sweep(store)
    folders = list((store.home / "iterations").glob("*"))
    # A project that is unpacked places its folders before its rows are visible: this waits until they are.
    with store.transaction():
        known = store.iterations.ids()
    for folder in folders:
        if folder.name not in known:
            blobs.delete(folder)


def _run(store: Store, job: Job, progress: Progress, device: Device) -> None:
    try:
        if job.kind == "train" and job.iteration_id:
            pipeline.run(store, store.iterations.get(job.iteration_id), progress, device)
        else:
            pipeline.embed(store, store.projects.get(job.project_id), progress, device)
    except Stopped:
        _stopped(store, job)
    except TagwiseError as error:
        lifecycle.close(store, job, "failed", str(error))
    except MemoryError:
        lifecycle.close(store, job, "failed", "this machine has not enough memory for so many images and tags")
    except Exception as error:
        log.exception("job %s", job.id)
        lifecycle.close(store, job, "failed", f"something unforeseen went wrong: {error!r}")
    else:
        store.jobs.finish(job.id, "done")


def _put_back(store: Store, job: Job) -> None:
    if job.iteration_id and store.iterations.get(job.iteration_id).status == "Completed":
        store.jobs.finish(job.id, "done")
    elif job.cancel_requested:
        lifecycle.close(store, job, "cancelled")
    elif job.attempts >= ATTEMPTS:
        reason = f"the training process died {job.attempts} times at this; the machine may be short of memory"
        lifecycle.close(store, job, "failed", reason)
    else:
        store.jobs.requeue(job.id, attempts=job.attempts)


def _progress(store: Store, job: Job, stop: threading.Event, watcher: Progress) -> Progress:
    reported_at = 0.0

    def progress(stage: str, fraction: float) -> None:
        nonlocal reported_at
        if stop.is_set():
            raise Stopped
        if job.kind == "embed" and store.jobs.is_training_waiting():
            raise Stopped
        if time.monotonic() - reported_at < REPORT_S and fraction < 1:
            return
        reported_at = time.monotonic()
        watcher(stage, fraction)
        if store.jobs.report(job.id, stage, fraction):
            raise Stopped

    return progress


def _stopped(store: Store, job: Job) -> None:
    # In one transaction, or a project deleted, a training cancelled at this moment would be missed.
    with store.transaction(), contextlib.suppress(NotFound):
        if store.jobs.get(job.id).cancel_requested:
            lifecycle.close(store, job, "cancelled")
        else:
            # A job that was put back did not fail, so this attempt does not count.
            store.jobs.requeue(job.id, attempts=job.attempts - 1)
