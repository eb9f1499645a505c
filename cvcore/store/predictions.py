"""Rows of stored predictions, whose images can be tagged and trained on later."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from cvcore.records import Prediction, StoredPrediction
from cvcore.store.database import Connections, Row, chunks, marks, new_id, now

_COLUMNS = "id, project_id, iteration_id, application, sha256, probabilities, created_at"


class Predictions:
    """The stored predictions of all projects."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def add(
        self, project_id: str, iteration_id: str, *, application: str, sha256: str, predictions: Sequence[Prediction]
    ) -> StoredPrediction:
        """Store a prediction."""
        row = {
            "id": new_id(),
            "project_id": project_id,
            "iteration_id": iteration_id,
            "application": application,
            "sha256": sha256,
            "probabilities": json.dumps([[tag.tag, tag.kind, tag.probability, tag.tag_id] for tag in predictions]),
            "created_at": now(),
        }
        self._db.insert("predictions", row)
        return _prediction(row)

    def with_ids(self, project_id: str, prediction_ids: Sequence[str]) -> dict[str, StoredPrediction]:
        """The project's predictions with those ids, by id; unknown ids are left out."""
        by_id: dict[str, StoredPrediction] = {}
        for part in chunks(prediction_ids):
            query = f"select * from predictions where project_id = ? and id in ({marks(part)})"
            by_id.update((row["id"], _prediction(row)) for row in self._db.rows(query, [project_id, *part]))
        return by_id

    def of_project(
        self,
        project_id: str,
        *,
        iteration_id: str | None = None,
        application: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        take: int | None = None,
    ) -> list[StoredPrediction]:
        """A project's predictions, at most `take`, the newest first; `start` and `end` are inclusive."""
        rows = self._db.rows(
            """select * from predictions where project_id = :project
               and (:iteration is null or iteration_id = :iteration)
               and (:application is null or application = :application)
               and (:start is null or created_at >= :start) and (:end is null or created_at <= :end)
               order by created_at desc, id limit :take""",
            {
                "project": project_id,
                "iteration": iteration_id,
                "application": application,
                "start": start and start.isoformat(),
                "end": end and end.isoformat(),
                "take": -1 if take is None else take,
            },
        )
        return [_prediction(row) for row in rows]

    def of_image(self, iteration_id: str, sha256: str) -> StoredPrediction | None:
        """An iteration's newest stored prediction for an image, or None."""
        query = "select * from predictions where sha256 = ? and iteration_id = ? order by created_at desc, id limit 1"
        row = self._db.row(query, [sha256, iteration_id])
        return _prediction(row) if row else None

    def count(self, project_id: str) -> int:
        """How many predictions a project has."""
        return int(self._db.value("select count(*) from predictions where project_id = ?", [project_id]))

    def count_of_iteration(self, iteration_id: str) -> int:
        """How many predictions of an iteration are stored."""
        return int(self._db.value("select count(*) from predictions where iteration_id = ?", [iteration_id]))

    def remove(self, project_id: str, prediction_ids: Sequence[str]) -> list[str]:
        """Delete the project's predictions with those ids; returns the SHA-256 of their images."""
        digests: list[str] = []
        with self._db.transaction():
            for part in chunks(prediction_ids):
                query = f"delete from predictions where project_id = ? and id in ({marks(part)}) returning sha256"
                digests += [row["sha256"] for row in self._db.rows(query, [project_id, *part])]
        return digests

    def remove_images(self, project_id: str, digests: Sequence[str]) -> None:
        """Delete all of a project's predictions for those images."""
        with self._db.transaction():
            for part in chunks(digests):
                query = f"delete from predictions where project_id = ? and sha256 in ({marks(part)})"
                self._db.write(query, [project_id, *part])

    def trash_images(self, project_id: str, digests: Sequence[str]) -> list[str]:
        """Move all of a project's predictions for those images to the trash; returns the predictions' ids."""
        moved: list[str] = []
        with self._db.transaction():
            for part in chunks(digests):
                query = f"select {_COLUMNS} from predictions where project_id = ? and sha256 in ({marks(part)})"
                rows = self._db.rows(query, [project_id, *part])
                for row in rows:
                    self._db.insert("deleted_predictions", {**row, "deleted_at": now()})
                self.remove(project_id, [row["id"] for row in rows])
                moved += [row["id"] for row in rows]
        return moved

    def restore(self, project_id: str, prediction_ids: Sequence[str], since: datetime) -> list[str]:
        """Move predictions out of the trash; returns the SHA-256 of their images.

        Predictions that are not in the trash, or there since before that moment, are left out.
        """
        digests: list[str] = []
        with self._db.transaction():
            for part in chunks(prediction_ids):
                query = f"""delete from deleted_predictions where project_id = ? and id in ({marks(part)})
                            and deleted_at >= ? returning {_COLUMNS}"""
                for row in self._db.rows(query, [project_id, *part, since.isoformat()]):
                    self._db.insert("predictions", row)
                    digests.append(row["sha256"])
        return digests

    def empty_trash(self, before: datetime) -> list[str]:
        """Delete the predictions in the trash since before that moment; returns the SHA-256 of their images."""
        query = "delete from deleted_predictions where deleted_at < ? returning sha256"
        with self._db.transaction():
            return [row["sha256"] for row in self._db.rows(query, [before.isoformat()])]

    def remove_older(self, moment: datetime) -> list[str]:
        """Delete all predictions older than that moment; returns the SHA-256 of their images."""
        with self._db.transaction():
            rows = self._db.rows("delete from predictions where created_at < ? returning sha256", [moment.isoformat()])
        return [row["sha256"] for row in rows]


def _prediction(row: Row) -> StoredPrediction:
    return StoredPrediction(
        id=row["id"],
        project_id=row["project_id"],
        iteration_id=row["iteration_id"],
        application=row["application"],
        sha256=row["sha256"],
        predictions=tuple(Prediction(*values) for values in json.loads(row["probabilities"])),
        created_at=datetime.fromisoformat(row["created_at"]),
    )
