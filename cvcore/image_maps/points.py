"""The points of a map as it is today: the iteration's images, newer ones, and kept predictions, with what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cvcore import evaluation, metrics
from cvcore.array_types import Bools, Float32s, Float64s, Integers
from cvcore.image_maps import stored
from cvcore.image_maps.image_map import ImageMap, placed
from cvcore.image_maps.stored import MapOutline
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
ALL = slice(None)

# So many images at once: arrays of all, for every tag, would take much memory.
_BLOCK = 4096


@dataclass(frozen=True, eq=False)
class Points:
    """Images on a map, a row each.

    positions: float32 (points, 2), -1..1. image_ids: of the workspace, as bytes; empty for a prediction. digests:
    SHA-256, uint8 (points, 32). kinds and outcomes: places in `KINDS` and `OUTCOMES`. tags: places in `names`, an
    image's first tag now, or what was predicted; -1 for none. folds: -1 if not evaluated. probabilities: of the tag at
    the training, by a classifier not trained on the image (of several tags, the lowest), or the highest of a
    prediction; nan if there is none. days: when it came, in days since 1970. left_out: newer images and predictions
    beyond `NEW_MOST`, or not read yet. trust: that of the map.
    """

    positions: Float32s
    image_ids: NDArray[np.bytes_]
    digests: NDArray[np.uint8]
    names: tuple[str, ...]
    kinds: NDArray[np.int8]
    outcomes: NDArray[np.int8]
    tags: NDArray[np.int32]
    folds: NDArray[np.int32]
    probabilities: Float32s
    days: NDArray[np.int32]
    left_out: int
    trust: float

    def ids_at(self, places: Integers | slice = ALL) -> list[str]:
        """The ids of these points, without predictions, which have none."""
        return [image_id.decode() for image_id in self.image_ids[places].tolist() if image_id]


@dataclass(frozen=True, eq=False)
class _Columns:
    """Points before they are placed, as columns. trained: their rows at the training, or -1. tags: places, or -1."""

    image_ids: NDArray[np.bytes_]
    digests: NDArray[np.uint8]
    days: NDArray[np.int32]
    tags: NDArray[np.int32]
    trained: NDArray[np.int32]
    probabilities: Float32s

    def __len__(self) -> int:
        return len(self.days)

    def at(self, rows: Integers) -> _Columns:
        """These rows, in this order."""
        return _Columns(*(getattr(self, field.name)[rows] for field in fields(self)))

    def hex_digests(self) -> list[str]:
        """The SHA-256 as texts."""
        return [digest.tobytes().hex() for digest in self.digests]


def points(
    store: Store,
    project: Project,
    iteration: Iteration,
    image_map: ImageMap | MapOutline,
    thresholds: Thresholds,
) -> Points:
    """All points of an iteration's map; deleted images are left out.

    The outline is enough: what later images are placed by is read where there are such.

    Raises:
        ModelDamaged: the iteration's file is missing or damaged.
    """
    names = {tag_id: name for tag_id, (name, _) in store.tags.names_and_kinds(project.id).items()}
    images = _images(store, project, iteration, list(names))
    is_later = images.trained < 0
    order = np.argsort(images.trained, kind="stable")
    trained, later = images.at(order[~is_later[order]]), images.at(np.flatnonzero(is_later))
    known = {digest.tobytes() for digest in images.digests}
    predicted = _predicted(store, project, known, list(names.values()))
    del images, known
    newer, places = _newer(store, iteration, image_map.fingerprint.item(), [later, predicted])
    outcomes, folds, own = _evaluated(store, iteration, thresholds)
    parts, more = [trained, *newer], len(places)
    return Points(
        np.concatenate([image_map.positions[trained.trained].reshape(-1, 2), places]).astype(np.float32),
        np.concatenate([part.image_ids for part in parts]),
        np.concatenate([part.digests for part in parts]),
        tuple(names.values()),
        np.repeat(np.arange(len(KINDS), dtype=np.int8), [len(part) for part in parts]),
        np.concatenate([outcomes[trained.trained], np.full(more, OUTCOMES.index("not evaluated"), np.int8)]),
        np.concatenate([part.tags for part in parts]),
        np.concatenate([folds[trained.trained], np.full(more, -1)]).astype(np.int32),
        np.concatenate([own[trained.trained], *(part.probabilities for part in newer)]),
        np.concatenate([part.days for part in parts]),
        len(later) + len(predicted) - more,
        float(image_map.trust),
    )


def _images(store: Store, project: Project, iteration: Iteration, tag_ids: list[str]) -> _Columns:
    """The workspace's images."""
    places = {tag_id: place for place, tag_id in enumerate(tag_ids)}
    rows_of = {image_id: row for row, image_id in enumerate(store.iterations.image_ids(iteration.id))}
    outlines = store.images.outlines(project.id)
    return _Columns(
        np.array([image_id for image_id, _, _, _ in outlines], bytes),
        _digests([digest for _, digest, _, _ in outlines]),
        _days([created_at for _, _, created_at, _ in outlines]),
        np.array([places.get(tag_id or "", UNTAGGED) for _, _, _, tag_id in outlines], np.int32),
        np.array([rows_of.get(image_id, -1) for image_id, _, _, _ in outlines], np.int32),
        np.full(len(outlines), np.nan, np.float32),
    )


def _digests(texts: list[str]) -> NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex("".join(texts)), np.uint8).reshape(-1, 32)


def _days(moments: list[str]) -> NDArray[np.int32]:
    """Days since 1970 of moments in ISO's form."""
    days, places = np.unique(np.array([moment[:10] for moment in moments], "U10"), return_inverse=True)
    return days.astype("datetime64[D]").astype(np.int32)[places]


def _predicted(store: Store, project: Project, known: set[bytes], names: Sequence[str]) -> _Columns:
    """The newest prediction of each content that no image of the project has, the newest first."""
    places = {name: place for place, name in enumerate(names)}
    kept: dict[str, StoredPrediction] = {}
    for each in store.predictions.of_project(project.id):
        if bytes.fromhex(each.sha256) not in known:
            kept.setdefault(each.sha256, each)
    best = [max(each.predictions, key=lambda one: one.probability, default=None) for each in kept.values()]
    return _Columns(
        np.zeros(len(kept), "S1"),
        _digests(list(kept)),
        np.array([each.created_at.timestamp() // 86400 for each in kept.values()], np.int32),
        np.array([places.get(each.tag, UNTAGGED) if each else UNTAGGED for each in best], np.int32),
        np.full(len(kept), -1, np.int32),
        np.array([each.probability if each else np.nan for each in best], np.float32),
    )


def _newer(
    store: Store, iteration: Iteration, fingerprint: str, unplaced: list[_Columns]
) -> tuple[list[_Columns], Float32s]:
    """The newest of these that were read already, and where they lie; none where the map cannot place any."""
    newest = [each.at(np.arange(min(len(each), NEW_MOST))) for each in unplaced]
    vectors = store.embeddings.get(fingerprint, [digest for each in newest for digest in each.hex_digests()])
    image_map = stored.load(store, iteration) if vectors else None
    if image_map is None:
        return [each.at(np.zeros(0, int)) for each in newest], np.zeros((0, 2), np.float32)
    newer = [each.at(np.flatnonzero([digest in vectors for digest in each.hex_digests()])) for each in newest]
    embeddings = np.stack([vectors[digest] for each in newer for digest in each.hex_digests()])
    if fingerprint != iteration.fingerprint:  # fine-tuned: its classifier takes other embeddings
        return newer, placed(image_map, embeddings, None)
    predictions = evaluation.load(store, iteration)
    head = predictions.kernel, predictions.bias
    probabilities = heads.probabilities(embeddings, *head, multilabel=predictions.multilabel)
    return newer, placed(image_map, embeddings, probabilities)


def _evaluated(
    store: Store, iteration: Iteration, thresholds: Thresholds
) -> tuple[NDArray[np.int8], Integers, Float32s]:
    """The outcome, the fold, and the lowest probability of its own tags, for each image of the training."""
    predictions = evaluation.load(store, iteration)
    parts = [
        _outcomes(
            predictions.truth[start : start + _BLOCK],
            predictions.probabilities[start : start + _BLOCK],
            predictions.evaluated[start : start + _BLOCK],
            np.asarray(thresholds),
            multilabel=predictions.multilabel,
        )
        for start in range(0, max(len(predictions.truth), 1), _BLOCK)
    ]
    outcomes, own = (np.concatenate(each) for each in zip(*parts, strict=True))
    return outcomes, predictions.folds, own


def _outcomes(
    truth: Bools, probabilities: Float32s, is_evaluated: Bools, thresholds: Float64s, *, multilabel: bool
) -> tuple[NDArray[np.int8], Float32s]:
    """Some images' outcomes, and the lowest probability of each one's own tags."""
    is_known = is_evaluated & ~np.isnan(probabilities).any(axis=1)
    outcomes = np.full(len(truth), OUTCOMES.index("not evaluated"), np.int8)
    answered = metrics.answers(probabilities[is_known], thresholds, multilabel=multilabel)
    is_right = (answered == truth[is_known]).all(axis=1)
    outcomes[is_known] = np.where(is_right, OUTCOMES.index("right"), OUTCOMES.index("wrong"))
    own = np.where(truth, probabilities, np.float32(np.inf)).min(axis=1, initial=np.inf)
    return outcomes, np.where(np.isfinite(own), own, np.float32(np.nan))


def rows_json(points: Points, names: dict[str, str]) -> list[dict[str, Any]]:
    """A line for each point, for scripts and tables; `names` are the images' names by their ids."""
    return [
        {
            "image": names.get(points.image_ids[at].decode(), ""),
            "sha256": points.digests[at].tobytes().hex(),
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
