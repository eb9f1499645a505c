"""Rows of the worker's queue: trainings first, then embeddings, each in the order they were queued."""

from __future__ import annotations

from datetime import datetime

from cvcore.errors import NotFound
from cvcore.records import Job, JobKind
from cvcore.store.database import Connections, Row, moment, now

# A training whose worker has died this often is not tried again.
ATTEMPTS = 3


class Jobs:
    """Jobs that wait, run or have ended."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def add(self, kind: JobKind, project_id: str, iteration_id: str | None = None) -> Job:
        """Queue a job."""
        with self._db.transaction():
            self._db.insert(
                "jobs",
                {"kind": kind, "project_id": project_id, "iteration_id": iteration_id, "created_at": now()},
            )
            return self.get(self._db.value("select last_insert_rowid()"))

    def embed_soon(self, project_id: str) -> None:
        """Queue a job that embeds a project's new images when no training waits, unless one is queued already."""
        with self._db.transaction():
            latest = self.latest(project_id, "embed")
            if latest is None or latest.status != "queued":
                self.add("embed", project_id)

    def get(self, job_id: int) -> Job:
        """The job of that number.

        Raises:
            NotFound: there is none; its project may have been deleted.
        """
        row = self._db.row("select * from jobs where id = ?", [job_id])
        if row is None:
            raise NotFound(f"there is no job {job_id}: its project may have been deleted")
        return _job(row)

    def latest(self, project_id: str, kind: JobKind) -> Job | None:
        """The project's last job of a kind."""
        row = self._db.row(
            "select * from jobs where project_id = ? and kind = ? order by id desc limit 1", [project_id, kind]
        )
        return _job(row) if row else None

    def active(self) -> list[Job]:
        """All jobs that wait or run, in the order of their turns."""
        order = "(status = 'running') desc, (kind = 'train') desc, id"
        rows = self._db.rows(f"select * from jobs where status in ('queued', 'running') order by {order}")
        return [_job(row) for row in rows]

    def claim(self, job_id: int | None = None) -> Job | None:
        """Mark the next waiting job, or this one, as running, for one worker only; None when none waits."""
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
        """Whether a training waits, for which an embedding job should stop."""
        return bool(self._db.value("select exists (select 1 from jobs where status = 'queued' and kind = 'train')"))

    def report(self, job_id: int, stage: str, progress: float) -> bool:
        """Store a job's progress; whether it should stop, as it was cancelled or its project deleted."""
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
        """Ask a running job to stop; take a waiting one out of the queue."""
        with self._db.transaction():
            self._db.write("update jobs set cancel_requested = 1 where id = ? and status = 'running'", [job_id])
            self._db.write(
                "update jobs set status = 'cancelled', finished_at = ? where id = ? and status = 'queued'",
                [now(), job_id],
            )

    def requeue(self, job_id: int, *, attempts: int) -> None:
        """Put a running job back into the queue, with so many attempts counted so far."""
        self._db.write(
            "update jobs set status = 'queued', stage = 'Waiting', progress = 0, attempts = ? where id = ?",
            [attempts, job_id],
        )

    def orphans(self) -> list[Job]:
        """Jobs marked as running; a worker that has just taken the lock knows that they belong to dead workers."""
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
