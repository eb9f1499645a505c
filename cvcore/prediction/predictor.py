"""What an iteration says of pictures it has not seen."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cvcore import evaluation, imaging, metrics
from cvcore.files import blobs
from cvcore.networks import backbones, feature_extraction, heads
from cvcore.records import Iteration, Prediction
from cvcore.settings import Limits
from cvcore.store import SnapshotTag, Store


def predict(store: Store, iteration: Iteration, picture: bytes, *, limits: Limits) -> list[Prediction]:
    """Every tag's probability for one picture, the highest first.

    Raises:
        ImageRefused: the bytes are no picture within the limits.
        Conflict, ModelDamaged: the iteration is not trained, or a file of it is missing or damaged.
    """
    return judge(store, iteration, embedding(store, iteration, picture, limits=limits))


def embedding(store: Store, iteration: Iteration, picture: bytes, *, limits: Limits) -> NDArray[np.float32]:
    """What the iteration's backbone makes of a picture, float32 (dimension,).

    Raises:
        ImageRefused: the bytes are no picture within the limits.
        Conflict, ModelDamaged: the iteration is not trained, or the backbone's file is missing or damaged.
    """
    imaging.check(picture, limits)
    # An iteration that is not trained has no backbone yet, and says so here.
    evaluation.load(store, iteration)
    prepared, embed = extractor(store, iteration)
    found: NDArray[np.float32] = embed(imaging.pixels(picture, prepared.side)[None])[0]
    return found


def judge(store: Store, iteration: Iteration, embedding: NDArray[np.float32]) -> list[Prediction]:
    """Every tag's probability for an embedding by the iteration's backbone, the highest first.

    Raises:
        Conflict, ModelDamaged: the iteration is not trained, or a file of it is missing or damaged.
    """
    judged = evaluation.load(store, iteration)
    tags = evaluation.tags(store, iteration)
    row = heads.probabilities(embedding[None], judged.kernel, judged.bias, multilabel=judged.multilabel)[0]
    return ranked(tags, row)


def ranked(tags: Sequence[SnapshotTag], probabilities: NDArray[np.float32]) -> list[Prediction]:
    """Every tag with its probability, from a row of them, the highest first; equals stay in the tags' order."""
    found = [
        Prediction(tag.name, tag.kind, float(value), tag.tag_id) for tag, value in zip(tags, probabilities, strict=True)
    ]
    return sorted(found, key=lambda each: -each.probability)


def answer(predictions: Sequence[Prediction], threshold: float | Mapping[str, float], *, multilabel: bool) -> list[str]:
    """The tags that the decision rule gives, the most probable first; none is an answer too.

    `threshold` is one number for all tags, or each tag's own by its name.

    Raises:
        InvalidInput: a threshold is outside 0..1.

    >>> answer([Prediction("rose", "Regular", 0.7), Prediction("tulip", "Regular", 0.3)], 0.5, multilabel=False)
    ['rose']
    """
    row = np.array([[each.probability for each in predictions]])
    own = [threshold[each.tag] if isinstance(threshold, Mapping) else threshold for each in predictions]
    chosen = metrics.answers(row, np.array(own), multilabel=multilabel)[0]
    return [each.tag for each, is_chosen in zip(predictions, chosen, strict=True) if is_chosen]


def extractor(store: Store, iteration: Iteration) -> tuple[backbones.Backbone, feature_extraction.Extractor]:
    """The backbone an iteration was trained on, and the function that embeds pictures by it; kept in memory.

    Raises:
        ModelDamaged: the network's file is missing or damaged.
    """
    return _extractor(iteration.fingerprint, blobs.backbones_folder(store.home))


@functools.lru_cache(maxsize=4)
def _extractor(fingerprint: str, folder: Path) -> tuple[backbones.Backbone, feature_extraction.Extractor]:
    prepared = backbones.find(fingerprint, folder)
    return prepared, feature_extraction.load(prepared, folder)
