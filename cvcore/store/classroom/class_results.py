"""Rows of how pupils' iterations do on their class's test set; of each pupil the newest."""

from __future__ import annotations

import json
from dataclasses import dataclass

from cvcore.store.database import Connections, Row


@dataclass(frozen=True)
class ClassResult:
    """How an iteration of a pupil does on a test set, which is the one whose digest is `test_set`.

    is_right: a byte per test image, 1 if all its tags are right; empty if the iteration was not tested, because tags
    of the test set are missing in it, or it was trained on so many test images, or of an error.
    """

    pupil_id: str
    iteration_id: str
    test_set: str
    is_right: bytes = b""
    missing_tags: tuple[str, ...] = ()
    seen_images: int = 0
    error: str = ""


class ClassResults:
    """The test results of pupils, and which iterations of a home folder can have some."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def put(self, result: ClassResult) -> None:
        """Store a pupil's result in place of an older one; nothing happens if the pupil was deleted meanwhile."""
        self._db.write(
            """insert or replace into class_results
               select id, ?, ?, ?, ?, ?, ? from pupils where id = ?""",
            [
                *(result.iteration_id, result.test_set, result.is_right, json.dumps(result.missing_tags)),
                *(result.seen_images, result.error, result.pupil_id),
            ],
        )

    def of_class(self, class_id: str) -> dict[str, ClassResult]:
        """The results of a class's pupils, by pupil id."""
        rows = self._db.rows(
            "select * from class_results where pupil_id in (select id from pupils where class_id = ?)", [class_id]
        )
        return {row["pupil_id"]: _result(row) for row in rows}

    def trained_here(self) -> list[str]:
        """The ids of the iterations that were trained in this home folder, the newest first.

        Those that came with a copied project, from a zip or handed out, are older than the project here.
        """
        rows = self._db.rows(
            """select iterations.id from iterations join projects on projects.id = project_id
               where status = 'Completed' and iterations.created_at >= projects.created_at
               order by iterations.created_at desc, iterations.id"""
        )
        return [row["id"] for row in rows]


def _result(row: Row) -> ClassResult:
    return ClassResult(
        pupil_id=row["pupil_id"],
        iteration_id=row["iteration_id"],
        test_set=row["test_set"],
        is_right=row["is_right"],
        missing_tags=tuple(json.loads(row["missing_tags"])),
        seen_images=row["seen_images"],
        error=row["error"],
    )
