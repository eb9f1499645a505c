"""A whole project as records, written as the `project.json` of a project zip and read from it.

It contains no ids: images are referred to by their position in the list, tags by a key that is unique within the file.
New ids are given when it is read. The bounds in the types are checked when a project.json is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from cvcore import names
from cvcore.records import (
    MULTICLASS,
    Amount,
    ClassificationType,
    Evaluation,
    ProjectSettings,
    Scores,
    ShortText,
    TagKind,
    Thresholds,
    TuningEpoch,
    TuningOutcome,
)

IMAGES, TAGS, ITERATIONS = 200_000, 10_000, 10_000

Key = Annotated[str, Meta(max_length=64)]
LongText = Annotated[str, Meta(max_length=1000)]
Description = Annotated[str, Meta(max_length=names.DESCRIPTION_LETTERS)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Fingerprint = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
OneLine = Annotated[str, Meta(max_length=1000, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z")]
Day = Annotated[str, Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?\Z")]
Moment = Annotated[datetime, Meta(tz=True)]
Position = Annotated[int, Meta(ge=0)]


@dataclass(frozen=True)
class TagContents:
    """A tag of the workspace; `key` is unique among all tags in the file, including those of iterations."""

    key: Key
    name: LongText
    kind: TagKind
    created_at: Moment
    description: Description


@dataclass(frozen=True)
class FactContents:
    """Where an image came from, empty where unknown; camera and day are lost in a photo that was stored smaller."""

    folder: OneLine = ""
    upload: OneLine = ""
    camera: OneLine = ""
    day: Day = ""


@dataclass(frozen=True)
class ImageContents:
    """An image of the workspace or of an iteration; `tags` are tags' keys in order. An erased image has no file.

    Zips of older versions have no `facts`.
    """

    sha256: Sha256
    name: LongText
    created_at: Moment
    in_workspace: bool
    is_test: bool
    is_erased: bool
    tags: tuple[Key, ...]
    metadata: Annotated[dict[LongText, LongText], Meta(max_length=1000)]
    facts: FactContents = FactContents()


@dataclass(frozen=True)
class SnapshotTagContents:
    """A tag with its name when the snapshot was taken; the tag with its key may have been deleted since."""

    key: Key
    name: ShortText
    kind: TagKind


@dataclass(frozen=True)
class SnapshotImageContents:
    """An image of the snapshot: its position among the project's images, its tags' positions in the snapshot's tags."""

    image: Position
    columns: tuple[Position, ...]
    is_test: bool


@dataclass(frozen=True)
class PublicationContents:
    """A name under which an iteration is published."""

    name: LongText
    resource: LongText


@dataclass(frozen=True)
class IterationContents:
    """A trained iteration without its arrays; fields as in `records.Iteration`."""

    number: Annotated[int, Meta(ge=1, le=2**31)]
    name: LongText
    classification_type: ClassificationType
    domain_id: LongText
    snapshot: Key
    backbone: ShortText
    fingerprint: Fingerprint
    note: Description
    evaluation: Evaluation | None
    scores: Scores | None
    seconds: Annotated[dict[Key, Amount], Meta(max_length=20)]
    thresholds: Thresholds | None
    created_at: Moment
    trained_at: Moment
    tags: Annotated[tuple[SnapshotTagContents, ...], Meta(max_length=TAGS)]
    images: Annotated[tuple[SnapshotImageContents, ...], Meta(max_length=IMAGES)]
    publications: Annotated[tuple[PublicationContents, ...], Meta(max_length=100)]
    training: TrainingContents | None = None

    @property
    def columns(self) -> int:
        """How many tags have a column in its arrays: all, but in Multilabel without the negative tag."""
        return sum(self.classification_type == MULTICLASS or tag.kind != "Negative" for tag in self.tags)


@dataclass(frozen=True)
class Contents:
    """A project: its workspace and its trained iterations."""

    name: LongText
    description: Description
    classification_type: ClassificationType
    domain_id: LongText
    created_at: Moment
    settings: ProjectSettings
    tags: Annotated[tuple[TagContents, ...], Meta(max_length=TAGS)]
    images: Annotated[tuple[ImageContents, ...], Meta(max_length=IMAGES)]
    iterations: Annotated[tuple[IterationContents, ...], Meta(max_length=ITERATIONS)]


@dataclass(frozen=True)
class TrainingContents:
    """An Advanced training: its budget, outcome and epochs.

    The costs of tags and the iteration that it started from are left out. `rounds` are the epochs, by their name in
    project.json.
    """

    budget_minutes: Amount
    outcome: TuningOutcome
    rounds: Annotated[tuple[TuningEpoch, ...], Meta(max_length=100_000)]
