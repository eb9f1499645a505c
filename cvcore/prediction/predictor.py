"""Predict the tags of new images by an iteration."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

import numpy as np

from cvcore import evaluation, imaging, metrics
from cvcore.array_types import Float32s
from cvcore.evaluation import OutOfFold
from cvcore.files import blobs
from cvcore.networks import backbones, feature_extraction, heads
from cvcore.records import Iteration, Prediction
from cvcore.settings import Limits
from cvcore.store import SnapshotTag, Store

Network = tuple[backbones.Backbone, feature_extraction.Extractor]
# By their fingerprints; those that are being loaded are there, too.
Networks = OrderedDict[str, Future[Network]]

NETWORKS_KEPT = 4


def predict(store: Store, iteration: Iteration, data: bytes, *, limits: Limits) -> list[Prediction]:
    """Every tag's probability for one image, the highest first.

    Raises:
        ImageRefused: the bytes are not an image within the limits.
        Conflict, ModelDamaged: the iteration is not trained, or a file of it is missing or damaged.
    """
    return predict_embedding(store, iteration, embedding(store, iteration, data, limits=limits))


def embedding(store: Store, iteration: Iteration, data: bytes, *, limits: Limits) -> Float32s:
    """The embedding of an image by the iteration's backbone, float32 (dimension,).

    Raises:
        ImageRefused: the bytes are not an image within the limits.
        Conflict, ModelDamaged: the iteration is not trained, or the backbone's file is missing or damaged.
    """
    imaging.check(data, limits)
    # Raises NotTrained if the iteration has no backbone yet.
    evaluation.load(store, iteration)
    backbone, embed = extractor(store, iteration)
    embedding: Float32s = embed(imaging.pixels(data, backbone.side)[None])[0]
    return embedding


def predict_embedding(store: Store, iteration: Iteration, embedding: Float32s) -> list[Prediction]:
    """Every tag's probability for an embedding by the iteration's backbone, the highest first.

    Raises:
        Conflict, ModelDamaged: the iteration is not trained, or a file of it is missing or damaged.
    """
    out_of_fold = evaluation.load(store, iteration)
    tags = evaluation.tags(store, iteration)
    return ranked(tags, probabilities(out_of_fold, embedding[None])[0])


def probabilities(out_of_fold: OutOfFold, embeddings: Float32s) -> Float32s:
    """Every tag's probability for each embedding by an iteration's final classifier, (n, tags) of (n, dimension)."""
    head = out_of_fold.kernel, out_of_fold.bias
    return heads.probabilities(embeddings, *head, multilabel=out_of_fold.multilabel)


def ranked(tags: Sequence[SnapshotTag], probabilities: Float32s) -> list[Prediction]:
    """One image's predictions from its row of probabilities, the highest first; ties stay in the tags' order."""
    predictions = [
        Prediction(tag.name, tag.kind, float(value), tag.tag_id) for tag, value in zip(tags, probabilities, strict=True)
    ]
    return sorted(predictions, key=lambda prediction: -prediction.probability)


def answer(predictions: Sequence[Prediction], threshold: float | Mapping[str, float], *, multilabel: bool) -> list[str]:
    """The tags that the decision rule predicts, the most probable first; empty for no answer.

    `threshold` is one number for all tags, or one per tag, by its name.

    Raises:
        InvalidInput: a threshold is outside 0..1.

    >>> answer([Prediction("rose", "Regular", 0.7), Prediction("tulip", "Regular", 0.3)], 0.5, multilabel=False)
    ['rose']
    """
    tags = [prediction.tag for prediction in predictions]
    row = np.array([[prediction.probability for prediction in predictions]])
    thresholds = np.array([threshold[tag] if isinstance(threshold, Mapping) else threshold for tag in tags])
    predicted = metrics.answers(row, thresholds, multilabel=multilabel)[0]
    return [tag for tag, is_predicted in zip(tags, predicted, strict=True) if is_predicted]


def extractor(store: Store, iteration: Iteration) -> Network:
    """The backbone that an iteration was trained on, and the function that embeds images by it; both are cached.

    Raises:
        ModelDamaged: the network's file is missing or damaged.
    """
    return _network(store, iteration.fingerprint)


def extractor_of(store: Store, fingerprint: str) -> feature_extraction.Extractor:
    """The function that embeds images by the backbone with that fingerprint, cached with those of `extractor`.

    Raises:
        ModelDamaged: the network's file is missing or damaged.
    """
    return _network(store, fingerprint)[1]


_networks: Networks = OrderedDict()
_networks_lock = threading.Lock()


def _network(store: Store, fingerprint: str) -> Network:
    return loaded(_networks, fingerprint, blobs.backbones_folder(store.home))


def loaded(kept: Networks, fingerprint: str, folder: Path, *, threads: int | None = None) -> Network:
    """The network of that fingerprint, from `kept` or else from a home's folder, whichever home: they are the same.

    `kept` then has the networks used last, at most `NETWORKS_KEPT`. Whoever needs a network that is just being loaded
    waits for it; who needs another one does not.

    Raises:
        ModelDamaged: the network's file is missing or damaged.
    """
    with _networks_lock:
        is_there = fingerprint in kept
        network = kept.setdefault(fingerprint, Future())
        kept.move_to_end(fingerprint)
        if len(kept) > NETWORKS_KEPT:
            kept.popitem(last=False)
    if not is_there:
        try:
            backbone = backbones.find(fingerprint, folder)
            network.set_result((backbone, feature_extraction.load(backbone, folder, threads=threads)))
        except BaseException as error:
            with _networks_lock:
                kept.pop(fingerprint, None)
            network.set_exception(error)
    return network.result()
