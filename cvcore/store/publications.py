"""Rows of publications: the names under which iterations answer."""

from __future__ import annotations

from dataclasses import dataclass

from cvcore.store.database import Connections, now


@dataclass(frozen=True)
class Publication:
    """A name that an iteration answers to; `resource` is what the publisher gave as prediction resource."""

    name: str
    iteration_id: str
    resource: str


class Publications:
    """Every project's publications; a name is given once in a project."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def put(self, project_id: str, publication: Publication) -> None:
        """Give the name to the iteration, whoever had it before."""
        self._db.write(
            "insert or replace into publications values (?, ?, ?, ?, ?)",
            [project_id, publication.name, publication.iteration_id, publication.resource, now()],
        )

    def find(self, project_id: str, name: str) -> Publication | None:
        """Who answers to that name."""
        row = self._db.row(
            "select name, iteration_id, resource from publications where project_id = ? and name = ?",
            [project_id, name],
        )
        return Publication(**row) if row else None

    def of_iteration(self, iteration_id: str) -> list[Publication]:
        """An iteration's names, the newest first."""
        rows = self._db.rows(
            """select name, iteration_id, resource from publications where iteration_id = ?
               order by published_at desc, name""",
            [iteration_id],
        )
        return [Publication(**row) for row in rows]

    def of_project(self, project_id: str) -> list[Publication]:
        """A project's names, in the order of the alphabet."""
        rows = self._db.rows(
            "select name, iteration_id, resource from publications where project_id = ? order by name", [project_id]
        )
        return [Publication(**row) for row in rows]

    def remove_name(self, project_id: str, name: str) -> bool:
        """Take a name from whoever has it in the project; whether anybody had."""
        return bool(self._db.write("delete from publications where project_id = ? and name = ?", [project_id, name]))

    def remove(self, iteration_id: str) -> None:
        """Take all its names from an iteration."""
        self._db.write("delete from publications where iteration_id = ?", [iteration_id])
