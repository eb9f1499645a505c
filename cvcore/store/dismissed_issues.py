"""Rows of dismissed label issues: someone has confirmed that an image has a tag rightly, or lacks it rightly."""

from __future__ import annotations

from collections.abc import Sequence

from cvcore.records import LabelIssue
from cvcore.store.database import Connections, Row


class DismissedIssues:
    """Every dismissed label issue; a dismissal no longer counts once the tag is added to or removed from the image."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def dismiss(self, issues: Sequence[LabelIssue]) -> None:
        """Store that these images are tagged correctly; issues whose image or tag was deleted are left out."""
        with self._db.transaction():
            self._db.connection.executemany(
                """insert or replace into settled_doubts (image_id, tag_id, carried)
                   select images.id, tags.id, ?3 from images, tags where images.id = ?1 and tags.id = ?2""",
                [(issue.image_id, issue.tag_id, issue.carried) for issue in issues],
            )

    def reopen_issues(self, issues: Sequence[LabelIssue]) -> None:
        """Delete the dismissals of these images and tags."""
        with self._db.transaction():
            self._db.connection.executemany(
                "delete from settled_doubts where image_id = ? and tag_id = ?",
                [(issue.image_id, issue.tag_id) for issue in issues],
            )

    def of_tag(self, tag_id: str) -> list[LabelIssue]:
        """The dismissed issues about a tag."""
        rows = self._db.rows("select image_id, tag_id, carried from settled_doubts where tag_id = ?", [tag_id])
        return _issues(rows)

    def of_iteration(self, iteration_id: str) -> list[tuple[int, str, bool]]:
        """An iteration's dismissed issues: row in the arrays, tag id, whether the image has the tag."""
        rows = self._db.rows(
            """select position, tag_id, carried from iteration_images join settled_doubts using (image_id)
               where iteration_id = ? order by position""",
            [iteration_id],
        )
        return [(row["position"], row["tag_id"], bool(row["carried"])) for row in rows]

    def withdraw(self, issues: Sequence[LabelIssue]) -> None:
        """Delete the dismissals of these issues, as far as they are still dismissed as they say."""
        with self._db.transaction():
            self._db.connection.executemany(
                "delete from settled_doubts where image_id = ? and tag_id = ? and carried = ?",
                [(issue.image_id, issue.tag_id, issue.carried) for issue in issues],
            )

    def reopen(self, iteration_id: str) -> list[LabelIssue]:
        """Delete all dismissals for an iteration's images, so that their issues are listed again; returns these."""
        with self._db.transaction():
            rows = self._db.rows(
                """delete from settled_doubts where image_id in
                   (select image_id from iteration_images where iteration_id = ?) returning *""",
                [iteration_id],
            )
        return _issues(rows)


def _issues(rows: Sequence[Row]) -> list[LabelIssue]:
    return [LabelIssue(row["image_id"], row["tag_id"], bool(row["carried"])) for row in rows]
