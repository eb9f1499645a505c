"""Rows of tags, and of the images that have them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cvcore.errors import TagNotFound
from cvcore.languages import t
from cvcore.records import Tag, TagKind
from cvcore.store.database import Connections, Row, chunks, marks, new_id, now, unique_name

_SELECT = """
    select tags.*, (select description from tag_descriptions where tag_id = tags.id) as description
    from tags
"""


class Tags:
    """The tags of all projects."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def add(self, project_id: str, name: str, kind: TagKind = "Regular", description: str = "") -> Tag:
        """Add a tag.

        Raises:
            NameTaken: the project has a tag with that name.
        """
        row = {"id": new_id(), "project_id": project_id, "name": name, "kind": kind, "created_at": now()}
        with self._db.transaction():
            with unique_name("tag", name):
                self._db.insert("tags", row)
            self._describe(str(row["id"]), description)
        return _tag({**row, "image_count": 0, "description": description})

    def get(self, tag_id: str) -> Tag:
        """The tag with that id.

        Raises:
            NotFound: there is no such tag.
        """
        row = self._db.row(f"{_SELECT} where id = ?", [tag_id])
        if row is None:
            raise TagNotFound(t("there is no tag {tag_id!r}: it may have been deleted", tag_id=tag_id[:80]))
        return _tag(row)

    def of_project(self, project_id: str) -> list[Tag]:
        """A project's tags ordered by name, each with its number of images in the workspace."""
        return [_tag(row) for row in self._db.rows(f"{_SELECT} where project_id = ? order by name", [project_id])]

    def names_and_kinds(self, project_id: str) -> dict[str, tuple[str, TagKind]]:
        """The name and kind of each tag of a project, by its id; faster than `of_project`, which counts images."""
        rows = self._db.rows("select id, name, kind from tags where project_id = ? order by name", [project_id])
        return {row["id"]: (row["name"], row["kind"]) for row in rows}

    def training_counts(self, project_id: str) -> dict[str, int]:
        """The number of a project's workspace images that are not for testing, by the name of their tag.

        Tags without such images are left out.
        """
        # All images of each tag, which is a kept number, less those for testing.
        rows = self._db.rows(
            """select name, image_count - coalesce(others.number, 0) as number from tags
               left join (select tag_id, count(*) as number from image_tags
                     where image_id in (select image_id from test_images where project_id = :project)
                     group by tag_id) as others
                   on others.tag_id = tags.id
               where project_id = :project and image_count > coalesce(others.number, 0) order by name""",
            {"project": project_id},
        )
        return {row["name"]: row["number"] for row in rows}

    def update(self, tag: Tag) -> None:
        """Store a tag's changed name, kind and description.

        Raises:
            NameTaken: another tag of the project has that name.
            NotFound: it was deleted.
        """
        with self._db.transaction():
            with unique_name("tag", tag.name):
                touched = self._db.write(
                    "update tags set name = ?, kind = ? where id = ?", [tag.name, tag.kind, tag.id]
                )
            if not touched:
                self.get(tag.id)
            self._describe(tag.id, tag.description)

    def delete(self, tag_id: str) -> None:
        """Delete the tag; its images stay, without it."""
        self._db.write("delete from tags where id = ?", [tag_id])

    def restore(self, tag: Tag) -> None:
        """Add a deleted tag again as it was, with its id; no image has it.

        Raises:
            NameTaken: the project has another tag with its name.
        """
        row = {"id": tag.id, "project_id": tag.project_id, "name": tag.name, "kind": tag.kind}
        with self._db.transaction():
            with unique_name("tag", tag.name):
                self._db.insert("tags", {**row, "created_at": tag.created_at.isoformat()})
            self._describe(tag.id, tag.description)

    def image_ids(self, tag_id: str) -> list[str]:
        """The ids of the images that have the tag."""
        rows = self._db.rows("select image_id from image_tags where tag_id = ? order by rowid", [tag_id])
        return [row["image_id"] for row in rows]

    def attach(self, image_ids: Sequence[str], tag_ids: Sequence[str]) -> None:
        """Add every tag to every image; a tag that an image already has stays.

        Images outside the workspace of the tag's project, and deleted ids, are left out.
        """
        pairs = [(image_id, tag_id) for image_id in image_ids for tag_id in tag_ids]
        with self._db.transaction():
            self._db.connection.executemany(
                """insert into image_tags (image_id, tag_id, image_created_at)
                   select images.id, tags.id, images.created_at from images join tags using (project_id)
                   where images.id = ? and in_workspace and tags.id = ? on conflict do nothing""",
                pairs,
            )

    def detach(self, image_ids: Sequence[str], tag_ids: Sequence[str] | None = None) -> None:
        """Remove these tags from every image, or all tags if `tag_ids` is None."""
        with self._db.transaction():
            for part in chunks(image_ids):
                chosen = f" and tag_id in ({marks(tag_ids)})" if tag_ids is not None else ""
                self._db.write(
                    f"delete from image_tags where image_id in ({marks(part)}){chosen}", [*part, *(tag_ids or ())]
                )

    def _describe(self, tag_id: str, description: str) -> None:
        self._db.write("delete from tag_descriptions where tag_id = ?", [tag_id])
        if description:
            self._db.insert("tag_descriptions", {"tag_id": tag_id, "description": description})


def _tag(row: Row) -> Tag:
    return Tag(
        id=row["id"],
        project_id=row["project_id"],
        name=row["name"],
        kind=row["kind"],
        created_at=datetime.fromisoformat(row["created_at"]),
        image_count=row["image_count"],
        description=row["description"] or "",
    )
