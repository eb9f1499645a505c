"""Tags that an iteration suggests for pictures of its project; whoever asked decides about them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from cvcore import array_types, evaluation, metrics, prediction
from cvcore.active_learning import acquisition
from cvcore.array_types import Float32s
from cvcore.files import blobs
from cvcore.networks import backbones, embedding_cache, heads
from cvcore.progress import Progress, silent
from cvcore.records import MULTICLASS, Image, Iteration, Prediction, Project, Tag
from cvcore.store import UNTAGGED, Store

# So many untagged pictures, the newest, are sorted at once; of those never looked at, so many a batch, which takes a
# second or two.
SORTED = 20_000
LOOK_AT_MOST = 256

# Rows whose embeddings are in memory together.
ROWS = 2048


@dataclass(frozen=True)
class Candidate:
    """An untagged picture with what is suggested for it, the most probable first, or nothing.

    `probabilities` has a number, 0..1, for each of the batch's tags, None for one that the iteration does not know.
    `certainty` is that of the suggestion as a whole, see `ranking.certainty`.
    """

    image: Image
    suggested: tuple[str, ...]
    probabilities: tuple[float | None, ...]
    certainty: float


@dataclass(frozen=True)
class Batch:
    """The first of the untagged pictures in the order asked for, and the tags to choose from.

    `waiting` counts the untagged pictures that were not left out, `sorted` those among them that are looked at and
    in order.
    """

    candidates: tuple[Candidate, ...]
    tags: tuple[Tag, ...]
    waiting: int
    sorted: int


def suggest(store: Store, iteration: Iteration, pictures: Sequence[Image]) -> dict[str, list[Prediction]]:
    """Every tag's probability for each picture by its id, the highest first; pictures without a file are left out.

    Embeddings that the worker has computed since the upload are used; the others are computed here and kept.

    Raises:
        NotTrained, ModelDamaged: the iteration is not trained, or a file of it is missing or damaged.
    """
    evaluation.load(store, iteration)  # refuses before pictures are looked at
    tags = evaluation.tags(store, iteration)
    _look(store, iteration, [each.sha256 for each in pictures], silent)
    judged = zip(*_judged(store, iteration, pictures), strict=True)
    return {each.id: prediction.ranked(tags, row) for each, row in judged}


def next_batch(
    store: Store,
    project: Project,
    iteration: Iteration,
    *,
    surest_first: bool,
    take: int,
    without: Collection[str] = (),
    look_at_most: int = LOOK_AT_MOST,
    progress: Progress = silent,
) -> Batch:
    """The project's next untagged pictures with the tags suggested for them; those of the ids `without` are left out.

    Suggested are tags that the project still has: in Multiclass the most probable, in Multilabel all that reach the
    iteration's threshold. A call looks at most at so many pictures that were never looked at, so that it ends soon;
    the next goes on.

    Raises:
        NotTrained, ModelDamaged: as `evaluation.load`.
        Stopped: `progress` said so; what was computed is kept.
    """
    there = store.images.page(project.id, tag_id=UNTAGGED, take=SORTED)
    pictures = [each for each in there if each.id not in without]
    waiting = store.images.count(project.id, UNTAGGED) - (len(there) - len(pictures))
    tags = store.tags.of_project(project.id)
    columns = {tag.tag_id: column for column, tag in enumerate(evaluation.tags(store, iteration))}
    known = [tag.id for tag in tags if tag.id in columns]
    chosen_columns = [columns[tag_id] for tag_id in known]
    evaluation.load(store, iteration)  # refuses before pictures are looked at
    _look_at_some(store, iteration, [each.sha256 for each in pictures], look_at_most, progress)
    seen, told = _judged(store, iteration, pictures)
    told = told[:, chosen_columns]
    suggested = _suggested(project, iteration, told, chosen_columns)
    certain = acquisition.certainty(told, suggested)
    candidates = []
    for row in acquisition.order(certain, suggested, surest_first=surest_first)[:take]:
        probabilities = dict(zip(known, map(float, told[row]), strict=True))
        own = sorted((known[place] for place in np.flatnonzero(suggested[row])), key=lambda each: -probabilities[each])
        listed = tuple(probabilities.get(tag.id) for tag in tags)
        candidates.append(Candidate(seen[row], tuple(own), listed, float(certain[row])))
    return Batch(tuple(candidates), tuple(tags), waiting, len(seen))


def _suggested(project: Project, iteration: Iteration, told: Float32s, columns: Sequence[int]) -> array_types.Bools:
    """Which of the iteration's columns are suggested; a suggestion for Multiclass needs no threshold."""
    if not told.size:
        return np.zeros(told.shape, np.bool_)
    if MULTICLASS in (project.classification_type, iteration.classification_type):
        return metrics.answers(told, 0.0, multilabel=False)
    threshold = np.asarray(evaluation.threshold_in_use(iteration))
    return metrics.answers(told, threshold[columns] if threshold.ndim else threshold, multilabel=True)


def _judged(store: Store, iteration: Iteration, pictures: Sequence[Image]) -> tuple[list[Image], Float32s]:
    """The pictures whose embeddings are here, and every tag's probability for them, (pictures, tags)."""
    judged = evaluation.load(store, iteration)
    seen: list[Image] = []
    told = [np.zeros((0, len(judged.bias)), np.float32)]
    for start in range(0, len(pictures), ROWS):
        part = pictures[start : start + ROWS]
        kept = store.embeddings.get(iteration.fingerprint, [each.sha256 for each in part])
        there = [each for each in part if each.sha256 in kept]
        if there:
            rows = np.stack([kept[each.sha256] for each in there])
            told.append(heads.probabilities(rows, judged.kernel, judged.bias, multilabel=judged.multilabel))
            seen += there
    return seen, np.concatenate(told)


def _look(store: Store, iteration: Iteration, digests: Sequence[str], progress: Progress) -> None:
    """Compute the embeddings that are missing, all of them."""
    if store.embeddings.missing(iteration.fingerprint, digests):
        prepared = backbones.find(iteration.fingerprint, blobs.backbones_folder(store.home))
        embedding_cache.fill(store, prepared, digests, progress)


def _look_at_some(store: Store, iteration: Iteration, digests: Sequence[str], at_most: int, progress: Progress) -> None:
    """Compute a batch's worth of the embeddings that are missing; damaged files do not hold up those behind them."""
    missing = store.embeddings.missing(iteration.fingerprint, digests)
    for start in range(0, len(missing), at_most):
        part = missing[start : start + at_most]
        _look(store, iteration, part, progress)
        if len(store.embeddings.missing(iteration.fingerprint, part)) < len(part):
            break
