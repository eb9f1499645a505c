"""Kept predictions looked through: each picture once, beside its answer, those that would teach most first."""

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

# So many of the newest are looked through; a project that is asked more often shows what came in last.
LATEST = 2000


@dataclass(frozen=True)
class QueueFilter:
    """Which pictures are wanted.

    tag: those that would be added as it, by its name; `has_answer`: False for those without an answer, None for all.
    low and high: 0..1, bounds of the probability of that tag, or without one of the most probable, both ends in.
    """

    order: Order = "useful"
    iteration_id: str | None = None
    tag: str | None = None
    has_answer: bool | None = None
    low: float = 0.0
    high: float = 1.0
    since: datetime | None = None


@dataclass(frozen=True)
class AskedImage:
    """A picture that was asked about, with the last that was said of it.

    answer: the tags that the iteration gives at its own threshold, maybe none. tags: the answer or, where there is
    none, the most probable tag: what it is added as unless somebody knows better. Tags have the names that they have in
    the project now. times: how often it was asked about.
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


def find(store: Store, project: Project, wanted: QueueFilter) -> list[AskedImage]:
    """The pictures that are wanted, in the order that is wanted."""
    kept = store.predictions.of_project(
        project.id,
        iteration_id=wanted.iteration_id,
        start=max(filter(None, (wanted.since, history.oldest()))).astimezone(UTC),
        take=LATEST,
    )
    found = [each for each in _answered(store, project, kept) if _fits(each, wanted)]
    if wanted.order == "useful":
        score = _score(store, project, [each.kept for each in found])
        return sorted(found, key=lambda each: -score(each.kept))
    return found if wanted.order == "newest" else found[::-1]


def by_usefulness(store: Store, project: Project, kept: Sequence[StoredPrediction]) -> list[StoredPrediction]:
    """Predictions, those first whose pictures would teach most; equals stay in their order."""
    score = _score(store, project, kept)
    return sorted(kept, key=lambda each: -score(each))


def _answered(store: Store, project: Project, kept: Sequence[StoredPrediction]) -> list[AskedImage]:
    iterations = {each.id: each for each in store.iterations.of_project(project.id)}
    thresholds = {
        each.id: evaluation.thresholds_by_tag(store, each, evaluation.threshold_in_use(each))
        for each in iterations.values()
    }
    present = {tag.id: tag.name for tag in store.tags.of_project(project.id)}
    times: dict[str, int] = {}
    last: dict[str, StoredPrediction] = {}
    for each in kept:
        times[each.sha256] = times.get(each.sha256, 0) + 1
        last.setdefault(each.sha256, each)
    found = []
    for each in last.values():
        # One that was deleted since has taken its predictions along.
        if iteration := iterations.get(each.iteration_id):
            multilabel = iteration.classification_type == MULTILABEL
            names = prediction.answer(each.predictions, thresholds[iteration.id], multilabel=multilabel)
            answer = tuple(_now(one, present) for one in each.predictions if one.tag in names)
            tags = answer or (_now(each.predictions[0], present),)
            # The project may have been Multilabel when the iteration was trained.
            tags = tags[:1] if project.classification_type == MULTICLASS else tags
            found.append(AskedImage(each, iteration, answer, tags, times[each.sha256]))
    return found


def _now(one: Prediction, present: dict[str, str]) -> Prediction:
    return Prediction(present.get(one.tag_id, one.tag), one.kind, one.probability, one.tag_id)


def _fits(each: AskedImage, wanted: QueueFilter) -> bool:
    if wanted.has_answer is not None and wanted.has_answer != bool(each.answer):
        return False
    meant = next((one for one in each.tags if wanted.tag in (None, one.tag)), None)
    return meant is not None and wanted.low <= meant.probability <= wanted.high


def _score(store: Store, project: Project, kept: Sequence[StoredPrediction]) -> Callable[[StoredPrediction], float]:
    novelties: dict[tuple[str, str], float] = {}
    multilabel = set()
    for iteration in store.iterations.of_project(project.id):
        digests = [each.sha256 for each in kept if each.iteration_id == iteration.id]
        found = novelty.of_pictures(store, iteration, digests)
        novelties |= {(iteration.id, digest): value for digest, value in found.items()}
        if iteration.classification_type == MULTILABEL:
            multilabel.add(iteration.id)

    def score(each: StoredPrediction) -> float:
        several = each.iteration_id in multilabel
        bits = acquisition.entropy(each.predictions, multilabel=several)
        unsure = acquisition.uncertainty(bits, len(each.predictions), multilabel=several)
        return acquisition.usefulness(unsure, novelties.get((each.iteration_id, each.sha256)))

    return score
