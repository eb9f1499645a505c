"""A whole project's rows, read out and written in again under ids of their own."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cvcore.records import Iteration, Project, TrainingOptions
from cvcore.store.database import Connections, Row
from cvcore.store.images import Metadata
from cvcore.store.iterations import Iterations
from cvcore.store.project_contents import (
    Contents,
    ImageContents,
    IterationContents,
    PublicationContents,
    SnapshotImageContents,
    SnapshotTagContents,
    TagContents,
    TrainingContents,
)
from cvcore.store.publications import Publication, Publications
from cvcore.store.trainings import Trainings

_IMAGES = """
    select id, sha256, name, created_at, in_workspace,
        exists (select 1 from test_images where image_id = images.id) as is_test,
        exists (select 1 from erased_images where image_id = images.id) as is_erased
    from images where project_id = :project and (in_workspace = 1 or id in (
        select image_id from iteration_images join iterations on iterations.id = iteration_id
        where project_id = :project and status = 'Completed'))
    order by created_at, id
"""


@dataclass(frozen=True)
class Measured:
    """What is known of a picture by looking at its file."""

    width: int
    height: int
    size_bytes: int
    signature: bytes


# Nothing is known of a picture whose file is gone, and nothing will be asked.
_ERASED = Measured(0, 0, 0, b"")


class WholeProjects:
    """Reads and writes all of a project but trainings under way, predictions, origins and doubts that were settled."""

    def __init__(self, connections: Connections, iterations: Iterations, publications: Publications) -> None:
        self._db = connections
        self._iterations = iterations
        self._publications = publications
        self._metadata = Metadata(connections)
        self._trainings = Trainings(connections)

    def read(self, project: Project) -> Contents:
        """All of it at one moment; pictures the oldest first, iterations by number."""
        with self._db.transaction():
            pictures = self._db.rows(_IMAGES, {"project": project.id})
            place = {row["id"]: at for at, row in enumerate(pictures)}
            trained = reversed(self._iterations.trained(project.id))
            return Contents(
                name=project.name,
                description=project.description,
                classification_type=project.classification_type,
                domain_id=project.domain_id,
                created_at=project.created_at,
                settings=project.settings,
                tags=tuple(self._tags(project.id)),
                images=tuple(self._images(pictures)),
                iterations=tuple(self._iteration(each, place) for each in trained),
            )

    def add(self, project: Project, contents: Contents, measured: Mapping[str, Measured]) -> dict[int, str]:
        """Give an empty project all of it, each thing with a new id; the iterations' ids by their numbers.

        `measured` tells of each picture that is not erased by its SHA-256.
        """
        keys: dict[str, str] = defaultdict(lambda: str(uuid.uuid4()))
        with self._db.transaction():
            for tag in contents.tags:
                row = {"name": tag.name, "kind": tag.kind, "created_at": tag.created_at.isoformat()}
                self._db.insert("tags", {"id": keys[tag.key], "project_id": project.id, **row})
                if tag.description:
                    self._db.insert("tag_descriptions", {"tag_id": keys[tag.key], "description": tag.description})
            images = [
                self._add_image(project.id, image, measured.get(image.sha256, _ERASED), keys)
                for image in contents.images
            ]
            return {each.number: self._add_iteration(project.id, each, images, keys) for each in contents.iterations}

    def measured(self, project_id: str) -> dict[str, Measured]:
        """What is known of each picture of a project, by its SHA-256."""
        columns = "sha256, width, height, size_bytes, signature"
        rows = self._db.rows(f"select {columns} from images where project_id = ?", [project_id])
        return {row.pop("sha256"): Measured(**row) for row in rows}

    def _tags(self, project_id: str) -> list[TagContents]:
        rows = self._db.rows(
            """select tags.*, (select description from tag_descriptions where tag_id = tags.id) as description
               from tags where project_id = ? order by created_at, id""",
            [project_id],
        )
        return [
            TagContents(
                key=row["id"],
                name=row["name"],
                kind=row["kind"],
                created_at=datetime.fromisoformat(row["created_at"]),
                description=row["description"] or "",
            )
            for row in rows
        ]

    def _images(self, rows: list[Row]) -> list[ImageContents]:
        ids = [row["id"] for row in rows]
        metadata = self._metadata.of_images(ids)
        tags: dict[str, list[str]] = defaultdict(list)
        for row in self._db.rows(
            "select image_id, tag_id from image_tags where image_id in (select value from json_each(?)) order by rowid",
            [json.dumps(ids)],
        ):
            tags[row["image_id"]].append(row["tag_id"])
        return [
            ImageContents(
                sha256=row["sha256"],
                name=row["name"],
                created_at=datetime.fromisoformat(row["created_at"]),
                in_workspace=bool(row["in_workspace"]),
                is_test=bool(row["is_test"]),
                is_erased=bool(row["is_erased"]),
                tags=tuple(tags[row["id"]]),
                metadata=metadata.get(row["id"], {}),
            )
            for row in rows
        ]

    def _iteration(self, each: Iteration, place: Mapping[str, int]) -> IterationContents:
        tags = self._iterations.tags(each.id)
        same = {
            field.name: getattr(each, field.name)
            for field in dataclasses.fields(IterationContents)
            if hasattr(each, field.name)
        }
        return IterationContents(
            **same,
            snapshot=self._iterations.snapshot_digest(each.id),
            tags=tuple(SnapshotTagContents(tag.tag_id, tag.name, _kind(tag.kind)) for tag in tags),
            images=tuple(
                SnapshotImageContents(place[image.image_id], image.columns, image.is_test)
                for image in self._iterations.images(each.id)
            ),
            publications=tuple(
                PublicationContents(name.name, name.resource)
                for name in reversed(self._publications.of_iteration(each.id))
            ),
            training=self._training(each.id),
        )

    def _add_image(self, project_id: str, image: ImageContents, measured: Measured, keys: dict[str, str]) -> str:
        image_id = str(uuid.uuid4())
        row: Row = {"sha256": image.sha256, "name": image.name, "created_at": image.created_at.isoformat()}
        row |= {"in_workspace": int(image.in_workspace), **dataclasses.asdict(measured)}
        self._db.insert("images", {"id": image_id, "project_id": project_id, **row})
        if image.is_erased:
            self._db.insert("erased_images", {"image_id": image_id})
        if image.in_workspace:
            for key in image.tags:
                self._db.insert("image_tags", {"image_id": image_id, "tag_id": keys[key]})
            if image.is_test:
                self._db.insert("test_images", {"image_id": image_id})
        self._metadata.put([image_id], image.metadata)
        return image_id

    def _add_iteration(self, project_id: str, each: IterationContents, images: list[str], keys: dict[str, str]) -> str:
        iteration_id = str(uuid.uuid4())
        row: dict[str, Any] = {
            name: getattr(each, name)
            for name in ("number", "name", "classification_type", "domain_id", "snapshot", "backbone", "fingerprint")
        }
        row |= {"note": each.note, "seconds": json.dumps(each.seconds), "status": "Completed"}
        for name in ("evaluation", "scores"):
            if (value := getattr(each, name)) is not None:
                row[name] = json.dumps(dataclasses.asdict(value))
        row |= {"created_at": each.created_at.isoformat(), "trained_at": each.trained_at.isoformat()}
        self._db.insert("iterations", {"id": iteration_id, "project_id": project_id, **row})
        self._add_snapshot(iteration_id, each, images, keys)
        if each.thresholds is not None:
            self._iterations.set_thresholds(iteration_id, each.thresholds)
        if each.training:
            self._add_training(iteration_id, each.training)
        for told in each.publications:
            self._publications.put(project_id, Publication(told.name, iteration_id, told.resource))
        return iteration_id

    def _training(self, iteration_id: str) -> TrainingContents | None:
        outcome, options = self._trainings.outcome(iteration_id), self._trainings.options(iteration_id)
        if outcome is None:
            return None
        return TrainingContents(options.budget_minutes, outcome, tuple(self._trainings.rounds(iteration_id)))

    def _add_training(self, iteration_id: str, told: TrainingContents) -> None:
        self._trainings.add(iteration_id, TrainingOptions(is_advanced=True, budget_minutes=told.budget_minutes))
        self._trainings.finish(iteration_id, told.outcome)
        for position, each in enumerate(told.rounds):
            self._trainings.report(iteration_id, position, each)

    def _add_snapshot(
        self, iteration_id: str, each: IterationContents, images: list[str], keys: dict[str, str]
    ) -> None:
        write = self._db.connection.executemany
        write(
            "insert into iteration_tags values (?, ?, ?, ?, ?)",
            [(iteration_id, place, keys[tag.key], tag.name, tag.kind) for place, tag in enumerate(each.tags)],
        )
        write(
            "insert into iteration_images values (?, ?, ?, ?)",
            [
                (iteration_id, place, images[image.image], json.dumps(sorted(image.columns)))
                for place, image in enumerate(each.images)
            ],
        )
        write(
            "insert into iteration_test_images values (?, ?)",
            [(iteration_id, place) for place, image in enumerate(each.images) if image.is_test],
        )


def _kind(text: str) -> Any:
    """A tag's kind, which the database holds to the two there are."""
    return text
