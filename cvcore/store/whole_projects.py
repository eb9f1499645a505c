"""Reads all rows of a project as one record, and writes such a record with new ids."""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast

from cvcore.records import Iteration, Project, TrainingOptions
from cvcore.store.database import Connections, Row, new_id
from cvcore.store.iterations import Iterations
from cvcore.store.project_contents import (
    Contents,
    FactContents,
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
    """Values from an image's file: upright width and height in pixels, size, and the signature for near duplicates."""

    width: int
    height: int
    size_bytes: int
    signature: bytes


# An erased image has no file, and these values are never used.
_ERASED = Measured(0, 0, 0, b"")


class ImageTexts(Protocol):
    """Texts of images by key: `store.metadata` and `store.image_facts`."""

    def put(self, image_ids: Sequence[str], values: Mapping[str, str]) -> None:
        """Set these keys for every image."""

    def of_images(self, image_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """Keys and values by image id."""


class FileOrigins(Protocol):
    """What was read of files: `store.file_facts`."""

    def origins(self, digests: Sequence[str]) -> dict[str, tuple[str, str, str]]:
        """The kind of file, the camera and the day, by SHA-256."""


class WholeProjects:
    """Reads and writes a project without its running trainings, predictions, origins and dismissed label issues."""

    def __init__(
        self,
        connections: Connections,
        iterations: Iterations,
        publications: Publications,
        *,
        metadata: ImageTexts,
        facts: ImageTexts,
        files: FileOrigins,
    ) -> None:
        self._db = connections
        self._iterations = iterations
        self._publications = publications
        self._metadata = metadata
        self._facts = facts
        self._files = files
        self._trainings = Trainings(connections)

    def read(self, project: Project) -> Contents:
        """A project's contents, read in one transaction; the oldest images first, iterations by number."""
        with self._db.transaction():
            images = self._db.rows(_IMAGES, {"project": project.id})
            positions = {row["id"]: position for position, row in enumerate(images)}
            trained = reversed(self._iterations.trained(project.id))
            return Contents(
                name=project.name,
                description=project.description,
                classification_type=project.classification_type,
                domain_id=project.domain_id,
                created_at=project.created_at,
                settings=project.settings,
                tags=tuple(self._tags(project.id)),
                images=tuple(self._images(images)),
                iterations=tuple(self._iteration(iteration, positions) for iteration in trained),
            )

    def add(self, project: Project, contents: Contents, measured: Mapping[str, Measured]) -> dict[int, str]:
        """Write contents into an empty project, with new ids; returns the iterations' ids by their numbers.

        `measured` must have every image that is not erased, by its SHA-256.
        """
        # The new id of each tag, by its key; a tag that only iterations have gets its id at the first access.
        tag_ids: dict[str, str] = defaultdict(new_id)
        with self._db.transaction():
            for tag in contents.tags:
                row = {"name": tag.name, "kind": tag.kind, "created_at": tag.created_at.isoformat()}
                self._db.insert("tags", {"id": tag_ids[tag.key], "project_id": project.id, **row})
                if tag.description:
                    self._db.insert("tag_descriptions", {"tag_id": tag_ids[tag.key], "description": tag.description})
            image_ids = [
                self._add_image(project.id, image, measured.get(image.sha256, _ERASED), tag_ids)
                for image in contents.images
            ]
            return {
                iteration.number: self._add_iteration(project.id, iteration, image_ids, tag_ids)
                for iteration in contents.iterations
            }

    def measured(self, project_id: str) -> dict[str, Measured]:
        """The `Measured` values of each image of a project, by its SHA-256."""
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
        metadata, facts = self._metadata.of_images(ids), self._facts.of_images(ids)
        origins = self._files.origins([row["sha256"] for row in rows])
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
                facts=_facts(facts.get(row["id"], {}), origins.get(row["sha256"], ("", "", ""))),
            )
            for row in rows
        ]

    def _iteration(self, iteration: Iteration, positions: Mapping[str, int]) -> IterationContents:
        tags = self._iterations.tags(iteration.id)
        images = self._iterations.images(iteration.id)
        return IterationContents(
            number=iteration.number,
            name=iteration.name,
            classification_type=iteration.classification_type,
            domain_id=iteration.domain_id,
            snapshot=self._iterations.snapshot_digest(iteration.id),
            backbone=iteration.backbone,
            fingerprint=iteration.fingerprint,
            note=iteration.note,
            evaluation=iteration.evaluation,
            scores=iteration.scores,
            seconds=iteration.seconds,
            thresholds=iteration.thresholds,
            created_at=iteration.created_at,
            trained_at=cast("datetime", iteration.trained_at),  # a trained iteration has one
            tags=tuple(SnapshotTagContents(tag.tag_id, tag.name, tag.kind) for tag in tags),
            images=tuple(
                SnapshotImageContents(positions[image.image_id], image.columns, image.is_test) for image in images
            ),
            publications=tuple(
                PublicationContents(publication.name, publication.resource)
                for publication in reversed(self._publications.of_iteration(iteration.id))
            ),
            training=self._training(iteration.id),
        )

    def _training(self, iteration_id: str) -> TrainingContents | None:
        outcome, options = self._trainings.outcome(iteration_id), self._trainings.options(iteration_id)
        if outcome is None:
            return None
        return TrainingContents(options.budget_minutes, outcome, tuple(self._trainings.epochs(iteration_id)))

    def _add_image(self, project_id: str, image: ImageContents, measured: Measured, tag_ids: dict[str, str]) -> str:
        image_id = new_id()
        created_at = image.created_at.isoformat()
        row: Row = {"sha256": image.sha256, "name": image.name, "created_at": created_at}
        row |= {"in_workspace": int(image.in_workspace), **dataclasses.asdict(measured)}
        self._db.insert("images", {"id": image_id, "project_id": project_id, **row})
        if image.is_erased:
            self._db.insert("erased_images", {"image_id": image_id})
        if image.in_workspace:
            listed: Row = {"image_id": image_id, "image_created_at": created_at}
            for key in image.tags:
                self._db.insert("image_tags", {"tag_id": tag_ids[key], **listed})
            if image.is_test:
                self._db.insert("test_images", {"project_id": project_id, **listed})
        self._metadata.put([image_id], image.metadata)
        origin = {"folder": image.facts.folder, "upload": image.facts.upload}
        self._facts.put([image_id], {key: value for key, value in origin.items() if value})
        return image_id

    def _add_iteration(
        self, project_id: str, iteration: IterationContents, image_ids: list[str], tag_ids: dict[str, str]
    ) -> str:
        iteration_id = new_id()
        row: Row = {
            name: getattr(iteration, name)
            for name in ("number", "name", "classification_type", "domain_id", "snapshot", "backbone", "fingerprint")
        }
        row |= {"note": iteration.note, "seconds": json.dumps(iteration.seconds), "status": "Completed"}
        if iteration.evaluation is not None:
            row["evaluation"] = json.dumps(dataclasses.asdict(iteration.evaluation))
        if iteration.scores is not None:
            row["scores"] = json.dumps(dataclasses.asdict(iteration.scores))
        row |= {"created_at": iteration.created_at.isoformat(), "trained_at": iteration.trained_at.isoformat()}
        self._db.insert("iterations", {"id": iteration_id, "project_id": project_id, **row})
        self._add_snapshot(iteration_id, iteration, image_ids, tag_ids)
        if iteration.thresholds is not None:
            self._iterations.set_thresholds(iteration_id, iteration.thresholds)
        if iteration.training:
            self._add_training(iteration_id, iteration.training)
        for publication in iteration.publications:
            self._publications.put(project_id, Publication(publication.name, iteration_id, publication.resource))
        return iteration_id

    def _add_training(self, iteration_id: str, training: TrainingContents) -> None:
        self._trainings.add(iteration_id, TrainingOptions(is_advanced=True, budget_minutes=training.budget_minutes))
        self._trainings.set_outcome(iteration_id, training.outcome)
        for position, epoch in enumerate(training.rounds):
            self._trainings.put_epoch(iteration_id, position, epoch)

    def _add_snapshot(
        self, iteration_id: str, iteration: IterationContents, image_ids: list[str], tag_ids: dict[str, str]
    ) -> None:
        write = self._db.connection.executemany
        write(
            "insert into iteration_tags values (?, ?, ?, ?, ?)",
            [
                (iteration_id, position, tag_ids[tag.key], tag.name, tag.kind)
                for position, tag in enumerate(iteration.tags)
            ],
        )
        write(
            "insert into iteration_images values (?, ?, ?, ?)",
            [
                (iteration_id, position, image_ids[image.image], json.dumps(sorted(image.columns)))
                for position, image in enumerate(iteration.images)
            ],
        )
        write(
            "insert into iteration_test_images values (?, ?)",
            [(iteration_id, position) for position, image in enumerate(iteration.images) if image.is_test],
        )


def _facts(of_image: Mapping[str, str], of_file: tuple[str, str, str]) -> FactContents:
    _, camera, day = of_file
    return FactContents(of_image.get("folder", ""), of_image.get("upload", ""), camera, day)
