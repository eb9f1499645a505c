"""The worker's queue."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cvcore.errors import NotFound
from cvcore.records import Job, Project
from cvcore.store import Store


def test_a_new_job_waits(store: Store, project: Project) -> None:
    """A job is queued for its project, at its beginning and tried by nobody."""
    job = store.jobs.add("embed", project.id)
    assert job == Job(
        id=job.id,
        kind="embed",
        project_id=project.id,
        iteration_id=None,
        status="queued",
        stage="Waiting",
        progress=0.0,
        error="",
        cancel_requested=False,
        attempts=0,
        created_at=job.created_at,
        started_at=None,
        finished_at=None,
    )
    assert store.jobs.get(job.id) == job
    assert job.is_active


def test_an_unknown_job_is_not_found(store: Store) -> None:
    """Asking for a number that is not there says so."""
    with pytest.raises(NotFound) as refusal:
        store.jobs.get(99)
    assert str(refusal.value) == "there is no job 99: its project may have been deleted"


def test_trainings_come_before_embeddings(store: Store, project: Project) -> None:
    """Trainings are claimed first, each kind in the order asked for; then there is nothing."""
    kinds = ["embed", "train", "embed", "train"]
    jobs = [store.jobs.add(kind, project.id) for kind in kinds]
    due = [jobs[1].id, jobs[3].id, jobs[0].id, jobs[2].id]
    assert [job.id for job in store.jobs.active()] == due
    claimed = [store.jobs.claim() for _ in range(5)]
    assert [job and job.id for job in claimed] == [*due, None]


def test_a_claimed_job_runs(store: Store, project: Project) -> None:
    """Claiming starts a job and counts the attempt; it leads the list of what is active."""
    store.jobs.add("train", project.id)
    asked = store.jobs.add("embed", project.id)
    claimed = store.jobs.claim(asked.id)
    assert claimed is not None
    assert (claimed.id, claimed.status, claimed.attempts) == (asked.id, "running", 1)
    assert claimed.started_at is not None
    assert store.jobs.active()[0] == claimed
    assert store.jobs.orphans() == [claimed]


def test_a_job_is_claimed_once(store: Store, project: Project) -> None:
    """One that runs, is done or was never there cannot be claimed by its number."""
    job = store.jobs.add("train", project.id)
    assert store.jobs.claim(job.id) is not None
    assert store.jobs.claim(job.id) is None
    store.jobs.finish(job.id, "done")
    assert store.jobs.claim(job.id) is None
    assert store.jobs.claim(99) is None


def test_each_job_goes_to_one_process(at_once: Callable[..., list[str]], store: Store, project: Project) -> None:
    """Of processes that claim from one queue together each job goes to exactly one."""
    jobs = [store.jobs.add("embed", project.id).id for _ in range(60)]
    script = """
        store = Store(home)
        while job := store.jobs.claim():
            print(job.id)
    """
    claimed = [[int(line) for line in told.split()] for told in at_once(script, store.home, processes=3)]
    assert sorted(number for numbers in claimed for number in numbers) == jobs


def test_progress_is_told_and_a_wish_to_stop_heard(store: Store, project: Project) -> None:
    """A report shows on the job, and answers whether someone cancelled it or its project is gone."""
    job = store.jobs.add("train", project.id)
    store.jobs.claim()
    assert store.jobs.report(job.id, "Fitting", 0.5) is False
    assert (store.jobs.get(job.id).stage, store.jobs.get(job.id).progress) == ("Fitting", 0.5)
    store.jobs.cancel(job.id)
    assert store.jobs.get(job.id).status == "running"
    assert store.jobs.report(job.id, "Fitting", 0.6) is True
    store.projects.delete(project.id)
    assert store.jobs.report(job.id, "Fitting", 0.7) is True


def test_a_waiting_job_is_cancelled_at_once(store: Store, project: Project) -> None:
    """A job that waits leaves the queue when cancelled; one that is closed stays as it is."""
    waiting, done = (store.jobs.add("train", project.id) for _ in range(2))
    store.jobs.finish(done.id, "done")
    for job in (waiting, done):
        store.jobs.cancel(job.id)
    assert store.jobs.get(waiting.id).status == "cancelled"
    assert store.jobs.get(waiting.id).finished_at is not None
    assert store.jobs.get(done.id).status == "done"
    assert store.jobs.claim() is None


def test_a_finished_job_says_how_it_ended(store: Store, project: Project) -> None:
    """A closed job keeps its reason and is no longer active."""
    job = store.jobs.add("train", project.id)
    store.jobs.claim()
    store.jobs.finish(job.id, "failed", "out of memory")
    found = store.jobs.get(job.id)
    assert (found.status, found.error, found.progress, found.is_active) == ("failed", "out of memory", 1.0, False)
    assert found.finished_at is not None
    assert store.jobs.active() == []


def test_a_job_put_back_waits_again(store: Store, project: Project) -> None:
    """It can be claimed once more, from its beginning; attempts add up."""
    job = store.jobs.add("train", project.id)
    store.jobs.claim()
    store.jobs.report(job.id, "Fitting", 0.5)
    store.jobs.requeue(job.id, attempts=1)
    found = store.jobs.get(job.id)
    assert (found.status, found.stage, found.progress) == ("queued", "Waiting", 0.0)
    again = store.jobs.claim()
    assert again is not None
    assert (again.id, again.attempts) == (job.id, 2)


def test_the_last_job_of_a_kind(store: Store, project: Project) -> None:
    """A project's latest job is that of the kind asked for, whatever became of it, or None."""
    assert store.jobs.latest(project.id, "train") is None
    store.jobs.add("train", project.id)
    last = store.jobs.add("train", project.id)
    store.jobs.add("embed", project.id)
    assert store.jobs.latest(project.id, "train") == last


def test_a_waiting_training_is_seen(store: Store, project: Project) -> None:
    """Only a training that waits asks an embedding to make room."""
    store.jobs.add("embed", project.id)
    assert not store.jobs.is_training_waiting()
    job = store.jobs.add("train", project.id)
    assert store.jobs.is_training_waiting()
    store.jobs.claim(job.id)
    assert not store.jobs.is_training_waiting()


def test_a_number_is_never_given_twice(store: Store, project: Project) -> None:
    """The number of a job that went with its project is not another's, or its worker would report on that."""
    gone = store.jobs.add("train", project.id)
    store.projects.delete(project.id)
    other = store.projects.add("trees", description="", classification_type="Multilabel", domain_id="general")
    assert store.jobs.add("train", other.id).id > gone.id
