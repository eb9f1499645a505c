"""A word to another program when a training has ended: a small JSON, posted to the address that it was started with.

    {"event": "training.done", "project": {"id": …, "name": …}, "iteration": {"id": …, "name": …, "number": 2},
     "error": "", "scores": {"precision": 0.9, "recall": 0.8, "f1": 0.85, "average_precision": 0.9}}

The event is `training.done`, `training.failed` or `training.cancelled`; iteration and scores are null where there are
none. Whoever closes the job of a training that has begun tells it: the worker, or whoever recovers what a dead worker
left. A training that is cancelled while it waits has not begun, and ends before the eyes of who cancels it; one whose
project is deleted has nobody left to ask about it. Neither is told.

The address may come from anybody who may train, so it is met as carefully as a picture's, and redirects are not
followed. It gets two tries of a few seconds. What cannot be told is a line in the log, and the training is what it is.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import Future, wait
from dataclasses import asdict
from typing import Any

from cvcore import settings
from cvcore.errors import NotFound, TagwiseError, UrlRefused
from cvcore.net import guard
from cvcore.net.http import post
from cvcore.records import Job
from cvcore.store import Store

TRIES = 2
TRY_S = 3.5
PAUSE_S = 2.0
POLL_S = 0.1
URL_LETTERS = 2000

log = logging.getLogger("tagwise.notifying")


def check(url: str) -> None:
    """Whether an address has the shape of one; it is looked up only when there is something to tell.

    Raises:
        UrlRefused: it has not.
    """
    try:
        if len(url) <= URL_LETTERS:
            guard.parsed(url)
            return
    except UrlRefused:
        pass
    raise UrlRefused(f"an address to notify must be like https://example.com/trained, got {url[:80]!r}: correct it")


@contextlib.contextmanager
def afterwards(store: Store, job: Job, stop: threading.Event) -> Iterator[None]:
    """A block that brings a job to its end, which is then told to whom it may concern; `stop` breaks that off.

    A job that was put back has not ended.
    """
    # Before the end, for a cancelled training takes its options along.
    url = store.trainings.options(job.iteration_id).notify_url if job.iteration_id else ""
    yield
    if url:
        try:
            told = message(store, job)
            if told is not None:
                _deliver(url, json.dumps(told).encode(), stop, settings.load().fetch_private)
        except TagwiseError as error:
            log.error("the end of a training could not be told: %s", error)


def message(store: Store, job: Job) -> dict[str, Any] | None:
    """What is told of a job's end; None where it has not ended, or its project is gone."""
    try:
        job = store.jobs.get(job.id)
        project = store.projects.get(job.project_id)
    except NotFound:
        return None
    if job.is_active:
        return None
    iteration = None
    if job.iteration_id:
        with contextlib.suppress(NotFound):
            iteration = store.iterations.get(job.iteration_id)
    return {
        "event": f"training.{job.status}",
        "project": {"id": project.id, "name": project.name},
        "iteration": iteration and {"id": iteration.id, "name": iteration.name, "number": iteration.number},
        "error": job.error,
        "scores": asdict(iteration.scores) if iteration and iteration.scores else None,
    }


def _deliver(url: str, body: bytes, stop: threading.Event, allow_private: bool) -> None:
    target = guard.parsed(url)
    why = ""
    for tried in range(TRIES):
        if stop.wait(PAUSE_S if tried else 0):
            why = why or "Tagwise is being shut down"
            break
        why = _why_not(target, body, stop, allow_private)
        if not why:
            return
    # Not the whole address, which often has a secret in it.
    log.warning("%s was not told that a training ended: %s", target.host, why)


def _why_not(target: guard.Target, body: bytes, stop: threading.Event, allow_private: bool) -> str:
    """Why one try failed; empty where it did not."""
    answered: Future[int] = Future()

    def ask() -> None:
        try:
            answered.set_result(post(target, body, timeout_s=TRY_S, allow_private=allow_private))
        except Exception as error:
            answered.set_exception(error)

    # In a thread of its own, to be left behind when the worker is to end.
    threading.Thread(target=ask, daemon=True).start()
    while not wait([answered], POLL_S).done:
        if stop.is_set():
            return "Tagwise is being shut down"
    error = answered.exception()
    if isinstance(error, TimeoutError):
        return f"it did not answer within {TRY_S:g} s"
    if isinstance(error, UrlRefused):
        return "it is in this machine's own network, see TAGWISE_FETCH_PRIVATE"
    if error:
        return f"{error}" or repr(error)
    status = answered.result()
    return "" if 200 <= status < 300 else f"it answered with status {status}"
