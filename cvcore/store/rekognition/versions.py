"""Rows of versions: iterations as Rekognition's clients started, run and describe them."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from cvcore.store.database import Connections, Row, now
from cvcore.store.rekognition import copies

VersionState = Literal["STOPPED", "STARTING", "RUNNING", "STOPPING"]


@dataclass(frozen=True)
class Version:
    """An iteration as a version of its project; empty texts are what was not given.

    `state` says whether it may predict, `source_arn` of which version it is a copy. `details` is what else is to be
    told or still to be done, as JSON: data given by manifests, output files that are written, and the like.
    """

    iteration_id: str
    arn: str
    name: str
    description: str = ""
    output_bucket: str = ""
    output_prefix: str = ""
    state: VersionState = "STOPPED"
    min_units: int | None = None
    max_units: int | None = None
    source_arn: str = ""
    kms_key_id: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None


class Versions:
    """The versions of all projects; an iteration that no client has seen has none."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def put(self, version: Version) -> None:
        """Store a version, replacing the one of the same iteration; its ARN is stored already."""
        created_at = version.created_at.isoformat() if version.created_at else now()
        row = dataclasses.asdict(version) | {"details": json.dumps(version.details), "created_at": created_at}
        with self._db.transaction():
            self._db.write("delete from rekognition_versions where iteration_id = ?", [version.iteration_id])
            self._db.insert("rekognition_versions", row)

    def copy_iteration(self, iteration_id: str, project_id: str) -> str:
        """Copy a trained iteration into a project; returns the copy's id. See `copies`."""
        return copies.copy_iteration(self._db, iteration_id, project_id)

    def find(self, iteration_id: str) -> Version | None:
        """The version that an iteration is, or None."""
        row = self._db.row("select * from rekognition_versions where iteration_id = ?", [iteration_id])
        return _version(row) if row else None

    def of_project(self, project_id: str) -> list[Version]:
        """A project's versions, the newest first."""
        rows = self._db.rows(
            """select rekognition_versions.* from rekognition_versions
               join iterations on iterations.id = iteration_id where project_id = ?
               order by iterations.number desc""",
            [project_id],
        )
        return [_version(row) for row in rows]

    def all(self) -> list[Version]:
        """The versions of all projects, the oldest first."""
        return [_version(row) for row in self._db.rows("select * from rekognition_versions order by created_at")]


def _version(row: Row) -> Version:
    read = {"details": json.loads(row["details"]), "created_at": datetime.fromisoformat(row["created_at"])}
    return Version(**{**row, **read})
