"""Every job ends, whichever process dies, and unfinished work is done again or its failure reported."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import filelock
import numpy as np
import pytest
import threadpoolctl

from cvcore import image_facts, projects, training
from cvcore.files import blobs, disks
from cvcore.networks import keras_backend
from cvcore.prediction import history
from cvcore.progress import Progress, silent
from cvcore.projects import trash, uploads
from cvcore.records import Iteration, Job, Project
from cvcore.settings import Limits
from cvcore.store import ATTEMPTS, Store
from cvcore.training import job_runner, steady_clock, worker
from cvcore.training.steps import pipeline

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]
Draw = Callable[[int], bytes]


def claimed(store: Store, job: Job) -> Job:
    running = store.jobs.claim(job.id)
    assert running is not None
    return running


def on_first_word(action: Callable[[], None]) -> Progress:
    """A watcher that acts once, when the job says something for the first time."""
    waiting = [action]

    def watch(stage: str, fraction: float) -> None:
        if waiting:
            waiting.pop()()

    return watch


def tried_clock(store: Store) -> None:
    """Let the clock be one that has run on for two days."""
    steady_clock.look(store.home, datetime.now(UTC) - timedelta(days=2))


def run(store: Store, job: Job, watcher: Progress, stop: threading.Event | None = None) -> None:
    job_runner.run_job(store, claimed(store, job), stop or threading.Event(), watcher)


@pytest.fixture
def project(fill: Fill) -> Project:
    """A project that can be trained."""
    return fill(rose=6, tulip=6)


def test_embeddings_are_computed_in_the_background(store: Store, project: Project) -> None:
    """The job ends as done, and a training will find them all."""
    store.jobs.embed_soon(project.id)
    (job,) = store.jobs.active()
    run(store, job, on_first_word(lambda: None))
    assert ("done", 1.0) == (store.jobs.get(job.id).status, store.jobs.get(job.id).progress)
    (fingerprint,) = {pipeline.prepare(project.domain_id, store.home, silent)[0].fingerprint}
    assert [] == store.embeddings.missing(fingerprint, store.images.digests(project.id))


def test_files_that_were_not_read_are_read_in_the_background(store: Store, project: Project) -> None:
    """A worker that starts, as after an update, queues one job for a project, which reads what is missing."""
    digests = store.images.digests(project.id)
    job_runner.recover(store)
    assert [] == store.jobs.active()
    for sha256 in digests[:2]:
        store.file_facts.delete(sha256)
    for _ in range(2):
        job_runner.recover(store)
    (job,) = store.jobs.active()
    run(store, job, on_first_word(lambda: None))
    assert ("facts", "done") == (store.jobs.get(job.id).kind, store.jobs.get(job.id).status)
    assert {} == image_facts.unread(store)


def test_a_job_does_not_fight_for_the_cores(store: Store, project: Project) -> None:
    """From its first step to its last, numpy's own threads do not run, which would wait busily for each other."""
    threads: list[int] = []

    def watch(stage: str, fraction: float) -> None:
        threads.extend(pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas")

    run(store, training.start(store, project), watch)
    assert {1} == set(threads)


def test_embeddings_step_aside_for_a_training(store: Store, project: Project) -> None:
    """A training that waits comes first; the embeddings wait behind it, and no attempt of theirs is counted."""
    store.jobs.embed_soon(project.id)
    (job,) = store.jobs.active()
    training.start(store, project)
    run(store, job, on_first_word(lambda: None))
    assert [("train", "queued"), ("embed", "queued")] == [
        (queued.kind, queued.status) for queued in store.jobs.active()
    ]
    assert 0 == store.jobs.get(job.id).attempts


def test_cancelling_a_running_training(store: Store, project: Project) -> None:
    """It stops at its next progress and leaves no iteration, nor the images that only it held."""
    job = training.start(store, project)
    gone = store.images.page(project.id, take=1)[0]
    uploads.delete(store, [gone.id])
    run(store, job, on_first_word(lambda: training.cancel(store, store.jobs.get(job.id))))
    assert "cancelled" == store.jobs.get(job.id).status
    assert [] == store.iterations.of_project(project.id)
    assert not blobs.original_path(store.home, gone.sha256).exists()


def test_told_to_stop_a_worker_puts_its_job_back(store: Store, fill: Fill) -> None:
    """It waits as if it had never begun."""
    project = fill("Two batches", rose=20, tulip=20)
    job, stop = training.start(store, project), threading.Event()
    run(store, job, on_first_word(stop.set), stop)
    put_back = store.jobs.get(job.id)
    assert ("queued", 0, "Waiting", 0.0) == (put_back.status, put_back.attempts, put_back.stage, put_back.progress)
    assert "Training" == store.iterations.of_project(project.id)[0].status


def test_what_is_cancelled_is_not_put_back(store: Store, project: Project) -> None:
    """Cancelled while the worker is stopping, a training has ended."""
    job, stop = training.start(store, project), threading.Event()

    def cancel_and_stop() -> None:
        training.cancel(store, store.jobs.get(job.id))
        stop.set()

    run(store, job, on_first_word(cancel_and_stop), stop)
    assert "cancelled" == store.jobs.get(job.id).status
    assert [] == store.iterations.of_project(project.id)


def test_a_project_deleted_under_a_training(store: Store, project: Project) -> None:
    """The job ends without a word, and nothing of the project comes back."""
    job = training.start(store, project)
    run(store, job, on_first_word(lambda: projects.delete(store, project)))
    assert [] == [*store.projects.all(), *store.jobs.active(), *store.iterations.ids()]
    assert [] == list((store.home / "iterations").glob("*"))


def test_a_broken_picture_fails_a_training(store: Store, project: Project) -> None:
    """The job and the iteration say which image it was."""
    job = training.start(store, project)
    image = store.images.page(project.id, take=1)[0]
    blobs.original_path(store.home, image.sha256).write_bytes(b"damaged")
    run(store, job, on_first_word(lambda: None))
    failed = store.jobs.get(job.id)
    iteration = store.iterations.get(job.iteration_id or "")
    assert ("failed", "Failed", failed.error) == (failed.status, iteration.status, iteration.error)
    assert f"these are missing or damaged: {image.name!r}; delete them and train again" in failed.error
    uploads.delete(store, [image.id])
    assert "queued" == training.start(store, project).status


def test_recovery_puts_back_what_a_dead_worker_did(store: Store, project: Project) -> None:
    """The attempt counts, and after the third the job is failed with its reason."""
    job = training.start(store, project)
    for attempt in range(1, ATTEMPTS):
        claimed(store, job)
        job_runner.recover(store)
        assert ("queued", attempt) == (store.jobs.get(job.id).status, store.jobs.get(job.id).attempts)
    claimed(store, job)
    job_runner.recover(store)
    failed = store.jobs.get(job.id)
    reason = "the training process died 3 times at this; the machine may have too little memory"
    assert ("failed", reason) == (failed.status, failed.error)
    iteration = store.iterations.get(job.iteration_id or "")
    assert ("Failed", reason) == (iteration.status, iteration.error)


def test_recovery_of_what_was_cancelled(store: Store, project: Project) -> None:
    """It is not begun again."""
    job = training.start(store, project)
    training.cancel(store, claimed(store, job))
    job_runner.recover(store)
    assert "cancelled" == store.jobs.get(job.id).status
    assert [] == store.iterations.of_project(project.id)


def test_recovery_of_what_was_finished(store: Store, project: Project, trained: Trained) -> None:
    """Killed between its last two words, a training is done: its numbers stay, and it is not run again."""
    iteration = trained(project)
    job = store.jobs.latest(project.id, "train")
    assert job is not None
    store.jobs.requeue(job.id, attempts=0)
    claimed(store, job)
    job_runner.recover(store)
    assert "done" == store.jobs.get(job.id).status
    assert [iteration] == store.iterations.of_project(project.id)


def test_recovery_clears_what_no_iteration_owns(store: Store, project: Project, trained: Trained) -> None:
    """Folders half written long ago, and those of deleted projects, go; an iteration's own and what is written stay."""
    kept = blobs.iteration_folder(store.home, trained(project).id)
    written, left = kept.with_name(".written.1-a"), kept.with_name(".left.2-b")
    for folder in (kept.with_name("of a deleted project"), written, left):
        folder.mkdir()
    long_ago = time.time() - blobs.ABANDONED_S - 1
    os.utime(left, (long_ago, long_ago))
    job_runner.recover(store)
    assert {kept, written} == set(kept.parent.iterdir())


def test_an_interrupted_training_is_found(store: Store, project: Project) -> None:
    """What no worker is at is put back and named; what one is at, or what never was, is not."""
    assert worker.interrupted(store, project) is None
    job = training.start(store, project)
    claimed(store, job)
    with worker.worker_lock(store.home):
        assert worker.interrupted(store, project) is None
    found = worker.interrupted(store, project)
    assert found is not None
    assert (job.id, "queued") == (found.id, found.status)


def test_old_predictions_go_while_a_worker_waits(
    store: Store, project: Project, trained: Trained, drawn_image: Draw
) -> None:
    """Nobody needs to ask for it: a worker that has nothing to do lets go of them, files too."""
    kept = history.predict_and_keep(store, trained(project), drawn_image(50), application="", limits=Limits())
    store._connections.write("update predictions set created_at = '2020-01-01T00:00:00+00:00'")
    tried_clock(store)
    stop = threading.Event()
    thread = threading.Thread(target=worker.work, args=(store, stop, "cpu"))
    thread.start()
    until(lambda: store.predictions.count(project.id) == 0)
    stop.set()
    thread.join()
    assert not blobs.original_path(store.home, kept.sha256).exists()


def test_the_trash_is_emptied_while_a_worker_waits(store: Store, project: Project) -> None:
    """What has been in the trash for a day goes for good, files too; what was deleted since stays."""
    old, new = store.images.page(project.id, take=2)
    trash.delete_images(store, project, [old.id])
    store._connections.write("update deleted_images set deleted_at = '2020-01-01T00:00:00+00:00'")
    restored = trash.delete_images(store, project, [new.id])
    tried_clock(store)
    stop = threading.Event()
    thread = threading.Thread(target=worker.work, args=(store, stop, "cpu"))
    thread.start()
    until(lambda: not blobs.original_path(store.home, old.sha256).exists())
    stop.set()
    thread.join()
    assert "1 image restored." == restored.undo()
    assert blobs.original_path(store.home, new.sha256).exists()


def test_the_trash_outlives_a_clock_set_forward(store: Store, project: Project) -> None:
    """What was deleted an hour before the clock jumped by a year stays, also when the app starts after the jump."""
    (image,) = store.images.page(project.id, take=1)
    trash.delete_images(store, project, [image.id])
    before = datetime.now(UTC) - timedelta(days=365)
    store._connections.write(f"update deleted_images set deleted_at = '{before.isoformat()}'")
    for hour in (-48, -24, 1):
        steady_clock.look(store.home, before + timedelta(hours=hour))
    # What the worker does next after emptying the trash.
    half = store.home / "thumbnails" / ".half.77-0123abcd"
    half.write_bytes(b"x")
    os.utime(half, (0, 0))
    stop = threading.Event()
    thread = threading.Thread(target=worker.work, args=(store, stop, "cpu"))
    thread.start()
    until(lambda: not half.exists())
    stop.set()
    thread.join()
    assert [image.id] == [image_id for image_id, _ in store.images.trashed(project.id)]
    assert blobs.original_path(store.home, image.sha256).exists()


def test_the_disk_gets_back_what_nobody_needs(store: Store, project: Project) -> None:
    """A worker that has nothing to do deletes what a killed process had half written, and shrinks the database."""
    half = store.home / "thumbnails" / ".half.77-0123abcd"
    half.write_bytes(b"x")
    os.utime(half, (0, 0))
    digests = [f"{number:064x}" for number in range(4000)]
    with store.transaction():
        store.embeddings.put("f", {digest: np.zeros(1000, np.float32) for digest in digests})
    database = store.home / "tagwise.db"
    with store.transaction():
        for digest in digests:
            store.embeddings.delete(digest)
    large_bytes = database.stat().st_size
    stop = threading.Event()
    thread = threading.Thread(target=worker.work, args=(store, stop, "cpu"))
    thread.start()
    until(lambda: not half.exists() and database.stat().st_size < large_bytes // 2)
    stop.set()
    thread.join()


def test_waiting_for_another_worker(store: Store, project: Project) -> None:
    """While a worker is at it, whoever waits sees its progress and gets the job as it ended."""
    job = training.start(store, project)
    seen: list[tuple[str, float]] = []

    def end(stage: str, fraction: float) -> None:
        seen.append((stage, fraction))
        training.close(store, job, "failed", "no reason")

    with worker.worker_lock(store.home):
        claimed(store, job)
        store.jobs.report(job.id, "Fitting", 0.5)
        ended = worker.finish_job(store, job, end)
    assert [("Fitting", 0.5)] == seen
    assert ("failed", "no reason") == (ended.status, ended.error)


def test_without_a_worker_the_process_is_one(store: Store, project: Project) -> None:
    """A training that waits, with nobody to do it, is done by whoever waits for it; then the lock is free."""
    stages: list[str] = []
    ended = worker.finish_job(store, training.start(store, project), lambda stage, fraction: stages.append(stage))
    assert ("done", 1) == (ended.status, ended.attempts)
    assert "Completed" == store.iterations.get(ended.iteration_id or "").status
    assert "Starting TensorFlow" not in stages
    with worker.worker_lock(store.home).acquire(timeout=0):
        pass


@pytest.mark.skipif(keras_backend.gpu_present(), reason="on a GPU Keras embeds and fits")
def test_quick_training_loads_no_network_library(store: Store, project: Project) -> None:
    """From the queue to an answer for a new image, a CPU needs neither Keras nor TensorFlow."""
    job = training.start(store, project)
    script = _QUICK.format(home=str(store.home), job=job.id)
    root = Path(worker.__file__).parents[2]
    completed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, cwd=root)
    assert ["done", "2", "[]"] == completed.stdout.split(), completed.stderr


_QUICK = """
import sys
from pathlib import Path
from cvcore import prediction
from cvcore.files import blobs, disks
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training import worker

store = Store(Path({home!r}))
job = worker.finish_job(store, store.jobs.get({job}))
iteration = store.iterations.get(job.iteration_id)
data = blobs.read(blobs.original_path(store.home, store.iterations.images(iteration.id)[0].sha256))
print(job.status, len(prediction.predict(store, iteration, data, limits=Limits())))
print(sorted({{"keras", "tensorflow", "torch", "jax"}} & set(sys.modules)))
"""


class SlowPicture:
    """A stored image whose bytes come when the test gives them: whoever reads it stands still in the middle."""

    def __init__(self, path: Path) -> None:
        self._path, self._data = path, path.read_bytes()
        path.unlink()
        os.mkfifo(path)

    def give(self) -> None:
        """Let the one who stands there go on."""
        with os.fdopen(os.open(self._path, os.O_WRONLY), "wb") as pipe:
            pipe.write(self._data)

    def restore(self) -> None:
        """Make it an ordinary file again."""
        self._path.unlink()
        self._path.write_bytes(self._data)


@pytest.fixture
def slow_picture(store: Store, project: Project) -> SlowPicture:
    """One image of the project, made slow."""
    return SlowPicture(blobs.original_path(store.home, store.images.page(project.id, take=1)[0].sha256))


@pytest.fixture
def spawn(store: Store) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts workers of the home, which are gone when the test ends."""
    with ExitStack() as stack:

        def start() -> subprocess.Popen[bytes]:
            process = stack.enter_context(worker.spawn(store.home))
            stack.callback(process.kill)
            return process

        yield start


def until(is_so: Callable[[], bool], patience_s: float = 60) -> None:
    deadline = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_workers_die_and_the_training_is_done(
    store: Store, project: Project, slow_picture: SlowPicture, spawn: Callable[[], subprocess.Popen[bytes]]
) -> None:
    """Of two workers one waits; when the other is killed in the middle it takes over, and requeues the job at a stop.

    Whoever comes then finishes it, on a project that is whole.
    """
    job = training.start(store, project)
    first = spawn()
    until(lambda: store.jobs.get(job.id).stage.startswith("Computing embeddings"))
    second = spawn()
    with pytest.raises(filelock.Timeout):
        worker.worker_lock(store.home).acquire(timeout=0)
    first.kill()
    first.wait()
    until(lambda: store.jobs.get(job.id).attempts == 2 and store.jobs.get(job.id).stage.startswith("Computing"))
    second.send_signal(signal.SIGTERM)
    slow_picture.give()
    assert 0 == second.wait(30)
    assert ("queued", 1) == (store.jobs.get(job.id).status, store.jobs.get(job.id).attempts)
    slow_picture.restore()
    ended = worker.finish_job(store, job)
    assert ("done", 2) == (ended.status, ended.attempts)
    iteration = store.iterations.get(job.iteration_id or "")
    assert ("Completed", 12) == (iteration.status, iteration.image_count)
    assert 12 == store.images.count(project.id)


def test_a_worker_goes_when_it_is_dismissed(store: Store) -> None:
    """Whatever it is at, its own imports too, the patience of whoever waits has an end."""
    process, started = worker.spawn(store.home), time.monotonic()
    worker.stop(process)
    assert process.returncode is not None
    assert time.monotonic() - started < worker.PATIENCE_S + 2


@pytest.mark.skipif(not hasattr(os, "nice"), reason="this system has no nice")
def test_the_pages_have_the_processor_first(store: Store) -> None:
    """While a worker trains, whoever clicks does not wait for it."""
    process = worker.spawn(store.home)
    try:
        wanted = min(os.getpriority(os.PRIO_PROCESS, 0) + worker.NICE, 19)
        deadline = time.monotonic() + 30
        while os.getpriority(os.PRIO_PROCESS, process.pid) != wanted:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        worker.stop(process)


def test_a_full_disk(on_small_disk: Callable[[str, str], list[str]]) -> None:
    """Where only the result does not fit, the training fails with its reason and leaves no file behind.

    Where not even that can be written, it stays as it is, and is taken up again once there is room.
    """
    assert [
        f"failed {disks.HOME_FULL}",
        f"Failed {disks.HOME_FULL}",
        "[]",
        f"StorageFull {disks.HOME_FULL}",
        "running",
        "done",
    ] == on_small_disk("size=8m,nr_inodes=200", _FULL_DISK)


_FULL_DISK = """
import io, threading
import numpy as np
from PIL import Image
from cvcore import projects, training
from cvcore.projects import tagging, uploads
from cvcore.training import job_runner, steady_clock, worker
from cvcore.training.steps import pipeline
from cvcore.settings import Limits
from cvcore.store import Store

store = Store(disk / "home")
project = projects.create(store, "Flowers", domain="Built-in")
for number in range(10):
    (tag,) = tagging.ensure(store, project, ["rose" if number % 2 else "tulip"], limits=Limits())
    noise = np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    image = io.BytesIO()
    Image.fromarray(noise).resize((48, 48), Image.Resampling.NEAREST).save(image, "PNG")
    uploads.add(store, project, f"{number}.png", image.getvalue(), tag_ids=[tag.id], limits=Limits())

def train(watcher):
    job = store.jobs.claim(training.start(store, project).id)
    job_runner.run_job(store, job, threading.Event(), watcher)
    return store.jobs.get(job.id)

def no_more_files(stage, fraction):
    with contextlib.suppress(OSError):
        for number in range(1000):
            (disk / f"filler {number}").touch()

# The network is there before the disk is full.
pipeline.prepare(project.domain_id, store.home / "backbones", lambda stage, fraction: None)
before = files()
job = train(no_more_files)
for filler in disk.glob("filler *"):
    filler.unlink()
print(job.status, job.error)
(iteration,) = store.iterations.of_project(project.id)
print(iteration.status, iteration.error)
print([file for file in files() if file not in before])

with refusals():
    train(lambda stage, fraction: fill())
job = store.jobs.latest(project.id, "train")
print(job.status)
(disk / "filler").unlink()
print(worker.finish_job(store, job).status)
"""


def test_whoever_waits_is_told_that_the_disk_is_full(on_small_disk: Callable[[str, str], list[str]]) -> None:
    """While another process has the job and the disk is full, waiting ends with a sentence, and the job stays."""
    assert [f"StorageFull {disks.HOME_FULL}", "queued"] == on_small_disk(
        "size=2m",
        """
from cvcore.store import Store
from cvcore.training import worker
store = Store(disk / "home")
project = store.projects.add("a", description="", classification_type="Multilabel", domain_id="general")
job = store.jobs.add("embed", project.id)
with worker.worker_lock(store.home):
    fill()
    with refusals():
        worker.finish_job(store, job)
(disk / "filler").unlink()
print(store.jobs.get(job.id).status)
""",
    )
