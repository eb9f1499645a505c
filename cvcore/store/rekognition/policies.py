"""Rows of project policies: which other account may copy a project's versions. They are kept, not enforced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cvcore.store.database import Connections, Row, now


@dataclass(frozen=True)
class Policy:
    """A project's policy: `document` is its JSON as it was given, `revision_id` changes whenever it is stored."""

    project_id: str
    name: str
    revision_id: str
    document: str
    created_at: datetime
    updated_at: datetime


class Policies:
    """The policies of all projects; a name is unique in its project."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def put(self, project_id: str, name: str, revision_id: str, document: str) -> None:
        """Store a policy, or a new revision of it."""
        self._db.write(
            """insert into rekognition_policies values (?, ?, ?, ?, ?, ?)
               on conflict (project_id, name) do update set
                   revision_id = excluded.revision_id, document = excluded.document,
                   updated_at = excluded.updated_at""",
            [project_id, name, revision_id, document, now(), now()],
        )

    def find(self, project_id: str, name: str) -> Policy | None:
        """The project's policy with that name, or None."""
        row = self._db.row("select * from rekognition_policies where project_id = ? and name = ?", [project_id, name])
        return _policy(row) if row else None

    def of_project(self, project_id: str) -> list[Policy]:
        """A project's policies, ordered by name."""
        rows = self._db.rows("select * from rekognition_policies where project_id = ? order by name", [project_id])
        return [_policy(row) for row in rows]

    def delete(self, project_id: str, name: str) -> None:
        """Delete a policy, if the project has one with that name."""
        self._db.write("delete from rekognition_policies where project_id = ? and name = ?", [project_id, name])


def _policy(row: Row) -> Policy:
    times = {name: datetime.fromisoformat(row[name]) for name in ("created_at", "updated_at")}
    return Policy(**{**row, **times})
