"""Rows of the metadata of images: users' own texts by key, which Custom Vision's API reads and writes, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cvcore.store.database import Connections, chunks, marks
from cvcore.store.facts.grouping import grouped

# In this form SQLite uses the index metadata_by_value.
_LISTED = "project_id = ? and image_created_at is not null"


class Metadata:
    """The metadata of images; what Tagwise itself knows of them is in `store.image_facts` and `store.file_facts`."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def put(self, image_ids: Sequence[str], values: Mapping[str, str]) -> None:
        """Set these keys for every image; other keys keep their values."""
        rows = [(key, value, image_id) for image_id in image_ids for key, value in values.items()]
        with self._db.transaction():
            self._db.connection.executemany(
                """insert or replace into metadata (image_id, key, value, project_id, image_created_at)
                   select id, ?, ?, project_id, case when in_workspace then created_at end from images where id = ?""",
                rows,
            )

    def remove(self, image_ids: Sequence[str], key: str) -> None:
        """Remove a key from every image."""
        with self._db.transaction():
            for part in chunks(image_ids):
                self._db.write(f"delete from metadata where image_id in ({marks(part)}) and key = ?", [*part, key])

    def of_images(self, image_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """Keys and values by image id; images without metadata are left out."""
        metadata: dict[str, dict[str, str]] = {}
        for part in chunks(image_ids):
            query = f"select image_id, key, value from metadata where image_id in ({marks(part)}) order by key"
            for image_id, key, value in self._db.connection.execute(query, part):
                metadata.setdefault(image_id, {})[key] = value
        return metadata

    def keys(self, project_id: str) -> dict[str, int]:
        """The keys that workspace images have, and how many have each, in order."""
        rows = self._db.rows(f"select key, count(*) as images from metadata where {_LISTED} group by key", [project_id])
        return {row["key"]: row["images"] for row in rows}

    def values(self, project_id: str, key: str) -> dict[str, int]:
        """The texts that workspace images have under a key, and how many have each, in order."""
        rows = self._db.rows(
            f"select value, count(*) as images from metadata where {_LISTED} and key = ? group by value",
            [project_id, key],
        )
        return {row["value"]: row["images"] for row in rows}

    def groups(self, image_ids: Sequence[str]) -> Iterator[tuple[str, str, list[str]]]:
        """Each key and value of these images with the ids of its images: see `grouping.grouped`."""
        return grouped(self._db, "metadata", image_ids)

    def groups_of_snapshot(self, iteration_id: str) -> Iterator[tuple[str, str, str]]:
        """Each key and value of a snapshot's images, and the images' positions in it, in any order, with commas."""
        return self._db.connection.execute(
            """select key, value, group_concat(position) from iteration_images join metadata using (image_id)
               where iteration_id = ? group by key, value""",
            [iteration_id],
        )
