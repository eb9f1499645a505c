"""Rows of projects."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime

from cvcore.errors import ProjectNotFound
from cvcore.languages import t
from cvcore.records import ClassificationType, Project, ProjectSettings
from cvcore.store.database import Connections, Row, new_id, now, unique_name

_SELECT = """
    select projects.*, (select settings from project_settings where project_id = projects.id) as settings from projects
"""


class Projects:
    """All projects of the home folder."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def add(
        self,
        name: str,
        *,
        description: str,
        classification_type: ClassificationType,
        domain_id: str,
        settings: ProjectSettings | None = None,
    ) -> Project:
        """Add a project.

        Raises:
            NameTaken: another project has that name.
        """
        row = {
            "id": new_id(),
            "name": name,
            "description": description,
            "classification_type": classification_type,
            "domain_id": domain_id,
            "created_at": now(),
            "modified_at": now(),
        }
        with self._db.transaction():
            with unique_name("project", name):
                self._db.insert("projects", row)
            self._put_settings(str(row["id"]), settings or ProjectSettings())
        return self.get(str(row["id"]))

    def get(self, project_id: str) -> Project:
        """The project with that id.

        Raises:
            NotFound: there is no such project.
        """
        row = self._db.row(f"{_SELECT} where id = ?", [project_id])
        if row is None:
            raise ProjectNotFound(
                t("there is no project {project_id!r}: it may have been deleted", project_id=project_id[:80])
            )
        return _project(row)

    def find(self, name_or_id: str) -> Project | None:
        """The project with that id or, if there is no such id, with that name, or None."""
        row = self._db.row(f"{_SELECT} where ? in (id, name) order by id = ? desc", [name_or_id] * 2)
        return _project(row) if row else None

    def all(self) -> list[Project]:
        """All projects, the last changed first."""
        return [_project(row) for row in self._db.rows(f"{_SELECT} order by modified_at desc, id")]

    def update(self, project: Project) -> None:
        """Store a project's changed name, description, classification type, domain and settings.

        Raises:
            NameTaken: another project has that name.
            NotFound: the project was deleted.
        """
        values = [project.name, project.description, project.classification_type, project.domain_id, now(), project.id]
        with self._db.transaction():
            with unique_name("project", project.name):
                touched = self._db.write(
                    """update projects set name = ?, description = ?, classification_type = ?, domain_id = ?,
                       modified_at = ? where id = ?""",
                    values,
                )
            if not touched:
                self.get(project.id)
            self._put_settings(project.id, project.settings)

    def touch(self, project_id: str) -> None:
        """Set the time of the project's last change to now."""
        self._db.write("update projects set modified_at = ? where id = ?", [now(), project_id])

    def backdate(self, project_id: str, created_at: datetime) -> None:
        """Set the time at which a project was made, of one that was brought back."""
        self._db.write("update projects set created_at = ? where id = ?", [created_at.isoformat(), project_id])

    def delete(self, project_id: str) -> list[str]:
        """Delete the project and all its rows; returns the SHA-256 of all its images."""
        contents = """select sha256 from images where project_id = :project union
                      select sha256 from predictions where project_id = :project union
                      select sha256 from deleted_predictions where project_id = :project"""
        with self._db.transaction():
            held = [row["sha256"] for row in self._db.rows(contents, {"project": project_id})]
            # Iterations refer to images without cascade, so they are deleted first.
            self._db.write("delete from iterations where project_id = ?", [project_id])
            self._db.write("delete from projects where id = ?", [project_id])
        return held

    def _put_settings(self, project_id: str, settings: ProjectSettings) -> None:
        self._db.write("delete from project_settings where project_id = ?", [project_id])
        if settings != ProjectSettings():
            self._db.insert("project_settings", {"project_id": project_id, "settings": _written(settings)})


def _project(row: Row) -> Project:
    return Project(
        id=row["id"],
        name=row["name"],
        description=row["description"],
        classification_type=row["classification_type"],
        domain_id=row["domain_id"],
        created_at=datetime.fromisoformat(row["created_at"]),
        modified_at=datetime.fromisoformat(row["modified_at"]),
        settings=_settings(row["settings"]),
    )


def _written(settings: ProjectSettings) -> str:
    return json.dumps(dataclasses.asdict(settings))


def _settings(text: str | None) -> ProjectSettings:
    values = json.loads(text or "{}")
    return ProjectSettings(
        tuple(values.get("target_export_platforms", ())),
        tuple((name, is_on) for name, is_on in values.get("augmentation_methods", ())),
    )
