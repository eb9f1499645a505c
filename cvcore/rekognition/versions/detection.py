"""Detects a version's labels in an image, as Rekognition chooses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cvcore import evaluation, imaging, prediction
from cvcore.records import Iteration, Prediction
from cvcore.settings import Limits
from cvcore.store import Store

PERCENT = 100


def detect(
    store: Store,
    iteration: Iteration,
    image: bytes,
    *,
    limits: Limits,
    min_confidence: float | None = None,
    max_results: int | None = None,
) -> list[Prediction]:
    """The labels in an image, chosen as `chosen` says; a larger photo is made smaller first.

    Raises:
        ImageRefused: the bytes are not an image within the limits.
        Conflict, ModelDamaged: the iteration is not trained, or a file of it is missing or damaged.
    """
    data = imaging.fitted(image, limits).data
    predictions = prediction.predict(store, iteration, data, limits=limits)
    assumed = {} if min_confidence is not None else assumed_thresholds(store, iteration)
    return chosen(predictions, assumed, min_confidence=min_confidence, max_results=max_results)


def assumed_thresholds(store: Store, iteration: Iteration) -> dict[str, float]:
    """Each label's assumed threshold, by its name."""
    labels = evaluation.tags(store, iteration)
    thresholds = evaluation.overview(store, iteration).rekognition.thresholds.tolist()
    return {label.name: threshold for label, threshold in zip(labels, thresholds, strict=True)}


def chosen(
    predictions: Sequence[Prediction],
    assumed: Mapping[str, float],
    *,
    min_confidence: float | None,
    max_results: int | None,
) -> list[Prediction]:
    """The predictions that are told, in their order: the highest first.

    Those of at least `min_confidence`, in percent; without one, those that reach the `assumed` threshold of their
    label. At most `max_results` of them.

    >>> predictions = [Prediction("cat", "Regular", 0.7), Prediction("dog", "Regular", 0.3)]
    >>> [each.tag for each in chosen(predictions, {"cat": 0.8, "dog": 0.2}, min_confidence=None, max_results=None)]
    ['dog']
    >>> [each.tag for each in chosen(predictions, {}, min_confidence=0, max_results=1)]
    ['cat']
    """
    found = [
        each
        for each in predictions
        if (
            each.probability >= assumed[each.tag]
            if min_confidence is None
            else each.probability * PERCENT >= min_confidence
        )
    ]
    return found[:max_results]
