"""Rows that map another service's ids to ours, so that an interrupted migration continues where it stopped.

The ids are Azure's, or of AWS: a project's ARN, a label, an image's address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cvcore.store.database import Connections

Kind = Literal["project", "tag", "image"]


@dataclass(frozen=True)
class Origin:
    """Our id for one of theirs, or None if the image was refused; `note` says why."""

    local_id: str | None
    note: str


class Origins:
    """The origins of all projects, by the other service's ids; they stay when the tags and images are deleted."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def add(self, project_id: str, kind: Kind, azure_id: str, local_id: str | None, note: str = "") -> None:
        """Store an origin, replacing an earlier one of the same id."""
        self._db.write(
            """insert into origins (project_id, kind, azure_id, local_id, note) values (?, ?, ?, ?, ?)
               on conflict (project_id, kind, azure_id)
               do update set local_id = excluded.local_id, note = excluded.note""",
            [project_id, kind, azure_id, local_id, note],
        )

    def of_project(self, project_id: str, kind: Kind) -> dict[str, Origin]:
        """A project's origins of one kind, by the other service's id."""
        rows = self._db.rows(
            "select azure_id, local_id, note from origins where project_id = ? and kind = ?", [project_id, kind]
        )
        return {row["azure_id"]: Origin(row["local_id"], row["note"]) for row in rows}

    def project_id(self, azure_id: str) -> str | None:
        """The id of our project for one of Azure's or AWS', or None."""
        local_id = self._db.value("select project_id from origins where kind = 'project' and azure_id = ?", [azure_id])
        return None if local_id is None else str(local_id)
