"""The webhook is called once, with the whole event, when a training ends; a failure does not affect the training."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from cvcore import projects, training
from cvcore.errors import UrlRefused
from cvcore.files import blobs
from cvcore.net import guard, http
from cvcore.progress import Progress
from cvcore.records import Evaluation, Job, Project, Scores, TrainingOptions
from cvcore.store import ATTEMPTS, Store
from cvcore.training import job_runner, webhooks, worker

Fill = Callable[..., Project]

SCORES = Scores(0.9, 0.8, 0.85, None)


class Site(ThreadingHTTPServer):
    """A listener on this machine, what it heard, and the statuses that it answers with in turn, the last for good."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Listener)
        self.daemon_threads, self.block_on_close = True, False
        self.heard: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.statuses = [200]
        self.mute_s = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?token=secret"


class Listener(BaseHTTPRequestHandler):
    """Hears a POST."""

    server: Site

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, dict(self.headers), json.loads(body)))
        time.sleep(self.server.mute_s)
        statuses = self.server.statuses
        self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A listener that Tagwise may speak to."""
    monkeypatch.setenv("TAGWISE_FETCH_PRIVATE", "1")
    server = Site()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def project(fill: Fill) -> Project:
    """A project that can be trained."""
    return fill(rose=6, tulip=6)


def begun(store: Store, project: Project, site: Site) -> Job:
    """A training with somebody to notify, in a worker's hands."""
    job = store.jobs.claim(training.start(store, project, options=TrainingOptions(notify_url=site.url)).id)
    assert job is not None
    return job


def done(store: Store, job: Job, stop: threading.Event | None = None) -> None:
    """Bring a training to a good end with scripted numbers."""
    with webhooks.afterwards(store, job, stop or threading.Event()):
        store.iterations.complete(
            job.iteration_id or "",
            backbone="b",
            fingerprint="f",
            evaluation=Evaluation("k-fold", 5, 0),
            scores=SCORES,
            seconds={"total": 1.0},
        )
        store.jobs.finish(job.id, "done")


def on_first_word(action: Callable[[], None]) -> Progress:
    waiting = [action]

    def watch(stage: str, fraction: float) -> None:
        if waiting:
            waiting.pop()()

    return watch


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "tagwise.notifying"]


def test_a_training_that_is_done(store: Store, project: Project, site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """The listener gets one POST of JSON with the project, the iteration and its scores, and nothing is logged."""
    job = begun(store, project, site)
    done(store, job)
    ((path, headers, event),) = site.heard
    assert ("/hook?token=secret", "application/json", "Tagwise") == (
        path,
        headers["Content-Type"],
        headers["User-Agent"],
    )
    assert {
        "event": "training.done",
        "project": {"id": project.id, "name": "Flowers"},
        "iteration": {"id": job.iteration_id, "name": "Iteration 1", "number": 1},
        "error": "",
        "scores": {"precision": 0.9, "recall": 0.8, "f1": 0.85, "average_precision": None},
    } == event
    assert [] == lines(caplog)


def test_a_training_that_fails(store: Store, project: Project, site: Site) -> None:
    """The event has the reason and no scores."""
    job = begun(store, project, site)
    image = store.images.page(project.id, take=1)[0]
    blobs.original_path(store.home, image.sha256).write_bytes(b"damaged")
    job_runner.run_job(store, job, threading.Event())
    ((_, _, event),) = site.heard
    assert ("training.failed", job.iteration_id, None) == (event["event"], event["iteration"]["id"], event["scores"])
    assert store.jobs.get(job.id).error == event["error"] != ""


def test_a_training_that_is_cancelled(store: Store, project: Project, site: Site) -> None:
    """An event is sent for one that was running, though its iteration is deleted with the URL in it."""
    job = begun(store, project, site)
    job_runner.run_job(store, job, threading.Event(), on_first_word(lambda: training.cancel(store, job)))
    ((_, _, event),) = site.heard
    assert ("training.cancelled", None, None) == (event["event"], event["iteration"], event["scores"])


def test_a_training_given_up(store: Store, project: Project, site: Site) -> None:
    """When a worker has died too often, the event says that it failed; before, it is only queued again."""
    job = begun(store, project, site)
    for _ in range(ATTEMPTS - 1):
        job_runner.recover(store)
        assert store.jobs.claim(job.id) is not None
    assert [] == site.heard
    job_runner.recover(store)
    ((_, _, event),) = site.heard
    assert "training.failed" == event["event"]
    assert "the training process died 3 times" in event["error"]


def test_what_has_not_ended_is_not_told(store: Store, fill: Fill, site: Site) -> None:
    """Neither a training put back, nor one cancelled while it waits, nor one whose project is deleted."""
    project = fill("Two batches", rose=20, tulip=20)
    stop, job = threading.Event(), begun(store, project, site)
    job_runner.run_job(store, job, stop, on_first_word(stop.set))
    assert "queued" == store.jobs.get(job.id).status
    training.cancel(store, job)
    job = begun(store, project, site)
    job_runner.run_job(store, job, threading.Event(), on_first_word(lambda: projects.delete(store, project)))
    assert [] == site.heard


def test_one_more_try(
    store: Store, project: Project, site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After one failure the event is sent once more, a little later."""
    monkeypatch.setattr(webhooks, "PAUSE_S", 0.05)
    site.statuses = [503, 204]
    done(store, begun(store, project, site))
    assert 2 == len(site.heard)
    assert [] == lines(caplog)


def test_a_redirect_is_not_followed(
    store: Store, project: Project, site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a failure like any other: one line without the address' secret, and the training is done."""
    monkeypatch.setattr(webhooks, "PAUSE_S", 0.05)
    site.statuses = [307]
    job = begun(store, project, site)
    done(store, job)
    assert ["/hook?token=secret"] * 2 == [path for path, *_ in site.heard]
    assert ["127.0.0.1 was not notified that a training ended: it answered with status 307"] == lines(caplog)
    assert "done" == store.jobs.get(job.id).status


def test_the_own_network_is_out_of_reach(
    store: Store, project: Project, site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless the setting says so nothing of it is spoken to, and the line names the setting."""
    monkeypatch.delenv("TAGWISE_FETCH_PRIVATE")
    monkeypatch.setattr(webhooks, "PAUSE_S", 0.05)
    done(store, begun(store, project, site))
    assert [] == site.heard
    line = "127.0.0.1 was not notified that a training ended: it is in this machine's own network, "
    assert [f"{line}see TAGWISE_FETCH_PRIVATE"] == lines(caplog)


def test_nobody_there(
    store: Store, project: Project, site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closed door is one line, too."""
    monkeypatch.setattr(webhooks, "PAUSE_S", 0.05)
    job = begun(store, project, site)
    site.server_close()
    done(store, job)
    (line,) = lines(caplog)
    assert line.startswith("127.0.0.1 was not notified that a training ended: ")
    assert "refused" in line


def test_one_who_does_not_answer(
    store: Store, project: Project, site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker waits for two tries and a pause at most."""
    monkeypatch.setattr(webhooks, "PAUSE_S", 0.05)
    monkeypatch.setattr(webhooks, "TRY_S", 0.3)
    site.mute_s = 3
    began = time.monotonic()
    done(store, begun(store, project, site))
    assert time.monotonic() - began < 2
    assert ["127.0.0.1 was not notified that a training ended: it did not answer within 0.3 s"] == lines(caplog)


def test_the_wait_is_bounded() -> None:
    """As it ships, all that a silent listener costs is under ten seconds."""
    assert webhooks.TRIES * webhooks.TRY_S + (webhooks.TRIES - 1) * webhooks.PAUSE_S < 10


def test_shutting_down_does_not_wait(
    store: Store, project: Project, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """Told to stop in the middle of a try, a worker leaves it behind."""
    site.mute_s = 3
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    done(store, begun(store, project, site), stop)
    assert time.monotonic() - began < 1.5
    assert ["127.0.0.1 was not notified that a training ended: Tagwise is being shut down"] == lines(caplog)


def test_a_name_is_looked_up_once_and_checked() -> None:
    """The connection goes to the address that was checked; one private address among public ones is one too many."""
    target = guard.parsed("http://sly.test/hook")
    looked_up: list[str] = []

    def resolve(host: str, _: int) -> list[str]:
        looked_up.append(host)
        return ["93.184.215.14", "10.0.0.1"]

    with pytest.raises(UrlRefused):
        http.post(target, b"{}", timeout_s=5, resolve=resolve)
    assert ["sly.test"] == looked_up


@pytest.mark.parametrize(
    "url",
    ["example.com/hook", "ftp://example.com/hook", "http://", "http://me:pw@example.com/", "http://x/" + "y" * 2000],
)
def test_what_is_no_address(store: Store, project: Project, url: str) -> None:
    """It is refused in one sentence when the training is to start, and nothing is queued."""
    with pytest.raises(UrlRefused) as refusal:
        training.start(store, project, options=TrainingOptions(notify_url=url))
    assert (f"an address to notify must be like https://example.com/trained, got {url[:80]!r}: correct it") == str(
        refusal.value
    )
    assert [] == store.jobs.active()


def test_an_address_is_not_looked_up_at_the_start(store: Store, project: Project) -> None:
    """Only the form of a URL is checked at the start; its host is looked up at the end."""
    job = training.start(store, project, options=TrainingOptions(notify_url="https://nobody.invalid/hook"))
    assert "https://nobody.invalid/hook" == store.trainings.options(job.iteration_id or "").notify_url


@pytest.mark.network
def test_a_real_training(store: Store, project: Project, site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """From the start of it to the word of its end."""
    caplog.set_level(logging.WARNING)
    job = training.start(store, project, options=TrainingOptions(notify_url=site.url))
    worker.finish_job(store, job)
    ((_, _, event),) = site.heard
    assert ("training.done", 1) == (event["event"], event["iteration"]["number"])
    assert store.iterations.get(job.iteration_id or "").scores == Scores(**event["scores"])
