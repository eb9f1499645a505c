"""Rows that say what came from Azure and what became of it, so that moving in goes on where it was broken off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cvcore.store.database import Connections

Kind = Literal["project", "tag", "image"]


@dataclass(frozen=True)
class Origin:
    """Our id of something of Azure's, or None where it was refused; `note` is what there is to say of it."""

    local_id: str | None
    note: str


class Origins:
    """Every project's origins, by Azure's ids. They outlive the tags and pictures they speak of."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def add(self, project_id: str, kind: Kind, azure_id: str, local_id: str | None, note: str = "") -> None:
        """Remember what became of it; the last word counts."""
        self._db.write(
            """insert into origins (project_id, kind, azure_id, local_id, note) values (?, ?, ?, ?, ?)
               on conflict (project_id, kind, azure_id)
               do update set local_id = excluded.local_id, note = excluded.note""",
            [project_id, kind, azure_id, local_id, note],
        )

    def of_project(self, project_id: str, kind: Kind) -> dict[str, Origin]:
        """What came into a project, by Azure's id."""
        rows = self._db.rows(
            "select azure_id, local_id, note from origins where project_id = ? and kind = ?", [project_id, kind]
        )
        return {row["azure_id"]: Origin(row["local_id"], row["note"]) for row in rows}

    def project_id(self, azure_id: str) -> str | None:
        """The id of the project that an Azure project became, or None."""
        found = self._db.value("select project_id from origins where kind = 'project' and azure_id = ?", [azure_id])
        return None if found is None else str(found)
