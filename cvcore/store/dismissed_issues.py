"""Rows of doubts that someone has looked into: that a picture carries a tag, or does not, is right as it is."""

from __future__ import annotations

from collections.abc import Sequence

from cvcore.records import LabelIssue
from cvcore.store.database import Connections


class DismissedIssues:
    """Every settled doubt. It is no longer settled once the picture is tagged otherwise there."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def settle(self, doubts: Sequence[LabelIssue]) -> None:
        """Remember that these are right as they are; a picture or tag that is gone is left out."""
        with self._db.transaction():
            self._db.connection.executemany(
                """insert or replace into settled_doubts (image_id, tag_id, carried)
                   select images.id, tags.id, ?3 from images, tags where images.id = ?1 and tags.id = ?2""",
                [(each.image_id, each.tag_id, each.carried) for each in doubts],
            )

    def settled(self, iteration_id: str) -> list[tuple[int, str, bool]]:
        """What is settled of an iteration's pictures: the row in its arrays, the tag, and whether it is carried."""
        rows = self._db.rows(
            """select position, tag_id, carried from iteration_images join settled_doubts using (image_id)
               where iteration_id = ? order by position""",
            [iteration_id],
        )
        return [(row["position"], row["tag_id"], bool(row["carried"])) for row in rows]

    def reopen(self, iteration_id: str) -> None:
        """Doubt all of an iteration's pictures again."""
        self._db.write(
            """delete from settled_doubts where image_id in
               (select image_id from iteration_images where iteration_id = ?)""",
            [iteration_id],
        )
