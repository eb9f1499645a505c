"""Rows copied from one project to another."""

from __future__ import annotations

import uuid

from cvcore.store.database import Connections, Row


class Copies:
    """Copies a workspace. Files need no copy: they go by their content."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def workspace(self, source_id: str, target_id: str) -> None:
        """Give an empty project the tags and pictures that another has at this moment, with what is noted of them."""
        with self._db.transaction():
            tags = self._db.rows("select * from tags where project_id = ?", [source_id])
            pictures = self._db.rows("select * from images where project_id = ? and in_workspace = 1", [source_id])
            new_tags = self._copied("tags", tags, target_id)
            for row in self._db.rows(
                "select tag_descriptions.* from tag_descriptions join tags on id = tag_id where project_id = ?",
                [source_id],
            ):
                self._db.insert("tag_descriptions", {**row, "tag_id": new_tags[row["tag_id"]]})
            new_images = self._copied("images", pictures, target_id)
            carried = self._db.rows(
                """select image_id, tag_id from image_tags join images on images.id = image_id
                   where project_id = ? order by image_tags.rowid""",
                [source_id],
            )
            for row in carried:
                self._db.insert(
                    "image_tags", {"image_id": new_images[row["image_id"]], "tag_id": new_tags[row["tag_id"]]}
                )
            noted = self._db.rows(
                """select metadata.* from metadata join images on images.id = image_id
                   where project_id = ? and in_workspace = 1""",
                [source_id],
            )
            for row in noted:
                self._db.insert("metadata", {**row, "image_id": new_images[row["image_id"]]})
            kept_for_testing = self._db.rows(
                "select image_id from test_images join images on images.id = image_id where project_id = ?", [source_id]
            )
            for row in kept_for_testing:
                self._db.insert("test_images", {"image_id": new_images[row["image_id"]]})

    def _copied(self, table: str, rows: list[Row], project_id: str) -> dict[str, str]:
        """Insert the rows with ids of their own; the new ids by the old."""
        ids = {row["id"]: str(uuid.uuid4()) for row in rows}
        for row in rows:
            self._db.insert(table, {**row, "id": ids[row["id"]], "project_id": project_id})
        return ids
