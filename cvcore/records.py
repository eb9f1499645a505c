"""Tagwise's records, all frozen: projects, tags, images, iterations, trainings, predictions, jobs.

Times are aware UTC datetimes, ids UUID texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

ClassificationType = Literal["Multiclass", "Multilabel"]
TagKind = Literal["Regular", "Negative"]
IterationStatus = Literal["Training", "Completed", "Failed"]
JobKind = Literal["train", "embed", "facts", "learning-curve", "robustness", "map", "next-steps"]
EvaluationMethod = Literal["k-fold", "hold-out", "test-set"]
JobStatus = Literal["queued", "running", "done", "failed", "cancelled"]

EndReason = Literal["converged", "budget", "asked"]

# What a classifier gets of an image: the network's embedding, that of several views of the image, or that and the
# built-in network's embedding beside it.
EmbeddingKind = Literal["plain", "views", "views-and-built-in"]

# Bounds of values read from a project zip; they are checked only there. Names have 1 to 128 letters, see `names`.
Rate = Annotated[float, Meta(ge=0, le=1)]
Amount = Annotated[float, Meta(ge=0, le=1e9)]
Count = Annotated[int, Meta(ge=0, le=10**9)]
ShortText = Annotated[str, Meta(max_length=128)]

# One threshold for all tags, or one per tag in the order of an iteration's columns; 0..1.
Thresholds = Rate | Annotated[tuple[Rate, ...], Meta(max_length=10_000)]

MULTICLASS: ClassificationType = "Multiclass"
MULTILABEL: ClassificationType = "Multilabel"

K_FOLD: EvaluationMethod = "k-fold"
HOLD_OUT: EvaluationMethod = "hold-out"
TEST_SET: EvaluationMethod = "test-set"
EVALUATION_METHODS: tuple[EvaluationMethod, ...] = (K_FOLD, HOLD_OUT, TEST_SET)

PLAIN: EmbeddingKind = "plain"
VIEWS: EmbeddingKind = "views"
VIEWS_AND_BUILT_IN: EmbeddingKind = "views-and-built-in"
EMBEDDING_KINDS: tuple[EmbeddingKind, ...] = (PLAIN, VIEWS, VIEWS_AND_BUILT_IN)


@dataclass(frozen=True)
class ProjectSettings:
    """Settings that programs store with a project through the API, and read again.

    Entries of `augmentation_methods` with the name of a transform turn that transform on or off in Advanced trainings
    that the API starts. The other entries and `target_export_platforms` have no effect.
    """

    target_export_platforms: Annotated[tuple[ShortText, ...], Meta(max_length=64)] = ()
    augmentation_methods: Annotated[tuple[tuple[ShortText, bool], ...], Meta(max_length=64)] = ()


@dataclass(frozen=True)
class Project:
    """A set of images, its tags, and the iterations trained from them."""

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
    """A label that images can carry; `image_count` counts the workspace's images with it."""

    id: str
    project_id: str
    name: str
    kind: TagKind
    created_at: datetime
    image_count: int = 0
    description: str = ""


@dataclass(frozen=True)
class Image:
    """A stored image: upright width and height in pixels, size as uploaded, tag ids in the order they were added.

    A test image (`is_test`) is kept for testing and never trained on.
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
    """How an iteration is evaluated: the method, the number of folds (0 before it is trained) and their random seed.

    "k-fold": all images, each by a classifier that was not trained on it. "hold-out": one image in five, held out by
    Tagwise, by the final classifier. "test-set": the user's own test images, by the final classifier.
    """

    method: EvaluationMethod
    folds: Annotated[int, Meta(ge=0, le=1000)]
    seed: Annotated[int, Meta(ge=0, le=2**31)]


@dataclass(frozen=True)
class TrainingOptions:
    """The options of a training; the defaults are Quick: a classifier on a network that is not changed.

    Advanced also fine-tunes the network's last layers, for at most `budget_minutes`, on images augmented by the
    `transforms` with these names (None: the domain's own). `embedding` is what the classifier gets of an image; no
    view is mirrored if "mirror" is not among the transforms. `costs` are pairs of tag id and weight; a tag that is not
    listed has weight 1, and missing a tag of cost 3 counts three times. `start_from` is the id of the iteration whose
    network the training starts from (empty: the domain's network). `notify_url` gets a webhook when the training ends.
    Images with the same value of `group_key` are kept in one fold, like near duplicates (empty: near duplicates alone).
    """

    is_advanced: bool = False
    budget_minutes: float = 10.0
    transforms: tuple[str, ...] | None = None
    costs: tuple[tuple[str, float], ...] = ()
    start_from: str = ""
    notify_url: str = ""
    embedding: EmbeddingKind = PLAIN
    group_key: str = ""


# The options of a training for which nothing was chosen, and of an Advanced one.
QUICK = TrainingOptions()
ADVANCED = TrainingOptions(is_advanced=True, embedding=VIEWS_AND_BUILT_IN)


@dataclass(frozen=True)
class TuningEpoch:
    """An epoch of Advanced training, in which every fold's network trains on each of its images about once.

    `number` is that of the epoch, from 1. `loss` is over the training images, `validation_loss` over the images on
    which each fold's network does not train, after temperature scaling; both are in nats. `right` is the share of
    evaluated images whose tags are all right at 0.5, None if no images are evaluated.
    """

    # Projects' zips and the database store these names. `attempt` is 1; in an older Tagwise it is the number of a run.

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
    """The outcome of Advanced training, compared with Quick on the same images, folds and tags.

    `images` were evaluated; `right` of them had all tags right at 0.5, with Quick, its probabilities scaled in the same
    way, `quick_right`. `p_value` is McNemar's, over groups of near duplicates. `rounds` counts the epochs; `attempts`
    is 1, in an older Tagwise the number of runs. `ended` says why it ended: the schedule was done ("converged"), the
    time was up ("budget") or a user ended it ("asked").
    """

    # The field names and the values of `ended` are stored in projects' zips and in the database.

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
    """One training: an immutable snapshot of images and tags, and the head that was trained on it.

    `backbone` names the network that was used and `fingerprint` its weights; `note` says in words why it is not the
    domain's own, or is empty. `scores` are at threshold 0.5; `error` says why a training failed. `thresholds` are the
    saved ones, or None.
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
    """A stored prediction of an iteration for an image, the highest probability first.

    `application` is the calling program's name for itself, or empty.
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
    """An image and a tag that it probably carries wrongly (`carried`), or wrongly lacks."""

    image_id: str
    tag_id: str
    carried: bool


@dataclass(frozen=True)
class Job:
    """A job for the worker; `progress` is 0..1, and `stage` says in words what the job does now."""

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
