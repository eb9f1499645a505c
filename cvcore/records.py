"""The things Tagwise speaks of, as frozen records. Times are aware UTC datetimes, ids UUID texts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

ClassificationType = Literal["Multiclass", "Multilabel"]
TagKind = Literal["Regular", "Negative"]
IterationStatus = Literal["Training", "Completed", "Failed"]
JobKind = Literal["train", "embed"]
EvaluationMethod = Literal["k-fold", "hold-out", "test-set"]
JobStatus = Literal["queued", "running", "done", "failed", "cancelled"]

EndReason = Literal["converged", "budget", "asked"]

# Bounds of what comes out of a project zip; nothing else checks them. Names are 1 to 128 letters, see `names`.
Rate = Annotated[float, Meta(ge=0, le=1)]
Amount = Annotated[float, Meta(ge=0, le=1e9)]
Count = Annotated[int, Meta(ge=0, le=10**9)]
ShortText = Annotated[str, Meta(max_length=128)]

# One threshold for all tags, or one a tag in the order of an iteration's columns; 0..1.
Thresholds = Rate | Annotated[tuple[Rate, ...], Meta(max_length=10_000)]

MULTICLASS: ClassificationType = "Multiclass"
MULTILABEL: ClassificationType = "Multilabel"

K_FOLD: EvaluationMethod = "k-fold"
HOLD_OUT: EvaluationMethod = "hold-out"
TEST_SET: EvaluationMethod = "test-set"
EVALUATION_METHODS: tuple[EvaluationMethod, ...] = (K_FOLD, HOLD_OUT, TEST_SET)


@dataclass(frozen=True)
class ProjectSettings:
    """What programs note of a project and ask for again.

    Of `augmentation_methods` those that bear the name of a transform of ours turn it on or off in Advanced training
    that the API starts; nothing else follows from what is noted.
    """

    target_export_platforms: Annotated[tuple[ShortText, ...], Meta(max_length=64)] = ()
    augmentation_methods: Annotated[tuple[tuple[ShortText, bool], ...], Meta(max_length=64)] = ()


@dataclass(frozen=True)
class Project:
    """A set of pictures, its tags, and the iterations trained from them."""

    id: str
    name: str
    description: str
    classification_type: ClassificationType
    domain_id: str
    created_at: datetime
    modified_at: datetime
    settings: ProjectSettings = ProjectSettings()


@dataclass(frozen=True)
class Tag:
    """A name that pictures can carry; `image_count` counts the workspace's."""

    id: str
    project_id: str
    name: str
    kind: TagKind
    created_at: datetime
    image_count: int = 0
    description: str = ""


@dataclass(frozen=True)
class Image:
    """A stored picture: upright width and height in pixels, bytes as uploaded, tag ids in the order given.

    One that `is_test` is kept for testing and never trains.
    """

    id: str
    project_id: str
    sha256: str
    name: str
    width: int
    height: int
    size_bytes: int
    created_at: datetime
    tag_ids: tuple[str, ...] = ()
    is_test: bool = False


@dataclass(frozen=True)
class Scores:
    """Overall precision, recall, F1 and average precision, 0..1; None where undefined."""

    precision: Rate | None
    recall: Rate | None
    f1: Rate | None
    average_precision: Rate | None


@dataclass(frozen=True)
class Evaluation:
    """How an iteration is judged: the method, its number of folds, 0 before it is trained, and the seed that drew them.

    "k-fold": each picture by a classifier that did not see it. "hold-out": one picture in five, kept aside by
    Tagwise, and "test-set": the user's own test pictures, both by the very classifier that is shipped.
    """

    method: EvaluationMethod
    folds: Annotated[int, Meta(ge=0, le=1000)]
    seed: Annotated[int, Meta(ge=0, le=2**31)]


@dataclass(frozen=True)
class TrainingOptions:
    """How a training goes about it; as it stands, Quick: a classifier on a network that stays as it is.

    Advanced trains the network's own last layers too, for at most `budget_minutes`, on pictures seen otherwise by the
    `transforms` of these names, None for the domain's own. `costs` weighs tags, by their ids, where all weigh 1: a tag
    of 3 is missed a third as readily. `start_from` is the id of the iteration whose network training begins with,
    empty for the domain's. `notify_url` is told when the training ends.
    """

    is_advanced: bool = False
    budget_minutes: float = 10.0
    transforms: tuple[str, ...] | None = None
    costs: tuple[tuple[str, float], ...] = ()
    start_from: str = ""
    notify_url: str = ""


@dataclass(frozen=True)
class TuningEpoch:
    """One round of Advanced training, in which the networks of all folds see their pictures about once.

    `attempt` and `number` count from 1. `loss` is over the pictures that train, mixed and with their tags smoothed,
    `validation_loss` over those that each fold's training keeps aside to choose the best round, as sure as suits best;
    both are in nats. `right` is the share of judged pictures that are answered wholly right at 0.5, which decides
    nothing and is None where none are judged.
    """

    attempt: Count
    number: Count
    learning_rate: Amount
    loss: Amount
    validation_loss: Amount
    right: Rate | None
    images_per_s: Amount
    seconds: Amount


@dataclass(frozen=True)
class TuningOutcome:
    """What came of Advanced training, beside Quick on the same pictures, folds and tags.

    Of `images` judged, `right` and `quick_right` were answered wholly right at 0.5; `p_value` is McNemar's, over
    groups of near duplicates. `ended` says why it ended: "converged", "budget" or "asked". `device` is cpu or gpu.
    """

    images: Count
    right: Count
    quick_right: Count
    p_value: Rate
    attempts: Annotated[int, Meta(ge=1, le=10**9)]
    rounds: Count
    seconds: Amount
    ended: EndReason
    device: Literal["cpu", "gpu"]


@dataclass(frozen=True)
class Iteration:
    """One training: an immutable snapshot of pictures and tags, and the head that came of it.

    `backbone` names the network that really ran and `fingerprint` its weights; `note` says in words why it
    is not the domain's own, or is empty. `scores` are at threshold 0.5; `error` says why a training failed.
    `thresholds` are those that were saved with it, None where none are.
    """

    id: str
    project_id: str
    number: int
    name: str
    status: IterationStatus
    classification_type: ClassificationType
    domain_id: str
    backbone: str
    fingerprint: str
    note: str
    evaluation: Evaluation | None
    scores: Scores | None
    seconds: dict[str, float]
    image_count: int
    tag_count: int
    error: str
    created_at: datetime
    trained_at: datetime | None
    thresholds: Thresholds | None = None


@dataclass(frozen=True)
class Prediction:
    """One tag's probability, 0..1."""

    tag: str
    kind: str
    probability: float
    tag_id: str = ""


@dataclass(frozen=True)
class StoredPrediction:
    """What an iteration once said of a picture, the highest probability first.

    `application` is what the asking program called itself, or empty.
    """

    id: str
    project_id: str
    iteration_id: str
    application: str
    sha256: str
    predictions: tuple[Prediction, ...]
    created_at: datetime


@dataclass(frozen=True)
class LabelIssue:
    """A picture and a tag that may be wrongly on it, where it is `carried`, or wrongly missing."""

    image_id: str
    tag_id: str
    carried: bool


@dataclass(frozen=True)
class Job:
    """Work for the worker; `progress` is 0..1 and `stage` what it does now, in words."""

    id: int
    kind: JobKind
    project_id: str
    iteration_id: str | None
    status: JobStatus
    stage: str
    progress: float
    error: str
    cancel_requested: bool
    attempts: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_active(self) -> bool:
        """Waiting or running."""
        return self.status in ("queued", "running")
