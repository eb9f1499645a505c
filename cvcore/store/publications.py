"""Rows of publications: the names under which iterations predict."""

from __future__ import annotations

from dataclasses import dataclass

from cvcore.store.database import Connections, now


@dataclass(frozen=True)
class Publication:
    """A published name of an iteration; `resource` is the prediction resource that was given with it."""

    name: str
    iteration_id: str
    resource: str


class Publications:
    """The publications of all projects; a name is unique in its project."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def put(self, project_id: str, publication: Publication) -> None:
        """Publish the iteration under the name; another iteration with that name loses it."""
        self._db.write(
            "insert or replace into publications values (?, ?, ?, ?, ?)",
            [project_id, publication.name, publication.iteration_id, publication.resource, now()],
        )

    def find(self, project_id: str, name: str) -> Publication | None:
        """The publication with that name, or None."""
        row = self._db.row(
            "select name, iteration_id, resource from publications where project_id = ? and name = ?",
            [project_id, name],
        )
        return Publication(**row) if row else None

    def of_iteration(self, iteration_id: str) -> list[Publication]:
        """An iteration's publications, the newest first."""
        rows = self._db.rows(
            """select name, iteration_id, resource from publications where iteration_id = ?
               order by published_at desc, name""",
            [iteration_id],
        )
        return [Publication(**row) for row in rows]

    def of_project(self, project_id: str) -> list[Publication]:
        """A project's publications, ordered by name."""
        rows = self._db.rows(
            "select name, iteration_id, resource from publications where project_id = ? order by name", [project_id]
        )
        return [Publication(**row) for row in rows]

    def remove_name(self, project_id: str, name: str) -> bool:
        """Unpublish a name; returns whether it was published."""
        return bool(self._db.write("delete from publications where project_id = ? and name = ?", [project_id, name]))

    def remove(self, iteration_id: str) -> None:
        """Unpublish all names of an iteration."""
        self._db.write("delete from publications where iteration_id = ?", [iteration_id])
