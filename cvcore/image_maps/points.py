"""The points of a map as it is today: the iteration's images, newer ones, and kept predictions, with what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from cvcore import evaluation, metrics
from cvcore.array_types import Float32s, Integers
from cvcore.image_maps.image_map import ImageMap, placed
from cvcore.networks import heads
from cvcore.records import Image, Iteration, Project, StoredPrediction, Thresholds
from cvcore.store import SnapshotImage, Store

# At most so many newer images, and so many predictions, the newest of each.
NEW_MOST = 5000

Kind = Literal["trained", "new", "predicted"]
Outcome = Literal["right", "wrong", "not evaluated"]
KINDS: tuple[Kind, ...] = get_args(Kind)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
UNTAGGED = -1


@dataclass(frozen=True, eq=False)
class Points:
    """Images on a map, a row each.

    positions: float32 (points, 2), -1..1. image_ids: of the workspace; empty for a prediction. digests: SHA-256. kinds
    and outcomes: places in `KINDS` and `OUTCOMES`. tags: places in `names`, an image's first tag now, or what was
    predicted; -1 for none. folds: -1 if not evaluated. probabilities: of the tag at the training, by a classifier not
    trained on the image (of several tags, the lowest), or the highest of a prediction; nan if there is none. days: when
    it came, in days since 1970. left_out: newer images and predictions beyond `NEW_MOST`, or not read yet.
    """

    positions: Float32s
    image_ids: tuple[str, ...]
    digests: tuple[str, ...]
    names: tuple[str, ...]
    kinds: Integers
    outcomes: Integers
    tags: Integers
    folds: Integers
    probabilities: Float32s
    days: Integers
    left_out: int


@dataclass(frozen=True)
class _Row:
    """A point before it is placed: its image, its row at the training, or the prediction."""

    kind: Kind
    digest: str
    image: Image | None = None
    trained: int = -1
    prediction: StoredPrediction | None = None


def points(store: Store, project: Project, iteration: Iteration, image_map: ImageMap, thresholds: Thresholds) -> Points:
    """All points of an iteration's map; deleted images are left out.

    Raises:
        ModelDamaged: the iteration's file is missing or damaged.
    """
    images = {image.id: image for image in store.images.page(project.id, take=10**9)}
    snapshot = store.iterations.images(iteration.id)
    rows = [
        _Row("trained", each.sha256, images[each.image_id], at)
        for at, each in enumerate(snapshot)
        if each.image_id in images
    ]
    newer, left_out = _newer(store, project, images, snapshot)
    embeddings = store.embeddings.get(image_map.fingerprint.item(), [row.digest for row in newer])
    left_out += len(newer) - len(embeddings)
    newer = [row for row in newer if row.digest in embeddings]
    positions = image_map.positions[[row.trained for row in rows]].reshape(-1, 2)
    if newer:
        vectors = np.stack([embeddings[row.digest] for row in newer])
        positions = np.concatenate([positions, _places(store, iteration, image_map, vectors)])
    return _points(store, project, iteration, [*rows, *newer], positions, thresholds=thresholds, left_out=left_out)


def _newer(
    store: Store, project: Project, images: dict[str, Image], snapshot: Sequence[SnapshotImage]
) -> tuple[list[_Row], int]:
    """Images that came after the training, and predictions of images that are not the project's; and how many more."""
    trained = {each.image_id for each in snapshot}
    later = [_Row("new", image.sha256, image) for image in images.values() if image.id not in trained]
    known = {image.sha256 for image in images.values()}
    kept = {
        each.sha256: each for each in reversed(store.predictions.of_project(project.id)) if each.sha256 not in known
    }
    predicted = [_Row("predicted", digest, prediction=each) for digest, each in reversed(kept.items())]
    left_out = sum(max(0, len(each) - NEW_MOST) for each in (later, predicted))
    return [*later[:NEW_MOST], *predicted[:NEW_MOST]], left_out


def _places(store: Store, iteration: Iteration, image_map: ImageMap, embeddings: Float32s) -> Float32s:
    if image_map.fingerprint.item() != iteration.fingerprint:  # fine-tuned: its classifier takes other embeddings
        return placed(image_map, embeddings, None)
    predictions = evaluation.load(store, iteration)
    head = predictions.kernel, predictions.bias
    return placed(image_map, embeddings, heads.probabilities(embeddings, *head, multilabel=predictions.multilabel))


def _points(
    store: Store,
    project: Project,
    iteration: Iteration,
    rows: Sequence[_Row],
    positions: Float32s,
    *,
    thresholds: Thresholds,
    left_out: int,
) -> Points:
    tags = store.tags.of_project(project.id)
    places = {tag.id: place for place, tag in enumerate(tags)}
    by_name = {tag.name: place for place, tag in enumerate(tags)}
    trained = np.array([row.trained for row in rows], int)
    outcomes, folds, own = _evaluated(store, iteration, thresholds)
    is_trained = trained >= 0
    probabilities = np.where(is_trained, own[trained], np.nan) if len(own) else np.full(len(rows), np.nan)
    for at, row in enumerate(rows):
        if row.prediction and row.prediction.predictions:
            probabilities[at] = max(each.probability for each in row.prediction.predictions)
    return Points(
        positions.astype(np.float32),
        tuple(row.image.id if row.image else "" for row in rows),
        tuple(row.digest for row in rows),
        tuple(tag.name for tag in tags),
        np.array([KINDS.index(row.kind) for row in rows], int),
        np.where(is_trained, outcomes[trained], OUTCOMES.index("not evaluated")),
        np.array([_tag(row, places, by_name) for row in rows], int),
        np.where(is_trained, folds[trained], -1),
        probabilities.astype(np.float32),
        np.array([_day(row) for row in rows], int),
        left_out,
    )


def _evaluated(store: Store, iteration: Iteration, thresholds: Thresholds) -> tuple[Integers, Integers, Float32s]:
    """The outcome, the fold, and the lowest probability of its own tags, for each image of the training."""
    predictions = evaluation.load(store, iteration)
    is_known = predictions.evaluated & ~np.isnan(predictions.probabilities).any(axis=1)
    outcomes = np.full(len(predictions.truth), OUTCOMES.index("not evaluated"))
    answered = metrics.answers(
        predictions.probabilities[is_known], np.asarray(thresholds), multilabel=predictions.multilabel
    )
    outcomes[is_known] = np.where((answered == predictions.truth[is_known]).all(axis=1), 0, 1)
    own = np.where(predictions.truth, predictions.probabilities, np.inf).min(axis=1, initial=np.inf)
    return outcomes, predictions.folds, np.where(np.isfinite(own), own, np.nan).astype(np.float32)


def _tag(row: _Row, places: dict[str, int], by_name: dict[str, int]) -> int:
    if row.image:
        return places.get(row.image.tag_ids[0], UNTAGGED) if row.image.tag_ids else UNTAGGED
    predicted = row.prediction.predictions if row.prediction else ()
    best = max(predicted, key=lambda each: each.probability, default=None)
    return by_name.get(best.tag, UNTAGGED) if best else UNTAGGED


def _day(row: _Row) -> int:
    moment = row.image.created_at if row.image else row.prediction.created_at if row.prediction else None
    return int(moment.timestamp() // 86400) if moment else 0


def rows_json(points: Points, names: dict[str, str]) -> list[dict[str, Any]]:
    """A line for each point, for scripts and tables; `names` are the images' names by their ids."""
    return [
        {
            "image": names.get(points.image_ids[at], ""),
            "sha256": points.digests[at],
            "x": round(float(points.positions[at, 0]), 4),
            "y": round(float(points.positions[at, 1]), 4),
            "kind": KINDS[points.kinds[at]],
            "tag": points.names[points.tags[at]] if points.tags[at] >= 0 else None,
            "outcome": OUTCOMES[points.outcomes[at]],
            "fold": int(points.folds[at]) if points.folds[at] >= 0 else None,
            "probability": None if np.isnan(points.probabilities[at]) else round(float(points.probabilities[at]), 4),
        }
        for at in range(len(points.digests))
    ]
