"""The webhook of a training: when it ends, a small JSON is posted to the URL given at its start.

    {"event": "training.done", "project": {"id": …, "name": …}, "iteration": {"id": …, "name": …, "number": 2},
     "error": "", "scores": {"precision": 0.9, "recall": 0.8, "f1": 0.85, "average_precision": 0.9}}

The event is `training.done`, `training.failed` or `training.cancelled`; iteration and scores are null where there are
no such values. The worker sends it when it closes a job, its own or one that a dead worker left. No event is sent for a
training that is cancelled while it is queued, or whose project is deleted.

Anybody who can train can set the URL, so only public addresses are allowed, as for images, and redirects are not
followed. There are two tries of a few seconds each. A failure is logged; it does not affect the training.
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
from cvcore.languages import t
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
    """Check the form of a URL to notify; its host is looked up only when an event is sent.

    Raises:
        UrlRefused: it is not the URL of a web address.
    """
    try:
        if len(url) <= URL_LETTERS:
            guard.parsed(url)
            return
    except UrlRefused:
        pass
    raise UrlRefused(
        t("an address to notify must be like https://example.com/trained, got {url!r}: correct it", url=url[:80])
    )


@contextlib.contextmanager
def afterwards(store: Store, job: Job, stop: threading.Event) -> Iterator[None]:
    """Send a job's event after a block that closes the job, unless it was put back. `stop` ends the sending."""
    # Read before the end, because the options of a cancelled training are deleted.
    trained = job.iteration_id if job.kind == "train" else None
    url = store.trainings.options(trained).notify_url if trained else ""
    yield
    if url:
        try:
            event = message(store, job)
            if event is not None:
                _deliver(url, json.dumps(event).encode(), stop, settings.load().fetch_private)
        except TagwiseError as error:
            log.error("no webhook was sent for a training that ended: %s", error)


def message(store: Store, job: Job) -> dict[str, Any] | None:
    """The event for the end of a job; None if it has not ended, or its project was deleted."""
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
    failure = ""
    for attempt in range(TRIES):
        if stop.wait(PAUSE_S if attempt else 0):
            failure = failure or "Tagwise is being shut down"
            break
        failure = _try(target, body, stop, allow_private)
        if not failure:
            return
    # Only the host, because the URL often contains a secret.
    log.warning("%s was not notified that a training ended: %s", target.host, failure)


def _try(target: guard.Target, body: bytes, stop: threading.Event, allow_private: bool) -> str:
    """Post once; returns why it failed, empty if it succeeded."""
    answered: Future[int] = Future()

    def send() -> None:
        try:
            answered.set_result(post(target, body, timeout_s=TRY_S, allow_private=allow_private))
        except Exception as error:
            answered.set_exception(error)

    # In its own thread, which is abandoned when the worker must stop.
    threading.Thread(target=send, daemon=True).start()
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
