"""Suggest tags for a project's images by an iteration; the user decides about them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from cvcore import evaluation, metrics, prediction
from cvcore.active_learning import acquisition
from cvcore.array_types import Bools, Float32s
from cvcore.files import blobs
from cvcore.networks import backbones, embedding_cache
from cvcore.progress import Progress, silent
from cvcore.records import MULTICLASS, Image, Iteration, Prediction, Project, Tag
from cvcore.store import UNTAGGED, Store

# How many untagged images are sorted, the newest, and how many missing embeddings one batch computes at most, which
# takes a second or two.
SORTED = 20_000
EMBED_AT_MOST = 256

# How many images' embeddings are in memory at once.
ROWS = 2048


@dataclass(frozen=True)
class Candidate:
    """An untagged image with its suggested tags, the most probable first; can have none.

    `probabilities`: 0..1, one per tag of the batch, None for a tag that the iteration was not trained on.
    `confidence`: see `acquisition.confidence`.
    """

    image: Image
    suggested: tuple[str, ...]
    probabilities: tuple[float | None, ...]
    confidence: float


@dataclass(frozen=True)
class Batch:
    """The first untagged images in the chosen order, and the tags to choose from.

    `waiting`: the number of untagged images, without those left out. `sorted`: how many of these have an embedding and
    are therefore sorted.
    """

    candidates: tuple[Candidate, ...]
    tags: tuple[Tag, ...]
    waiting: int
    sorted: int


def suggest(store: Store, iteration: Iteration, images: Sequence[Image]) -> dict[str, list[Prediction]]:
    """Every tag's probability for each image by its id, the highest first; images without a file are left out.

    Embeddings that the worker has computed since the upload are used; missing ones are computed and stored.

    Raises:
        NotTrained, ModelDamaged: the iteration is not trained, or a file of it is missing or damaged.
    """
    evaluation.load(store, iteration)  # raises before images are embedded
    tags = evaluation.tags(store, iteration)
    _embed(store, iteration, [image.sha256 for image in images], silent)
    predicted = zip(*_predicted(store, iteration, images), strict=True)
    return {image.id: prediction.ranked(tags, row) for image, row in predicted}


def next_batch(
    store: Store,
    project: Project,
    iteration: Iteration,
    *,
    surest_first: bool,
    take: int,
    without: Collection[str] = (),
    embed_at_most: int = EMBED_AT_MOST,
    progress: Progress = silent,
) -> Batch:
    """The project's next untagged images with their suggested tags; images of the ids `without` are left out.

    Only tags that the project still has are suggested: in Multiclass the most probable one, in Multilabel all that
    reach the iteration's threshold. A call computes at most `embed_at_most` missing embeddings, so that it ends soon;
    the next call computes more.

    Raises:
        NotTrained, ModelDamaged: as `evaluation.load`.
        Stopped: raised by `progress`; what was computed is stored.
    """
    untagged = store.images.page(project.id, tag_id=UNTAGGED, take=SORTED)
    images = [image for image in untagged if image.id not in without]
    waiting = store.images.count(project.id, UNTAGGED) - (len(untagged) - len(images))
    tags = store.tags.of_project(project.id)
    columns = {tag.tag_id: column for column, tag in enumerate(evaluation.tags(store, iteration))}
    known = [tag.id for tag in tags if tag.id in columns]
    chosen_columns = [columns[tag_id] for tag_id in known]
    evaluation.load(store, iteration)  # raises before images are embedded
    _embed_some(store, iteration, [image.sha256 for image in images], embed_at_most, progress)
    embedded, probabilities = _predicted(store, iteration, images)
    probabilities = probabilities[:, chosen_columns]
    suggested = _suggested(project, iteration, probabilities, chosen_columns)
    confidences = acquisition.confidence(probabilities, suggested)
    candidates = []
    for row in acquisition.order(confidences, suggested, surest_first=surest_first)[:take]:
        by_tag = dict(zip(known, map(float, probabilities[row]), strict=True))
        own = sorted((known[place] for place in np.flatnonzero(suggested[row])), key=lambda tag_id: -by_tag[tag_id])
        of_tags = tuple(by_tag.get(tag.id) for tag in tags)
        candidates.append(Candidate(embedded[row], tuple(own), of_tags, float(confidences[row])))
    return Batch(tuple(candidates), tuple(tags), waiting, len(embedded))


def _suggested(project: Project, iteration: Iteration, probabilities: Float32s, columns: Sequence[int]) -> Bools:
    """Which tags are suggested, (images, tags) as `probabilities`; in Multiclass at any probability."""
    if not probabilities.size:
        return np.zeros(probabilities.shape, np.bool_)
    if MULTICLASS in (project.classification_type, iteration.classification_type):
        return metrics.answers(probabilities, 0.0, multilabel=False)
    threshold = np.asarray(evaluation.threshold_in_use(iteration))
    return metrics.answers(probabilities, threshold[columns] if threshold.ndim else threshold, multilabel=True)


def _predicted(store: Store, iteration: Iteration, images: Sequence[Image]) -> tuple[list[Image], Float32s]:
    """The images that have an embedding, and every tag's probability for them, (images, tags)."""
    out_of_fold = evaluation.load(store, iteration)
    embedded: list[Image] = []
    probabilities = [np.zeros((0, len(out_of_fold.bias)), np.float32)]
    for start in range(0, len(images), ROWS):
        part = images[start : start + ROWS]
        embeddings = store.embeddings.get(iteration.fingerprint, [image.sha256 for image in part])
        with_embedding = [image for image in part if image.sha256 in embeddings]
        if with_embedding:
            rows = np.stack([embeddings[image.sha256] for image in with_embedding])
            probabilities.append(prediction.probabilities(out_of_fold, rows))
            embedded += with_embedding
    return embedded, np.concatenate(probabilities)


def _embed(store: Store, iteration: Iteration, digests: Sequence[str], progress: Progress) -> None:
    """Compute all missing embeddings."""
    if store.embeddings.missing(iteration.fingerprint, digests):
        backbone = backbones.find(iteration.fingerprint, blobs.backbones_folder(store.home))
        embedding_cache.fill(store, backbone, digests, progress)


def _embed_some(store: Store, iteration: Iteration, digests: Sequence[str], at_most: int, progress: Progress) -> None:
    """Compute the missing embeddings of one batch; if all its files are damaged, go on to the next batch."""
    missing = store.embeddings.missing(iteration.fingerprint, digests)
    for start in range(0, len(missing), at_most):
        part = missing[start : start + at_most]
        _embed(store, iteration, part, progress)
        if len(store.embeddings.missing(iteration.fingerprint, part)) < len(part):
            break
