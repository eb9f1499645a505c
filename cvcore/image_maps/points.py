"""The points of a map as it is today: the iteration's images, newer ones, and kept predictions, with what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

import numpy as np

from cvcore import evaluation, metrics
from cvcore.array_types import Float32s, Integers
from cvcore.image_maps.image_map import ImageMap, placed
from cvcore.networks import heads
from cvcore.records import Iteration, Project, Thresholds
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
class _Row:
    """A point before it is placed. trained: its row at the training, or -1. tag: a tag's place, or `UNTAGGED`."""

    kind: Kind
    image_id: str
    digest: str
    day: int
    tag: int
    trained: int = -1
    probability: float = np.nan


def points(store: Store, project: Project, iteration: Iteration, image_map: ImageMap, thresholds: Thresholds) -> Points:
    """All points of an iteration's map; deleted images are left out.

    Raises:
        ModelDamaged: the iteration's file is missing or damaged.
    """
    names = tuple(tag.name for tag in store.tags.of_project(project.id))
    trained, later, known = _images(store, project, iteration)
    predicted = _predicted(store, project, known, names)
    newer = [*later[:NEW_MOST], *predicted[:NEW_MOST]]
    embeddings = store.embeddings.get(image_map.fingerprint.item(), [row.digest for row in newer])
    newer = [row for row in newer if row.digest in embeddings]
    positions = image_map.positions[[row.trained for row in trained]].reshape(-1, 2)
    if newer:
        vectors = np.stack([embeddings[row.digest] for row in newer])
        positions = np.concatenate([positions, _places(store, iteration, image_map, vectors)])
    left_out = len(later) + len(predicted) - len(newer)
    outcomes, folds, own = _evaluated(store, iteration, thresholds)
    rows = [*trained, *newer]
    at, more = np.array([row.trained for row in trained], int), len(newer)
    return Points(
        positions.astype(np.float32),
        tuple(row.image_id for row in rows),
        tuple(row.digest for row in rows),
        names,
        np.array([KINDS.index(row.kind) for row in rows], int),
        np.concatenate([outcomes[at], np.full(more, OUTCOMES.index("not evaluated"))]),
        np.array([row.tag for row in rows], int),
        np.concatenate([folds[at], np.full(more, -1)]),
        np.concatenate([own[at], np.array([row.probability for row in newer], np.float32)]),
        np.array([row.day for row in rows], int),
        left_out,
    )


def _images(store: Store, project: Project, iteration: Iteration) -> tuple[list[_Row], list[_Row], set[str]]:
    """The workspace's images that were in the training, in its order, the later ones, and the contents of all."""
    places: dict[str | None, int] = {tag.id: place for place, tag in enumerate(store.tags.of_project(project.id))}
    rows_of = {image_id: row for row, image_id in enumerate(store.iterations.image_ids(iteration.id))}
    days: dict[str, int] = {}
    trained: list[_Row] = []
    later: list[_Row] = []
    outlines = store.images.outlines(project.id)
    for image_id, digest, created_at, tag_id in outlines:
        date = created_at[:10]
        if date not in days:
            days[date] = _day(datetime.fromisoformat(created_at))
        row = rows_of.get(image_id, -1)
        kind: Kind = "new" if row < 0 else "trained"
        made = _Row(kind, image_id, digest, days[date], places.get(tag_id, UNTAGGED), row)
        (later if row < 0 else trained).append(made)
    return sorted(trained, key=lambda each: each.trained), later, {digest for _, digest, _, _ in outlines}


def _predicted(store: Store, project: Project, known: set[str], names: Sequence[str]) -> list[_Row]:
    """The newest prediction of each content that no image of the project has, the newest first."""
    places = {name: place for place, name in enumerate(names)}
    rows: dict[str, _Row] = {}
    for kept in store.predictions.of_project(project.id):
        if kept.sha256 not in known and kept.sha256 not in rows:
            best = max(kept.predictions, key=lambda each: each.probability, default=None)
            tag = places.get(best.tag, UNTAGGED) if best else UNTAGGED
            probability = best.probability if best else np.nan
            rows[kept.sha256] = _Row("predicted", "", kept.sha256, _day(kept.created_at), tag, -1, probability)
    return list(rows.values())


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


def _day(moment: datetime) -> int:
    return int(moment.timestamp() // 86400)


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
