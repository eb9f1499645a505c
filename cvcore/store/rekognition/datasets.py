"""Rows of datasets: a project's images for training and for testing, as Rekognition describes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cvcore.store.database import Connections, Row, now
from cvcore.store.rekognition.arns import Purpose

DatasetStatus = Literal[
    "CREATE_IN_PROGRESS",
    "CREATE_COMPLETE",
    "CREATE_FAILED",
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
]
StatusCode = Literal["SUCCESS", "SERVICE_ERROR", "CLIENT_ERROR"]


@dataclass(frozen=True)
class DatasetRow:
    """A dataset; `work` is what is still to be done before its pending lines can be read, empty if nothing is."""

    project_id: str
    purpose: Purpose
    arn: str
    status: DatasetStatus
    message: str
    code: StatusCode
    work: str
    created_at: datetime
    updated_at: datetime

    @property
    def is_in_progress(self) -> bool:
        """Whether it is being created or updated."""
        return self.status.endswith("IN_PROGRESS")


class Datasets:
    """The datasets of all projects, and the lines that are still to be read into them."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def add(
        self, project_id: str, purpose: Purpose, arn: str, *, status: DatasetStatus, message: str, work: str = ""
    ) -> DatasetRow:
        """Add a dataset, whose ARN is stored already."""
        row: Row = {"project_id": project_id, "purpose": purpose, "arn": arn, "status": status, "message": message}
        row |= {"code": "SUCCESS", "work": work, "created_at": now(), "updated_at": now()}
        self._db.insert("rekognition_datasets", row)
        return _dataset(row)

    def find(self, project_id: str, purpose: Purpose) -> DatasetRow | None:
        """One of a project's datasets, or None if it has none."""
        row = self._db.row(
            "select * from rekognition_datasets where project_id = ? and purpose = ?", [project_id, purpose]
        )
        return _dataset(row) if row else None

    def in_progress(self) -> list[DatasetRow]:
        """The datasets of all projects that are being created or updated, those that waited longest first."""
        rows = self._db.rows("select * from rekognition_datasets where status like '%IN_PROGRESS' order by updated_at")
        return [_dataset(row) for row in rows]

    def set_status(
        self, dataset: DatasetRow, status: DatasetStatus, message: str, *, code: StatusCode = "SUCCESS", work: str = ""
    ) -> None:
        """Store a dataset's status and what is still to be done; the time of its last change becomes now."""
        self._db.write(
            """update rekognition_datasets set status = ?, message = ?, code = ?, work = ?, updated_at = ?
               where project_id = ? and purpose = ?""",
            [status, message, code, work, now(), dataset.project_id, dataset.purpose],
        )

    def add_pending(self, dataset: DatasetRow, lines: Iterable[str]) -> None:
        """Add lines that are to be read into a dataset, after those that it has."""
        with self._db.transaction():
            self._db.connection.executemany(
                "insert into rekognition_pending_lines (project_id, purpose, line) values (?, ?, ?)",
                ((dataset.project_id, dataset.purpose, line) for line in lines),
            )

    def pending(self, dataset: DatasetRow, take: int, *, after: int = 0) -> list[tuple[int, str]]:
        """Lines that are still to be read, each with its id, from the first with an id above `after`."""
        rows = self._db.rows(
            """select id, line from rekognition_pending_lines where project_id = ? and purpose = ? and id > ?
               order by id limit ?""",
            [dataset.project_id, dataset.purpose, after, take],
        )
        return [(row["id"], row["line"]) for row in rows]

    def settle(self, line_id: int) -> bool:
        """Delete a pending line, which has been read; returns whether it was still there."""
        return bool(self._db.write("delete from rekognition_pending_lines where id = ?", [line_id]))

    def drop_pending(self, dataset: DatasetRow) -> None:
        """Delete all pending lines of a dataset."""
        self._db.write(
            "delete from rekognition_pending_lines where project_id = ? and purpose = ?",
            [dataset.project_id, dataset.purpose],
        )


def _dataset(row: Row) -> DatasetRow:
    times = {name: datetime.fromisoformat(row[name]) for name in ("created_at", "updated_at")}
    return DatasetRow(**{**row, **times})
