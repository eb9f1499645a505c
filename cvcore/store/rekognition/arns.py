"""Rows of ARNs: Amazon's names for a project, its two datasets and its versions; and the tags of ARNs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cvcore.store.database import Connections, Row, marks

ArnKind = Literal["project", "dataset", "version"]
Purpose = Literal["TRAIN", "TEST"]


@dataclass(frozen=True)
class ArnRow:
    """An ARN and what it names: `created_ms`, the number at its end, is unique for its kind."""

    arn: str
    kind: ArnKind
    created_ms: int
    project_id: str
    iteration_id: str | None = None
    purpose: Purpose | None = None


class Arns:
    """The ARNs of all projects; one is deleted with what it names, and its tags with it."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def add(self, row: ArnRow) -> None:
        """Store an ARN; its number must be free, see `free_ms`."""
        self._db.insert("rekognition_arns", dict(vars(row)))

    def free_ms(self, kind: ArnKind, created_ms: int) -> int:
        """The smallest number from this one on that no ARN of that kind has."""
        taken = "select 1 from rekognition_arns where kind = ? and created_ms = ?"
        while self._db.value(taken, [kind, created_ms]):
            created_ms += 1
        return created_ms

    def find(self, kind: ArnKind, created_ms: int) -> ArnRow | None:
        """The ARN of that kind with that number, or None."""
        return self._one("kind = ? and created_ms = ?", kind, created_ms)

    def of_project(self, project_id: str) -> ArnRow | None:
        """A project's ARN, or None if it has none yet."""
        return self._one("kind = 'project' and project_id = ?", project_id)

    def of_dataset(self, project_id: str, purpose: Purpose) -> ArnRow | None:
        """The ARN of one of a project's datasets, or None if it has none."""
        return self._one("kind = 'dataset' and project_id = ? and purpose = ?", project_id, purpose)

    def of_iteration(self, iteration_id: str) -> ArnRow | None:
        """The ARN of an iteration, which is a version of its project, or None if it has none yet."""
        return self._one("iteration_id = ?", iteration_id)

    def delete(self, arn: str) -> None:
        """Delete an ARN and all rows that refer to it."""
        self._db.write("delete from rekognition_arns where arn = ?", [arn])

    def tags(self, arn: str) -> dict[str, str]:
        """An ARN's tags, by key."""
        rows = self._db.rows("select key, value from rekognition_tags where arn = ? order by key", [arn])
        return {row["key"]: row["value"] for row in rows}

    def put_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags to an ARN; a key that it has gets the new value."""
        with self._db.transaction():
            for key, value in tags.items():
                self._db.write("insert or replace into rekognition_tags values (?, ?, ?)", [arn, key, value])

    def remove_tags(self, arn: str, keys: list[str]) -> None:
        """Remove the tags with those keys from an ARN; keys that it has not are ignored."""
        self._db.write(f"delete from rekognition_tags where arn = ? and key in ({marks(keys)})", [arn, *keys])

    def _one(self, condition: str, *parameters: str | int) -> ArnRow | None:
        row: Row | None = self._db.row(f"select * from rekognition_arns where {condition}", parameters)
        return ArnRow(**row) if row else None
