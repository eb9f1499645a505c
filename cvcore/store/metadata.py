"""Rows of what else is known of pictures: keys and values of the user's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cvcore.store.database import Connections, chunks, marks


class Metadata:
    """Every picture's metadata."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def put(self, image_ids: Sequence[str], values: Mapping[str, str]) -> None:
        """Set these keys on every picture; other keys keep their values."""
        rows = [(image_id, key, value) for image_id in image_ids for key, value in values.items()]
        with self._db.transaction():
            self._db.connection.executemany("insert or replace into metadata values (?, ?, ?)", rows)

    def of_images(self, image_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """Keys and values by the picture's id; pictures without any are left out."""
        found: dict[str, dict[str, str]] = {}
        for part in chunks(image_ids):
            query = f"select image_id, key, value from metadata where image_id in ({marks(part)}) order by key"
            for row in self._db.rows(query, part):
                found.setdefault(row["image_id"], {})[row["key"]] = row["value"]
        return found
