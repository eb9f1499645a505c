"""Rows of iterations, and of the snapshots of tags and images that they train on."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cvcore.errors import IterationNotFound
from cvcore.languages import t
from cvcore.records import Evaluation, Image, Iteration, Project, Scores, Tag, TagKind, Thresholds
from cvcore.store.database import Connections, Row, chunks, marks, moment, new_id, now, unique_name
from cvcore.store.images import Images

_SELECT = """
    select iterations.*,
        (select count(*) from iteration_tags where iteration_id = iterations.id) as tag_count,
        (select chosen from thresholds where iteration_id = iterations.id) as thresholds
    from iterations
"""
_SELECT_IMAGES = """
    select position, image_id, sha256, name, signature, tag_positions, exists (
        select 1 from iteration_test_images as test
        where test.iteration_id = held.iteration_id and test.position = held.position) as is_test
    from iteration_images as held join images on images.id = image_id
"""

_NO_BRACKETS = str.maketrans("", "", "[] ")


@dataclass(frozen=True)
class SnapshotTag:
    """A tag with its name when the snapshot was taken; its position in the list is its column in every array."""

    tag_id: str
    name: str
    kind: TagKind


@dataclass(frozen=True)
class SnapshotImage:
    """An image of the snapshot; its position in the list is its row in every array. `columns` are its tags' positions.

    A test image (`is_test`) is evaluated and never trained on.
    """

    image_id: str
    sha256: str
    name: str
    signature: bytes
    columns: tuple[int, ...]
    is_test: bool = False


class Iterations:
    """The iterations of all projects."""

    def __init__(self, connections: Connections, images: Images) -> None:
        self._db = connections
        self._images = images

    def add(
        self,
        project: Project,
        snapshot: str,
        tags: Sequence[Tag],
        images: Sequence[Image],
        *,
        evaluation: Evaluation | None = None,
    ) -> Iteration:
        """Add an iteration with the status Training and a snapshot of these tags and images.

        `snapshot` is a digest, equal for equal workspaces. An image's tags that are not in `tags` are left out.
        `evaluation` says how the iteration will be evaluated.
        """
        iteration_id = new_id()
        with self._db.transaction():
            number = 1 + self._db.value(
                "select coalesce(max(number), 0) from iterations where project_id = ?", [project.id]
            )
            self._db.insert(
                "iterations",
                {
                    "id": iteration_id,
                    "project_id": project.id,
                    "number": number,
                    "name": self._free_name(project.id, number),
                    "status": "Training",
                    "classification_type": project.classification_type,
                    "domain_id": project.domain_id,
                    "snapshot": snapshot,
                    "evaluation": _json(evaluation),
                    "created_at": now(),
                },
            )
            self._add_snapshot(iteration_id, tags, images)
        return self.get(iteration_id)

    def take_snapshot(
        self,
        iteration_id: str,
        project: Project,
        snapshot: str,
        tags: Sequence[Tag],
        images: Sequence[Image],
        *,
        evaluation: Evaluation,
    ) -> Iteration:
        """Give an iteration that was added without tags and images its snapshot; the arguments are those of `add`.

        Raises:
            NotFound: it was deleted meanwhile.
        """
        with self._db.transaction():
            self.get(iteration_id)
            self._db.write(
                """update iterations set classification_type = ?, domain_id = ?, snapshot = ?, evaluation = ?
                   where id = ?""",
                [project.classification_type, project.domain_id, snapshot, _json(evaluation), iteration_id],
            )
            self._add_snapshot(iteration_id, tags, images)
        return self.get(iteration_id)

    def _add_snapshot(self, iteration_id: str, tags: Sequence[Tag], images: Sequence[Image]) -> None:
        column = {tag.id: position for position, tag in enumerate(tags)}
        columns = [json.dumps(sorted(column[each] for each in image.tag_ids if each in column)) for image in images]
        add = self._db.connection.executemany
        add(
            "insert into iteration_tags values (?, ?, ?, ?, ?)",
            [(iteration_id, position, tag.id, tag.name, tag.kind) for position, tag in enumerate(tags)],
        )
        add(
            "insert into iteration_images values (?, ?, ?, ?)",
            [(iteration_id, position, image.id, columns[position]) for position, image in enumerate(images)],
        )
        add(
            "insert into iteration_test_images values (?, ?)",
            [(iteration_id, position) for position, image in enumerate(images) if image.is_test],
        )

    def get(self, iteration_id: str) -> Iteration:
        """The iteration with that id.

        Raises:
            NotFound: there is no such iteration; it may have been deleted.
        """
        row = self._db.row(f"{_SELECT} where id = ?", [iteration_id])
        if row is None:
            raise IterationNotFound(
                t("there is no iteration {iteration_id!r}: it may have been deleted", iteration_id=iteration_id[:80])
            )
        return _iteration(row)

    def of_project(self, project_id: str) -> list[Iteration]:
        """A project's iterations, the newest first."""
        return [
            _iteration(row)
            for row in self._db.rows(f"{_SELECT} where project_id = ? order by number desc", [project_id])
        ]

    def trained(self, project_id: str) -> list[Iteration]:
        """A project's trained iterations, the newest first."""
        return [iteration for iteration in self.of_project(project_id) if iteration.status == "Completed"]

    def newest_trained(self, project_id: str) -> Iteration | None:
        """A project's newest trained iteration, or None."""
        row = self._db.row(
            f"{_SELECT} where project_id = ? and status = 'Completed' order by number desc limit 1", [project_id]
        )
        return _iteration(row) if row else None

    def count_trained(self, project_id: str) -> int:
        """How many iterations of a project are trained."""
        return int(
            self._db.value(
                "select count(*) from iterations where project_id = ? and status = 'Completed'", [project_id]
            )
        )

    def snapshot_digest(self, iteration_id: str) -> str:
        """The snapshot's digest that `add` stored."""
        return str(self._db.value("select snapshot from iterations where id = ?", [iteration_id]))

    def tags(self, iteration_id: str) -> list[SnapshotTag]:
        """The snapshot's tags, in the order of the arrays' columns."""
        rows = self._db.rows(
            "select tag_id, name, kind from iteration_tags where iteration_id = ? order by position", [iteration_id]
        )
        return [SnapshotTag(**row) for row in rows]

    def images(self, iteration_id: str) -> list[SnapshotImage]:
        """The snapshot's images, in the order of the arrays' rows."""
        rows = self._db.rows(f"{_SELECT_IMAGES} where iteration_id = ? order by position", [iteration_id])
        return [_snapshot_image(row) for row in rows]

    def image_ids(self, iteration_id: str) -> list[str]:
        """The ids of the snapshot's images, in their order."""
        query = "select image_id from iteration_images where iteration_id = ? order by position"
        return [image_id for (image_id,) in self._db.connection.execute(query, [iteration_id])]

    def training_counts(self, iteration_id: str) -> dict[str, int]:
        """The number of the snapshot's images that are not for testing, by the name of their tag, as `Tags` has it."""
        names = [tag.name for tag in self.tags(iteration_id)]
        # One text of all positions is counted in half the time that SQLite takes to group as many rows.
        positions = self._db.value(
            """select group_concat(tag_positions) from iteration_images
               where iteration_id = :iteration and tag_positions != '[]' and position not in (
                   select position from iteration_test_images where iteration_id = :iteration)""",
            {"iteration": iteration_id},
        )
        counts = Counter((positions or "").translate(_NO_BRACKETS).split(","))
        return {names[int(position)]: number for position, number in counts.items() if position}

    def images_at(self, iteration_id: str, positions: Sequence[int]) -> list[SnapshotImage]:
        """The snapshot's images in these rows of the arrays, in that order; rows that do not exist are left out."""
        by_position: dict[int, SnapshotImage] = {}
        for part in chunks(positions):
            for row in self._db.rows(
                f"{_SELECT_IMAGES} where iteration_id = ? and position in ({marks(part)})", [iteration_id, *part]
            ):
                by_position[row["position"]] = _snapshot_image(row)
        return [by_position[position] for position in positions if position in by_position]

    def rename(self, iteration: Iteration, name: str) -> None:
        """Rename an iteration.

        Raises:
            NameTaken: another iteration of the project has that name.
            NotFound: it was deleted.
        """
        with unique_name("iteration", name):
            touched = self._db.write("update iterations set name = ? where id = ?", [name, iteration.id])
        if not touched:
            self.get(iteration.id)

    def complete(self, iteration_id: str, **values: Any) -> None:
        """Mark an iteration as trained and set these columns of its row: keyword names are column names.

        Usually backbone, fingerprint, note, evaluation, scores and seconds; records and dicts are stored as JSON.
        """
        row = {key: _json(value) for key, value in values.items()}
        columns = "".join(f", {column} = ?" for column in row)
        self._db.write(
            f"update iterations set status = 'Completed', trained_at = ?{columns} where id = ?",
            [now(), *row.values(), iteration_id],
        )

    def fail(self, iteration_id: str, error: str) -> None:
        """Mark an iteration as failed, with the reason."""
        self._db.write("update iterations set status = 'Failed', error = ? where id = ?", [error, iteration_id])

    def set_thresholds(self, iteration_id: str, thresholds: Thresholds | None) -> None:
        """Save one threshold, or one per tag in the order of the columns; None deletes the saved ones.

        Raises:
            NotFound: the iteration was deleted.
        """
        with self._db.transaction():
            self.get(iteration_id)
            self._db.write("delete from thresholds where iteration_id = ?", [iteration_id])
            if thresholds is not None:
                self._db.insert("thresholds", {"iteration_id": iteration_id, "chosen": json.dumps(thresholds)})

    def count_held_alone(self, iteration_id: str) -> int:
        """How many images are only in this iteration, not in the workspace, the trash or another iteration."""
        return int(
            self._db.value(
                """select count(*) from iteration_images as mine join images on images.id = mine.image_id
                   where mine.iteration_id = ? and not in_workspace
                   and not exists (select 1 from deleted_images where image_id = mine.image_id) and not exists (
                       select 1 from iteration_images as other
                       where other.image_id = mine.image_id and other.iteration_id != mine.iteration_id)""",
                [iteration_id],
            )
        )

    def delete(self, iteration_id: str) -> list[str]:
        """Delete an iteration, the images that only it has, and its predictions.

        Returns the SHA-256 of all images whose rows were deleted with it.

        Raises:
            NotFound: it was deleted already.
        """
        with self._db.transaction():
            project_id = self.get(iteration_id).project_id
            predicted = self._db.rows(
                """select sha256 from predictions where iteration_id = :iteration union
                   select sha256 from deleted_predictions where iteration_id = :iteration""",
                {"iteration": iteration_id},
            )
            self._db.write("delete from iterations where id = ?", [iteration_id])
            return self._images.drop_unheld("project_id = ?", [project_id]) + [row["sha256"] for row in predicted]

    def is_training(self, iteration_id: str) -> bool:
        """Whether the iteration exists and its training has neither succeeded nor failed yet."""
        sql = "select exists (select 1 from iterations where id = ? and status = 'Training')"
        return bool(self._db.value(sql, [iteration_id]))

    def count_using(self, fingerprint: str) -> int:
        """How many iterations use the network of that fingerprint."""
        return int(self._db.value("select count(*) from iterations where fingerprint = ?", [fingerprint]))

    def ids(self) -> set[str]:
        """The ids of all iterations of all projects."""
        return {row["id"] for row in self._db.rows("select id from iterations")}

    def _free_name(self, project_id: str, number: int) -> str:
        name = f"Iteration {number}"
        taken = {row["name"] for row in self._db.rows("select name from iterations where project_id = ?", [project_id])}
        while name in taken:
            name += "'"
        return name


def _json(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return json.dumps(dataclasses.asdict(value))
    return json.dumps(value) if isinstance(value, dict) else value


def _thresholds(text: str | None) -> Thresholds | None:
    value = json.loads(text) if text else None
    return tuple(value) if isinstance(value, list) else value


def _snapshot_image(row: Row) -> SnapshotImage:
    return SnapshotImage(
        image_id=row["image_id"],
        sha256=row["sha256"],
        name=row["name"],
        signature=row["signature"],
        columns=tuple(json.loads(row["tag_positions"])),
        is_test=bool(row["is_test"]),
    )


def _iteration(row: Row) -> Iteration:
    return Iteration(
        id=row["id"],
        project_id=row["project_id"],
        number=row["number"],
        name=row["name"],
        status=row["status"],
        classification_type=row["classification_type"],
        domain_id=row["domain_id"],
        backbone=row["backbone"],
        fingerprint=row["fingerprint"],
        note=row["note"],
        evaluation=Evaluation(**json.loads(row["evaluation"])) if row["evaluation"] else None,
        scores=Scores(**json.loads(row["scores"])) if row["scores"] else None,
        seconds=json.loads(row["seconds"]),
        image_count=row["image_count"],
        tag_count=row["tag_count"],
        error=row["error"],
        created_at=datetime.fromisoformat(row["created_at"]),
        trained_at=moment(row["trained_at"]),
        thresholds=_thresholds(row["thresholds"]),
    )
