"""Rows of images.

An image is in the workspace, in iterations' snapshots, or in both. When it is in neither, its row is deleted, but for
images in the trash, which can be restored. When the last row with its SHA-256 is deleted, its files may be deleted too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from cvcore.errors import ImageNotFound
from cvcore.languages import t
from cvcore.records import Image
from cvcore.store.database import Connections, Row, chunks, marks, new_id, now

UNTAGGED = "untagged"
FOR_TESTING = "for-testing"

_SELECT = """
    select id, project_id, sha256, name, width, height, size_bytes, created_at,
        (select group_concat(tag_id) from (
            select tag_id from image_tags where image_id = images.id order by image_tags.rowid
        )) as tag_ids,
        exists (select 1 from test_images where image_id = images.id) as is_test
    from images
"""

# Not those that only the trash has.
_HELD = "(in_workspace or exists (select 1 from iteration_images where image_id = images.id))"

# In this form SQLite uses the index images_by_age for a page among thousands.
_IN_WORKSPACE = "project_id = ? and in_workspace = 1"


class Images:
    """The images of all projects."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def add(
        self, project_id: str, sha256: str, *, name: str, width: int, height: int, size_bytes: int, signature: bytes
    ) -> tuple[str, bool]:
        """Add an image to the workspace unless its content is there; returns its id and whether it was added."""
        image_id = new_id()
        with self._db.transaction():
            added = self._db.write(
                """insert into images (id, project_id, sha256, name, width, height, size_bytes, signature, created_at)
                   values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (project_id, sha256) do nothing""",
                [image_id, project_id, sha256, name, width, height, size_bytes, signature, now()],
            )
            return (image_id, True) if added else self._bring_back(project_id, sha256, name)

    def _bring_back(self, project_id: str, sha256: str, name: str) -> tuple[str, bool]:
        """Put an image that is known back into the workspace; returns its id and whether it was not there."""
        (known,) = self._db.rows(
            "select id, in_workspace from images where project_id = ? and sha256 = ?", [project_id, sha256]
        )
        if known["in_workspace"]:
            return known["id"], False
        for table in ("erased_images", "deleted_images"):
            self._db.write(f"delete from {table} where image_id = ?", [known["id"]])
        self._db.write(
            "update images set in_workspace = 1, name = ?, created_at = ? where id = ?", [name, now(), known["id"]]
        )
        return known["id"], True

    def measure(self, sha256: str, *, width: int, height: int, signature: bytes) -> None:
        """Set what was measured of a content anew, in all projects."""
        self._db.write(
            "update images set width = ?, height = ?, signature = ? where sha256 = ?",
            [width, height, signature, sha256],
        )

    def files(self, image_ids: Sequence[str]) -> Iterator[tuple[str, str, int, int, int, bytes]]:
        """The id, SHA-256, width, height, size in bytes and signature of each of these images, in any order."""
        for part in chunks(image_ids):
            yield from self._db.connection.execute(
                f"select id, sha256, width, height, size_bytes, signature from images where id in ({marks(part)})", part
            )

    def sizes(self, image_ids: Sequence[str]) -> Iterator[tuple[int, int, list[str]]]:
        """Each upright width and height, in pixels, with the ids of these images that have it, in any order."""
        cursor = self._db.connection.execute(
            """select width, height, group_concat(id) from images
               where id in (select value from json_each(?)) group by width, height""",
            [json.dumps(list(image_ids))],
        )
        return ((width, height, ids.split(",")) for width, height, ids in cursor)

    def workspace(self, project_id: str) -> Iterator[tuple[str, str, bool]]:
        """The id and the SHA-256 of each workspace image, and whether it is a test image, the newest first."""
        cursor = self._db.connection.execute(
            f"""select id, sha256, exists (select 1 from test_images where image_id = images.id) from images
                where {_IN_WORKSPACE} order by created_at desc, id desc""",
            [project_id],
        )
        return ((image_id, sha256, bool(is_test)) for image_id, sha256, is_test in cursor)

    def get(self, image_id: str) -> Image:
        """The image with that id, in the workspace or in an iteration.

        Raises:
            NotFound: there is no such image.
        """
        row = self._db.row(f"{_SELECT} where id = ? and {_HELD}", [image_id])
        if row is None:
            raise ImageNotFound(t("there is no image {image_id!r}: it may have been deleted", image_id=image_id[:80]))
        return image(row)

    def with_ids(self, image_ids: Sequence[str]) -> list[Image]:
        """The images with those ids, in that order; unknown ids are left out."""
        by_id: dict[str, Image] = {}
        for part in chunks(image_ids):
            for row in self._db.rows(f"{_SELECT} where id in ({marks(part)}) and {_HELD}", part):
                by_id[row["id"]] = image(row)
        return [by_id[image_id] for image_id in image_ids if image_id in by_id]

    def present(self, image_ids: Sequence[str]) -> set[str]:
        """The ids of those images that are in the workspace."""
        present: set[str] = set()
        for part in chunks(image_ids):
            rows = self._db.rows(f"select id from images where in_workspace and id in ({marks(part)})", part)
            present.update(row["id"] for row in rows)
        return present

    def page(self, project_id: str, *, tag_id: str | None = None, take: int, skip: int = 0) -> list[Image]:
        """Workspace images, newest first: all, those of a tag, `UNTAGGED`, or `FOR_TESTING`."""
        order = "order by created_at desc, id desc"
        rows = self._db.rows(
            f"{_SELECT} where id in (select id from ({listed(tag_id)}) {order} limit :take offset :skip) {order}",
            {"project": project_id, "tag": tag_id, "take": take, "skip": skip},
        )
        return [image(row) for row in rows]

    def count(self, project_id: str, tag_id: str | None = None) -> int:
        """How many images `page` returns without `take` and `skip`: a number that is kept, not counted."""
        kept = {None: "image_count", UNTAGGED: "untagged_count", FOR_TESTING: "test_count"}
        if tag_id in kept:
            return int(self._db.value(f"select {kept[tag_id]} from projects where id = ?", [project_id]) or 0)
        of_tag = "select image_count from tags where id = ? and project_id = ?"
        return int(self._db.value(of_tag, [tag_id, project_id]) or 0)

    def have_one_tag_each(self, project_id: str) -> bool:
        """Whether no workspace image has two tags, by the kept numbers."""
        of_tags = "select coalesce(sum(image_count), 0) from tags where project_id = projects.id"
        query = f"select image_count - untagged_count = ({of_tags}) from projects where id = ?"
        return bool(self._db.value(query, [project_id]))

    def usage(self, *, with_trash: bool = False) -> tuple[int, int]:
        """How many images there are in the home folder, each content once, and the bytes of their files.

        Those that only the trash has are left out, unless they are wanted.
        """
        row = self._db.row(
            "select count(*) as number, coalesce(sum(size_bytes), 0) as size_bytes from "
            f"(select max(size_bytes) as size_bytes from images where ? or {_HELD} group by sha256)",
            [int(with_trash)],
        )
        return (row["number"], row["size_bytes"]) if row else (0, 0)

    def with_many_tags(self, project_id: str) -> list[Image]:
        """Workspace images with more than one tag."""
        several = "(select count(*) from image_tags where image_id = images.id) > 1"
        rows = self._db.rows(f"{_SELECT} where {_IN_WORKSPACE} and {several}", [project_id])
        return [image(row) for row in rows]

    def tagged(self, project_id: str) -> list[Image]:
        """Workspace images with tags, ordered by SHA-256, so that the order of uploads does not matter."""
        some = "exists (select 1 from image_tags where image_id = images.id)"
        rows = self._db.rows(f"{_SELECT} where {_IN_WORKSPACE} and {some} order by sha256", [project_id])
        return [image(row) for row in rows]

    def digests(self, project_id: str) -> list[str]:
        """The SHA-256 of every workspace image, the newest last."""
        rows = self._db.rows(f"select sha256 from images where {_IN_WORKSPACE} order by created_at, id", [project_id])
        return [row["sha256"] for row in rows]

    def outlines(self, project_id: str) -> list[tuple[str, str, str, str | None]]:
        """The id, SHA-256, time (ISO) and first tag's id of every image of the workspace, the newest first."""
        first_tag = "select tag_id from image_tags where image_id = images.id order by rowid limit 1"
        query = f"""select id, sha256, created_at, ({first_tag}) from images where {_IN_WORKSPACE}
                    order by created_at desc, id desc"""
        return self._db.connection.execute(query, [project_id]).fetchall()

    def all_digests(self, project_id: str) -> list[str]:
        """The SHA-256 of every image that the project has in the workspace, an iteration or the trash, in order."""
        query = "select sha256 from images where project_id = ? order by sha256"
        return [sha256 for (sha256,) in self._db.connection.execute(query, [project_id])]

    def state(self, project_id: str) -> tuple[int, str]:
        """How many images `all_digests` has, and when the workspace got its newest: both stay while they are the same.

        Deleting one and adding another changes the time.
        """
        newest = f"select max(created_at) from images where {_IN_WORKSPACE}"
        total = self._db.value("select count(*) from images where project_id = ?", [project_id])
        return int(total), str(self._db.value(newest, [project_id]) or "")

    def ids_of(self, project_id: str, digests: Sequence[str]) -> dict[str, str]:
        """The ids of the workspace's images with those contents, by SHA-256, in that order; others are left out."""
        ids: dict[str, str] = {}
        for part in chunks(digests):
            query = f"select sha256, id from images where project_id = ? and in_workspace and sha256 in ({marks(part)})"
            ids.update(
                (sha256, image_id) for sha256, image_id in self._db.connection.execute(query, [project_id, *part])
            )
        return {digest: ids[digest] for digest in digests if digest in ids}

    def mark_for_testing(self, image_ids: Sequence[str], is_test: bool) -> None:
        """Mark workspace images as test images, or unmark them; images outside the workspace are not changed."""
        with self._db.transaction():
            for part in chunks(image_ids):
                these = f"({marks(part)})"
                self._db.write(f"delete from test_images where image_id in {these}", part)
                if is_test:
                    self._db.write(
                        f"""insert into test_images select id, project_id, created_at from images
                            where id in {these} and in_workspace = 1""",
                        part,
                    )

    def remove(self, image_ids: Sequence[str]) -> list[str]:
        """Remove images from the workspace; returns the SHA-256 of those that are in no iteration."""
        unheld: list[str] = []
        with self._db.transaction():
            for part in chunks(image_ids):
                self._leave(part)
                unheld += self.drop_unheld(f"id in ({marks(part)})", part)
        return unheld

    def trash(self, image_ids: Sequence[str]) -> list[str]:
        """Move images from the workspace to the trash; returns the ids of those that were in the workspace."""
        moved: list[str] = []
        with self._db.transaction():
            for part in chunks(image_ids):
                rows = self._db.rows(f"{_SELECT} where id in ({marks(part)}) and in_workspace", part)
                self._db.connection.executemany(
                    "insert or replace into deleted_images values (?, ?, ?, ?)",
                    [(row["id"], row["tag_ids"] or "", row["is_test"], now()) for row in rows],
                )
                self._leave([row["id"] for row in rows])
                moved += [row["id"] for row in rows]
        return moved

    def restore(self, image_ids: Sequence[str], since: datetime) -> dict[str, tuple[str, ...]]:
        """Move images from the trash back to the workspace, without their tags; returns the ids of these by image id.

        Images that are not in the trash, or there since before that moment, are left out.
        """
        tag_ids: dict[str, tuple[str, ...]] = {}
        with self._db.transaction():
            for part in chunks(image_ids):
                these = f"image_id in ({marks(part)}) and deleted_at >= ?"
                rows = self._db.rows(
                    f"delete from deleted_images where {these} returning *", [*part, since.isoformat()]
                )
                ids = [row["image_id"] for row in rows]
                self._db.write(f"update images set in_workspace = 1 where id in ({marks(ids)})", ids)
                self.mark_for_testing([row["image_id"] for row in rows if row["is_test"]], True)
                tag_ids |= {row["image_id"]: tuple(filter(None, row["tag_ids"].split(","))) for row in rows}
        return tag_ids

    def trashed(self, project_id: str) -> list[tuple[str, datetime]]:
        """The ids of a project's images in the trash, and since when they are there, the last first."""
        rows = self._db.rows(
            """select image_id, deleted_at from deleted_images join images on images.id = image_id
               where project_id = ? order by deleted_at desc, image_id""",
            [project_id],
        )
        return [(row["image_id"], datetime.fromisoformat(row["deleted_at"])) for row in rows]

    def empty_trash(self, before: datetime) -> list[str]:
        """Delete the images that are in the trash since before that moment; returns the SHA-256 of those deleted."""
        with self._db.transaction():
            rows = self._db.rows("delete from deleted_images where deleted_at < ? returning *", [before.isoformat()])
            ids = [row["image_id"] for row in rows]
            return [sha256 for part in chunks(ids) for sha256 in self.drop_unheld(f"id in ({marks(part)})", part)]

    def _leave(self, image_ids: Sequence[str]) -> None:
        these = f"({marks(image_ids)})"
        self._db.write(f"delete from image_tags where image_id in {these}", image_ids)
        self._db.write(f"delete from test_images where image_id in {these}", image_ids)
        self._db.write(f"update images set in_workspace = 0 where id in {these}", image_ids)

    def erase(self, image_ids: Sequence[str]) -> list[str]:
        """Remove images from the workspace, mark those in iterations as erased; returns the SHA-256 of all.

        An erased image's signature, which is a very small image, is blank.
        """
        with self._db.transaction():
            digests: list[str] = []
            for part in chunks(image_ids):
                self._db.write(f"delete from deleted_images where image_id in ({marks(part)})", part)
                rows = self._db.rows(f"select sha256 from images where id in ({marks(part)})", part)
                digests += [row["sha256"] for row in rows]
            self.remove(image_ids)
            for part in chunks(image_ids):
                self._db.write(
                    f"insert or ignore into erased_images select id from images where id in ({marks(part)})", part
                )
                self._db.write(f"update images set signature = zeroblob(192) where id in ({marks(part)})", part)
        return digests

    def drop_unheld(self, condition: str, parameters: Sequence[str]) -> list[str]:
        """Delete the selected rows that are in neither workspace, iteration nor trash; returns their SHA-256."""
        rows = self._db.rows(
            f"""delete from images where {condition} and not in_workspace
                and not exists (select 1 from iteration_images where image_id = images.id)
                and not exists (select 1 from deleted_images where image_id = images.id) returning sha256""",
            parameters,
        )
        return [row["sha256"] for row in rows]

    def find(self, project_id: str, sha256: str) -> Image | None:
        """The image with that content in the project's workspace, or None."""
        row = self._db.row(f"{_SELECT} where {_IN_WORKSPACE} and sha256 = ?", [project_id, sha256])
        return image(row) if row else None

    def has(self, project_id: str, sha256: str) -> bool:
        """Whether an image with that content is in the project's workspace."""
        return self.find(project_id, sha256) is not None

    def is_known(self, sha256: str) -> bool:
        """Whether a project has an image of that content that is not erased, or a prediction for it; or the trash."""
        held = """exists (select 1 from images where sha256 = :it and id not in (select image_id from erased_images))
                  or exists (select 1 from predictions where sha256 = :it)
                  or exists (select 1 from deleted_predictions where sha256 = :it)"""
        return bool(self._db.value(f"select {held}", {"it": sha256}))


def listed(tag_id: str | None) -> str:
    """A query for the `id` and `created_at` of workspace images, as `Images.page` lists them, without an order.

    It is answered from one index, which has the images in the order of their age. Parameters: `project`, and `tag`.
    """
    if tag_id is None:
        return "select id, created_at from images where project_id = :project and in_workspace = 1"
    columns = "select image_id as id, image_created_at as created_at from"
    if tag_id == UNTAGGED:
        return f"{columns} untagged_images where project_id = :project"
    if tag_id == FOR_TESTING:
        return f"{columns} test_images where project_id = :project"
    is_ours = "exists (select 1 from tags where id = :tag and project_id = :project)"
    return f"{columns} image_tags where tag_id = :tag and {is_ours}"


def image(row: Row) -> Image:
    """The record of a row with `tag_ids`, separated by commas, and `is_test`."""
    return Image(
        id=row["id"],
        project_id=row["project_id"],
        sha256=row["sha256"],
        name=row["name"],
        width=row["width"],
        height=row["height"],
        size_bytes=row["size_bytes"],
        created_at=datetime.fromisoformat(row["created_at"]),
        tag_ids=tuple(row["tag_ids"].split(",")) if row["tag_ids"] else (),
        is_test=bool(row["is_test"]),
    )
