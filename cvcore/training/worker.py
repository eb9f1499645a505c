"""The worker, the process that trains: `python -m cvcore.training.worker`, started by the web app (`supervisor`).

Where no worker runs, a command is the worker for its own job, in its own process (`finish_job`). Without a GPU,
TensorFlow is imported only by what needs it: an Advanced training, or a network that is prepared. A lock in the home
folder ensures that there is only one worker: when it takes the lock, every job that is marked as running was left by a
dead one.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import filelock

from cvcore import settings
from cvcore.classroom import judging
from cvcore.domains import DEFAULT
from cvcore.errors import HomeUnusable, TagwiseError, Unavailable
from cvcore.files import blobs, disks, leftovers, staging
from cvcore.networks import arrays, keras_backend
from cvcore.networks.keras_backend import Device
from cvcore.prediction import history
from cvcore.progress import Progress, Stopped, silent
from cvcore.projects import trash
from cvcore.records import Job, Project
from cvcore.store import Store
from cvcore.store.jobs import worker_lock
from cvcore.training import job_runner, steady_clock
from cvcore.training.steps import preparation
from cvcore.training.turns import Turns

POLL_S = 0.3
PATIENCE_S = 5
PAUSE_S = 10
PURGE_S = 3600
# How often iterations of pupils are looked for that were not tested yet, and how long that may go on while a training
# waits: without it, test images would never be embedded in a busy class.
JUDGE_EVERY_S = 2.0
JUDGE_S = 5.0
# A third of the pages' share of a busy processor, see sched(7); on an idle one it makes no difference.
NICE = 5

log = logging.getLogger("tagwise.worker")


def spawn(home: Path, *, stderr: int | None = None) -> subprocess.Popen[bytes]:
    """Start a worker for a home folder; it ends by itself when the pipe to its standard input closes.

    The pipe also closes when this process is killed, on every system.
    """
    environ = settings.environ_of_programs() | {"TAGWISE_HOME": str(home)}
    return subprocess.Popen(
        [sys.executable, "-m", "cvcore.training.worker"], stdin=subprocess.PIPE, stderr=stderr, env=environ
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a worker: its running job goes back into the queue."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def is_running(home: Path) -> bool:
    """Whether a process works for the home folder now: a worker, or a command that is one."""
    with staging.if_free(worker_lock(home)) as is_free:
        return not is_free


def work(store: Store, stop: threading.Event, device: Device) -> None:
    """Run jobs as they are queued until `stop` is set, also the pupils'; if the disk is full, try again later.

    A pupil whose database turns out to be damaged is left out: the others must not wait for them.
    """
    turns = Turns(store)
    while not stop.is_set():
        try:
            for each in turns.stores():
                job_runner.recover(each, stop)
            _do_jobs(turns, stop, device)
        except Unavailable as error:
            log.error("%s", error)
            if not (isinstance(error, HomeUnusable) and turns.leave_out_damaged()):
                stop.wait(PAUSE_S)


def interrupted(store: Store, project: Project) -> Job | None:
    """Put the training of a project whose worker died back into the queue, and return its job.

    None if a worker is running or no training is queued.
    """
    with staging.if_free(worker_lock(store.home)) as is_free:
        if not is_free:
            return None
        job_runner.recover(store)
    job = store.jobs.latest(project.id, "train")
    return job if job and job.status == "queued" else None


def finish_job(store: Store, job: Job, progress: Progress = silent) -> Job:
    """Wait until a job has ended: watch the worker of another process or, if none runs, be the worker.

    Raises:
        StorageFull: the disk is full, so that the worker waits; the job goes on once there is room.
        Unavailable: as `job_runner.run_job`.
    """
    while (job := store.jobs.get(job.id)).is_active:
        with staging.if_free(worker_lock(store.home)) as is_free:
            if is_free:
                device = keras_backend.device(lambda stage: progress(stage, 0.0))
                keras_backend.save_device(store.home, device)
                job_runner.recover(store)
                if claimed := store.jobs.claim(job.id):
                    job_runner.run_job(store, claimed, threading.Event(), progress, device)
        if not is_free:
            disks.check_room(store.home)
            progress(job.stage, job.progress)
            time.sleep(POLL_S)
    return job


def main() -> None:
    """Work for `TAGWISE_HOME` until the parent process ends or a signal arrives; the pages have the processor first."""
    if hasattr(os, "nice"):
        os.nice(NICE)
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    # Ctrl-C in a terminal reaches all processes of the group; the parent decides when the worker ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch_parent, args=(stop,), daemon=True).start()
    store = Store(settings.load().home)
    with _only_worker(store.home, stop):
        if not stop.is_set():
            device = keras_backend.device()
            keras_backend.save_device(store.home, device)
            # Whoever names no domain gets this one, and may train within seconds.
            preparation.begin(DEFAULT.backbone, DEFAULT.side, blobs.backbones_folder(store.home))
            work(store, stop, device)


@contextlib.contextmanager
def _only_worker(home: Path, stop: threading.Event) -> Iterator[None]:
    lock = worker_lock(home)
    while not stop.is_set():
        try:
            lock.acquire(timeout=POLL_S)
            break
        except filelock.Timeout:
            continue
    try:
        yield
    finally:
        lock.release()


def _do_jobs(turns: Turns, stop: threading.Event, device: Device) -> None:
    purge_at = judge_at = time.monotonic()
    while not stop.is_set():
        if time.monotonic() >= purge_at:
            purge_at += PURGE_S
            now = steady_clock.look(turns.store.home)
            for each in turns.stores():
                _purge(each, now, is_main=each is turns.store)
            with contextlib.suppress(OSError):  # an hour later again
                leftovers.sweep(turns.store.home)
        if time.monotonic() >= judge_at:
            _judge(turns, stop, device)
            judge_at = time.monotonic() + JUDGE_EVERY_S
        if claimed := turns.next_job():
            store, job = claimed
            job_runner.run_job(store, job, stop, device=device, is_training_waiting=turns.is_training_waiting)
        else:
            stop.wait(POLL_S)


def _judge(turns: Turns, stop: threading.Event, device: Device) -> None:
    """Test pupils' newest iterations on the test sets of their classes; on an error again later."""
    started = time.monotonic()

    def progress(_stage: str, _fraction: float) -> None:
        if stop.is_set() or (time.monotonic() - started > JUDGE_S and turns.is_training_waiting()):
            raise Stopped

    with contextlib.suppress(Stopped), arrays.one_thread():
        try:
            judging.judge(turns.store, turns.opened, progress, device)
        except TagwiseError as error:
            log.error("iterations of a class could not be tested: %s", error)


def _purge(store: Store, now: datetime, *, is_main: bool) -> None:
    """Delete predictions older than 30 days, and what is in the trash for a day; on an error again an hour later.

    What a pupil deletes is kept for the teacher to bring back, until their class ends. The disk gets back what the
    database no longer needs.
    """
    for purge, noun in ((history.purge, "old predictions"), (trash.empty, "deleted images"))[: 1 + is_main]:
        try:
            purge(store, now)
        except OSError as error:
            log.error("%s could not be deleted: %s", noun, error)
    try:
        store.reclaim()
    except TagwiseError as error:
        log.error("the database could not be made smaller: %s", error)


def _watch_parent(stop: threading.Event) -> None:
    # Not sys.stdin: Python aborts at exit if a thread still reads from it.
    while os.read(0, 1):
        pass
    stop.set()
    # A download or an import can block the job for minutes, and so keep the lock.
    time.sleep(PATIENCE_S)
    os._exit(1)


if __name__ == "__main__":
    main()
