"""Rows of where each image came from, which nobody edits: its folder and its upload, as texts by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cvcore.store.database import Connections, chunks, marks
from cvcore.store.facts.grouping import grouped

FOLDER, UPLOAD = "folder", "upload"


class ImageFacts:
    """Where images came from; users' own metadata are in `store.metadata`."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def put(self, image_ids: Sequence[str], values: Mapping[str, str]) -> None:
        """Set these keys for every image; other keys keep their values."""
        rows = [(image_id, key, value) for image_id in image_ids for key, value in values.items()]
        with self._db.transaction():
            self._db.connection.executemany("insert or replace into image_facts values (?, ?, ?)", rows)

    def of_images(self, image_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """Keys and values by image id; images of which nothing is known are left out."""
        facts: dict[str, dict[str, str]] = {}
        for part in chunks(image_ids):
            query = f"select image_id, key, value from image_facts where image_id in ({marks(part)}) order by key"
            for image_id, key, value in self._db.connection.execute(query, part):
                facts.setdefault(image_id, {})[key] = value
        return facts

    def groups(self, image_ids: Sequence[str]) -> Iterator[tuple[str, str, list[str]]]:
        """Each key and value of these images with the ids of its images: see `grouping.grouped`."""
        return grouped(self._db, "image_facts", image_ids)

    def images_with(self, key: str, value: str) -> list[str]:
        """The ids of all images with this text under a key."""
        rows = self._db.rows("select image_id from image_facts where key = ? and value = ?", [key, value])
        return [row["image_id"] for row in rows]

    def changes(self) -> int:
        """A number that increases whenever any image's metadata, facts, size or measures change, in any process."""
        return int(self._db.value("select number from fact_changes"))

    def changes_but_metadata(self) -> int:
        """As `changes`, but users' edits of metadata do not increase it."""
        return self.changes() - int(self._db.value("select number from metadata_changes"))

    def changes_of_trained(self, project_id: str) -> tuple[int, int]:
        """Two numbers of a project, which increase when something changes that is known of an image of an iteration.

        The first counts changes of facts, the second those of users' metadata.
        """
        row = self._db.row("select fact_changes, metadata_changes from projects where id = ?", [project_id])
        return (row["fact_changes"], row["metadata_changes"]) if row else (0, 0)
