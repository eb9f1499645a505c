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
from cvcore.records import Iteration, Project, StoredPrediction, Thresholds
from cvcore.store import Store

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


@dataclass(frozen=True, eq=False)
class _Columns:
    """Points before they are placed, as columns. trained: their rows at the training, or -1. tags: places, or -1."""

    image_ids: list[str]
    digests: list[str]
    days: Integers
    tags: Integers
    trained: Integers
    probabilities: Float32s

    def at(self, rows: Integers) -> _Columns:
        """These rows, in this order."""
        places = rows.tolist()
        return _Columns(
            [self.image_ids[row] for row in places],
            [self.digests[row] for row in places],
            self.days[rows],
            self.tags[rows],
            self.trained[rows],
            self.probabilities[rows],
        )


def points(store: Store, project: Project, iteration: Iteration, image_map: ImageMap, thresholds: Thresholds) -> Points:
    """All points of an iteration's map; deleted images are left out.

    Raises:
        ModelDamaged: the iteration's file is missing or damaged.
    """
    names = tuple(tag.name for tag in store.tags.of_project(project.id))
    images = _images(store, project, iteration)
    is_later = images.trained < 0
    order = np.argsort(images.trained, kind="stable")
    trained, later = images.at(order[~is_later[order]]), images.at(np.flatnonzero(is_later))
    predicted = _predicted(store, project, set(images.digests), names)
    newest = [each.at(np.arange(min(len(each.digests), NEW_MOST))) for each in (later, predicted)]
    embeddings = store.embeddings.get(
        image_map.fingerprint.item(), [digest for each in newest for digest in each.digests]
    )
    newer = [each.at(np.flatnonzero([digest in embeddings for digest in each.digests])) for each in newest]
    positions = image_map.positions[trained.trained].reshape(-1, 2)
    if vectors := [embeddings[digest] for each in newer for digest in each.digests]:
        positions = np.concatenate([positions, _places(store, iteration, image_map, np.stack(vectors))])
    outcomes, folds, own = _evaluated(store, iteration, thresholds)
    parts, more = [trained, *newer], len(vectors)
    return Points(
        positions.astype(np.float32),
        tuple(image_id for part in parts for image_id in part.image_ids),
        tuple(digest for part in parts for digest in part.digests),
        names,
        np.repeat(np.arange(len(KINDS)), [len(part.digests) for part in parts]),
        np.concatenate([outcomes[trained.trained], np.full(more, OUTCOMES.index("not evaluated"))]),
        np.concatenate([part.tags for part in parts]),
        np.concatenate([folds[trained.trained], np.full(more, -1)]),
        np.concatenate([own[trained.trained], *(part.probabilities for part in newer)]),
        np.concatenate([part.days for part in parts]),
        len(later.digests) + len(predicted.digests) - more,
    )


def _images(store: Store, project: Project, iteration: Iteration) -> _Columns:
    """The workspace's images."""
    places = {tag.id: place for place, tag in enumerate(store.tags.of_project(project.id))}
    rows_of = {image_id: row for row, image_id in enumerate(store.iterations.image_ids(iteration.id))}
    outlines = store.images.outlines(project.id)
    return _Columns(
        [image_id for image_id, _, _, _ in outlines],
        [digest for _, digest, _, _ in outlines],
        np.array([created_at[:10] for _, _, created_at, _ in outlines], "datetime64[D]").astype(int),
        np.array([places.get(tag_id or "", UNTAGGED) for _, _, _, tag_id in outlines], int),
        np.array([rows_of.get(image_id, -1) for image_id, _, _, _ in outlines], int),
        np.full(len(outlines), np.nan, np.float32),
    )


def _predicted(store: Store, project: Project, known: set[str], names: Sequence[str]) -> _Columns:
    """The newest prediction of each content that no image of the project has, the newest first."""
    places = {name: place for place, name in enumerate(names)}
    kept: dict[str, StoredPrediction] = {}
    for each in store.predictions.of_project(project.id):
        if each.sha256 not in known:
            kept.setdefault(each.sha256, each)
    best = [max(each.predictions, key=lambda one: one.probability, default=None) for each in kept.values()]
    return _Columns(
        [""] * len(kept),
        list(kept),
        np.array([int(each.created_at.timestamp() // 86400) for each in kept.values()], int),
        np.array([places.get(each.tag, UNTAGGED) if each else UNTAGGED for each in best], int),
        np.full(len(kept), -1),
        np.array([each.probability if each else np.nan for each in best], np.float32),
    )


def _places(store: Store, iteration: Iteration, image_map: ImageMap, embeddings: Float32s) -> Float32s:
    if image_map.fingerprint.item() != iteration.fingerprint:  # fine-tuned: its classifier takes other embeddings
        return placed(image_map, embeddings, None)
    predictions = evaluation.load(store, iteration)
    head = predictions.kernel, predictions.bias
    return placed(image_map, embeddings, heads.probabilities(embeddings, *head, multilabel=predictions.multilabel))


def _evaluated(store: Store, iteration: Iteration, thresholds: Thresholds) -> tuple[Integers, Integers, Float32s]:
    """The outcome, the fold, and the lowest probability of its own tags, for each image of the training."""
    predictions = evaluation.load(store, iteration)
    is_known = predictions.evaluated & ~np.isnan(predictions.probabilities).any(axis=1)
    outcomes = np.full(len(predictions.truth), OUTCOMES.index("not evaluated"))
    answered = metrics.answers(
        predictions.probabilities[is_known], np.asarray(thresholds), multilabel=predictions.multilabel
    )
    is_right = (answered == predictions.truth[is_known]).all(axis=1)
    outcomes[is_known] = np.where(is_right, OUTCOMES.index("right"), OUTCOMES.index("wrong"))
    own = np.where(predictions.truth, predictions.probabilities, np.inf).min(axis=1, initial=np.inf)
    return outcomes, predictions.folds, np.where(np.isfinite(own), own, np.nan).astype(np.float32)


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
