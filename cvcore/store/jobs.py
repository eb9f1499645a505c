"""Rows of the worker's queue: trainings first, then embeddings, both in the order in which they were queued."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import filelock

from cvcore.errors import NotFound
from cvcore.languages import t
from cvcore.records import Job, JobKind
from cvcore.store.database import Connections, Row, moment, now

# A training whose worker has died this many times is not tried again.
ATTEMPTS = 3


def worker_lock(home: Path) -> filelock.BaseFileLock:
    """The lock that the home folder's one worker holds."""
    return filelock.FileLock(home / "worker.lock")


class Jobs:
    """The jobs of all projects: queued, running and ended."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def add(self, kind: JobKind, project_id: str, iteration_id: str | None = None) -> Job:
        """Queue a job; the worker claims it with `claim`, or `tagwise train` does so in its own process."""
        with self._db.transaction():
            self._db.insert(
                "jobs",
                {"kind": kind, "project_id": project_id, "iteration_id": iteration_id, "created_at": now()},
            )
            return self.get(self._db.value("select last_insert_rowid()"))

    def embed_soon(self, project_id: str) -> None:
        """Queue a job that embeds a project's new images, unless one is queued already; trainings run first."""
        self._soon("embed", project_id)

    def read_files_soon(self, project_id: str) -> None:
        """Queue a job that reads what is not known yet of a project's image files, unless one is queued already."""
        self._soon("facts", project_id)

    def _soon(self, kind: JobKind, project_id: str) -> None:
        with self._db.transaction():
            latest = self.latest(project_id, kind)
            if latest is None or latest.status != "queued":
                self.add(kind, project_id)

    def get(self, job_id: int) -> Job:
        """The job with that id.

        Raises:
            NotFound: there is no such job; its project may have been deleted.
        """
        row = self._db.row("select * from jobs where id = ?", [job_id])
        if row is None:
            raise NotFound(t("there is no job {job_id}: its project may have been deleted", job_id=job_id))
        return _job(row)

    def latest(self, project_id: str, kind: JobKind, iteration_id: str | None = None) -> Job | None:
        """The last job of a kind of a project, or of one of its iterations."""
        row = self._db.row(
            """select * from jobs where project_id = :project and kind = :kind
               and (:iteration is null or iteration_id = :iteration) order by id desc limit 1""",
            {"project": project_id, "kind": kind, "iteration": iteration_id},
        )
        return _job(row) if row else None

    def active(self) -> list[Job]:
        """All queued and running jobs: the running ones first, then in the order in which they will run."""
        order = "(status = 'running') desc, (kind = 'train') desc, id"
        rows = self._db.rows(f"select * from jobs where status in ('queued', 'running') order by {order}")
        return [_job(row) for row in rows]

    def last_training(self) -> datetime | None:
        """When the last training of the home folder was started; None if none was."""
        return moment(self._db.value("select max(started_at) from jobs where kind = 'train'"))

    def claim(self, job_id: int | None = None) -> Job | None:
        """Mark the next queued job, or the one with that id, as running; None if it is not queued.

        Only one worker gets a job.
        """
        # The worker asks every home folder of a class so, three times a second: a look locks nobody out.
        if not self._db.value("select exists (select 1 from jobs where status = 'queued')"):
            return None
        with self._db.transaction():
            row = self._db.row(
                """update jobs set status = 'running', started_at = :now, attempts = attempts + 1
                   where id = (select id from jobs where status = 'queued' and (:job is null or id = :job)
                               order by (kind = 'train') desc, id limit 1)
                   returning *""",
                {"now": now(), "job": job_id},
            )
        return _job(row) if row else None

    def is_training_waiting(self) -> bool:
        """Whether a training is queued, so that a running embedding job should stop."""
        return bool(self._db.value("select exists (select 1 from jobs where status = 'queued' and kind = 'train')"))

    def report(self, job_id: int, stage: str, progress: float) -> bool:
        """Store a job's progress; returns whether it should stop, because it was cancelled or its project deleted."""
        with self._db.transaction():
            row = self._db.row(
                "update jobs set stage = ?, progress = ? where id = ? returning cancel_requested",
                [stage, progress, job_id],
            )
        return row is None or bool(row["cancel_requested"])

    def finish(self, job_id: int, status: str, error: str = "") -> None:
        """End a job as done, failed or cancelled."""
        self._db.write(
            "update jobs set status = ?, error = ?, progress = 1, finished_at = ? where id = ?",
            [status, error, now(), job_id],
        )

    def cancel(self, job_id: int) -> None:
        """Ask a running job to stop, or take a queued one out of the queue."""
        with self._db.transaction():
            self._db.write("update jobs set cancel_requested = 1 where id = ? and status = 'running'", [job_id])
            self._db.write(
                "update jobs set status = 'cancelled', finished_at = ? where id = ? and status = 'queued'",
                [now(), job_id],
            )

    def requeue(self, job_id: int, *, attempts: int) -> None:
        """Put a running job back into the queue and set its number of attempts."""
        self._db.write(
            "update jobs set status = 'queued', stage = 'Waiting', progress = 0, attempts = ? where id = ?",
            [attempts, job_id],
        )

    def orphans(self) -> list[Job]:
        """All jobs marked as running; for a worker that has just got the lock, these are jobs of dead workers."""
        return [_job(row) for row in self._db.rows("select * from jobs where status = 'running' order by id")]


def _job(row: Row) -> Job:
    return Job(
        id=row["id"],
        kind=row["kind"],
        project_id=row["project_id"],
        iteration_id=row["iteration_id"],
        status=row["status"],
        stage=row["stage"],
        progress=row["progress"],
        error=row["error"],
        cancel_requested=bool(row["cancel_requested"]),
        attempts=row["attempts"],
        created_at=datetime.fromisoformat(row["created_at"]),
        started_at=moment(row["started_at"]),
        finished_at=moment(row["finished_at"]),
    )
