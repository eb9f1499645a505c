"""All that a project is, as records and as the `project.json` of a project zip.

Nothing in it has an id: pictures go by their place in the list, tags by a key that holds within the file, so that
whoever reads it gives ids of his own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cvcore.records import (
    MULTICLASS,
    ClassificationType,
    Evaluation,
    ProjectSettings,
    Scores,
    TagKind,
    Thresholds,
    TuningEpoch,
    TuningOutcome,
)


@dataclass(frozen=True)
class TagContents:
    """A tag of the workspace; `key` tells it from others, those of iterations among them."""

    key: str
    name: str
    kind: TagKind
    created_at: datetime
    description: str


@dataclass(frozen=True)
class ImageContents:
    """A picture of the workspace or of an iteration; `tags` are keys, in the order given. Erased, it has no file."""

    sha256: str
    name: str
    created_at: datetime
    in_workspace: bool
    is_test: bool
    is_erased: bool
    tags: tuple[str, ...]
    metadata: dict[str, str]


@dataclass(frozen=True)
class SnapshotTagContents:
    """A tag as it was called when the snapshot was taken; its key may be of a tag that is gone."""

    key: str
    name: str
    kind: TagKind


@dataclass(frozen=True)
class SnapshotImageContents:
    """A picture of the snapshot: its place among the project's, the places of its tags among the snapshot's."""

    image: int
    columns: tuple[int, ...]
    is_test: bool


@dataclass(frozen=True)
class PublicationContents:
    """A name that an iteration answers to."""

    name: str
    resource: str


@dataclass(frozen=True)
class IterationContents:
    """A trained iteration but for its arrays; fields as in `records.Iteration`."""

    number: int
    name: str
    classification_type: ClassificationType
    domain_id: str
    snapshot: str
    backbone: str
    fingerprint: str
    note: str
    evaluation: Evaluation | None
    scores: Scores | None
    seconds: dict[str, float]
    thresholds: Thresholds | None
    created_at: datetime
    trained_at: datetime
    tags: tuple[SnapshotTagContents, ...]
    images: tuple[SnapshotImageContents, ...]
    publications: tuple[PublicationContents, ...]
    training: TrainingContents | None = None

    @property
    def columns(self) -> int:
        """How many tags have a column in its arrays: in Multilabel all but the negative one."""
        return sum(self.classification_type == MULTICLASS or tag.kind != "Negative" for tag in self.tags)


@dataclass(frozen=True)
class Contents:
    """A project."""

    name: str
    description: str
    classification_type: ClassificationType
    domain_id: str
    created_at: datetime
    settings: ProjectSettings
    tags: tuple[TagContents, ...]
    images: tuple[ImageContents, ...]
    iterations: tuple[IterationContents, ...]


@dataclass(frozen=True)
class TrainingContents:
    """Its budget, what came of it, and its rounds. What tags cost and where it started stay at home."""

    budget_minutes: float
    outcome: TuningOutcome
    rounds: tuple[TuningEpoch, ...]
