"""Kept predictions in the order to review them: each image once, with its answer, the most useful first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from cvcore import evaluation, prediction
from cvcore.active_learning import acquisition, novelty
from cvcore.prediction import history
from cvcore.records import MULTICLASS, MULTILABEL, Iteration, Prediction, Project, StoredPrediction
from cvcore.store import Store

Order = Literal["useful", "newest", "oldest"]

# How many predictions are searched, the newest.
LATEST = 2000


@dataclass(frozen=True)
class QueueFilter:
    """Which predictions to list.

    tag: the name of a tag that the image would be added with. has_answer: False for images without an answer, None
    for all. low and high: 0..1, inclusive bounds for the probability of `tag`, or of the most probable tag if it is
    None.
    """

    order: Order = "useful"
    iteration_id: str | None = None
    tag: str | None = None
    has_answer: bool | None = None
    low: float = 0.0
    high: float = 1.0
    since: datetime | None = None


@dataclass(frozen=True)
class QueuedImage:
    """An image with its last kept prediction.

    answer: the tags that the iteration predicts at its own threshold, can be empty. tags: the answer or, if it is
    empty, the most probable tag; the image is added with these unless the user chooses others. Tags have the names
    that they have in the project now. times: how often the image was predicted.
    """

    kept: StoredPrediction
    iteration: Iteration
    answer: tuple[Prediction, ...]
    tags: tuple[Prediction, ...]
    times: int = 1

    @property
    def id(self) -> str:
        """The last prediction's id."""
        return self.kept.id


def find(store: Store, project: Project, criteria: QueueFilter) -> list[QueuedImage]:
    """The images that match the filter, in its order."""
    kept = store.predictions.of_project(
        project.id,
        iteration_id=criteria.iteration_id,
        start=max(filter(None, (criteria.since, history.kept_since()))).astimezone(UTC),
        take=LATEST,
    )
    queued = [image for image in _queued(store, project, kept) if _matches(image, criteria)]
    if criteria.order == "useful":
        score = _usefulness(store, project, [image.kept for image in queued])
        return sorted(queued, key=lambda image: -score(image.kept))
    return queued if criteria.order == "newest" else queued[::-1]


def by_usefulness(store: Store, project: Project, kept: Sequence[StoredPrediction]) -> list[StoredPrediction]:
    """Predictions in order of usefulness, the most useful first; ties stay in their order."""
    score = _usefulness(store, project, kept)
    return sorted(kept, key=lambda prediction: -score(prediction))


def _queued(store: Store, project: Project, kept: Sequence[StoredPrediction]) -> list[QueuedImage]:
    iterations = {iteration.id: iteration for iteration in store.iterations.of_project(project.id)}
    thresholds = {
        iteration.id: evaluation.thresholds_by_tag(store, iteration, evaluation.threshold_in_use(iteration))
        for iteration in iterations.values()
    }
    tag_names = {tag_id: name for tag_id, (name, _) in store.tags.names_and_kinds(project.id).items()}
    times: dict[str, int] = {}
    last: dict[str, StoredPrediction] = {}
    for stored in kept:
        times[stored.sha256] = times.get(stored.sha256, 0) + 1
        last.setdefault(stored.sha256, stored)
    queued = []
    for stored in last.values():
        # The iteration may have been deleted a moment ago.
        if iteration := iterations.get(stored.iteration_id):
            multilabel = iteration.classification_type == MULTILABEL
            names = prediction.answer(stored.predictions, thresholds[iteration.id], multilabel=multilabel)
            answer = tuple(_renamed(predicted, tag_names) for predicted in stored.predictions if predicted.tag in names)
            tags = answer or (_renamed(stored.predictions[0], tag_names),)
            # The project may have been Multilabel when the iteration was trained.
            tags = tags[:1] if project.classification_type == MULTICLASS else tags
            queued.append(QueuedImage(stored, iteration, answer, tags, times[stored.sha256]))
    return queued


def _renamed(predicted: Prediction, tag_names: dict[str, str]) -> Prediction:
    """The prediction with its tag's current name."""
    return Prediction(
        tag_names.get(predicted.tag_id, predicted.tag), predicted.kind, predicted.probability, predicted.tag_id
    )


def _matches(image: QueuedImage, criteria: QueueFilter) -> bool:
    if criteria.has_answer is not None and criteria.has_answer != bool(image.answer):
        return False
    predicted = next((one for one in image.tags if criteria.tag in (None, one.tag)), None)
    return predicted is not None and criteria.low <= predicted.probability <= criteria.high


def _usefulness(
    store: Store, project: Project, kept: Sequence[StoredPrediction]
) -> Callable[[StoredPrediction], float]:
    novelties: dict[tuple[str, str], float] = {}
    multilabel = set()
    for iteration in store.iterations.of_project(project.id):
        digests = [stored.sha256 for stored in kept if stored.iteration_id == iteration.id]
        by_digest = novelty.of_images(store, iteration, digests)
        novelties |= {(iteration.id, digest): value for digest, value in by_digest.items()}
        if iteration.classification_type == MULTILABEL:
            multilabel.add(iteration.id)

    def score(stored: StoredPrediction) -> float:
        is_multilabel = stored.iteration_id in multilabel
        bits = acquisition.entropy(stored.predictions, multilabel=is_multilabel)
        uncertainty = acquisition.uncertainty(bits, len(stored.predictions), multilabel=is_multilabel)
        return acquisition.usefulness(uncertainty, novelties.get((stored.iteration_id, stored.sha256)))

    return score
