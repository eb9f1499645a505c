"""Makes the map of a trained iteration's images."""

from __future__ import annotations

import numpy as np

from cvcore import evaluation, image_maps, validation
from cvcore.array_types import Bools, Float32s
from cvcore.evaluation import OutOfFold
from cvcore.files import blobs
from cvcore.image_maps import ImageMap
from cvcore.languages import t
from cvcore.networks import backbones, embedding_cache, heads
from cvcore.networks.backbones import Backbone
from cvcore.networks.keras_backend import Device
from cvcore.progress import Progress, share
from cvcore.records import Iteration
from cvcore.store import Store
from cvcore.training.steps import pipeline

# A greater share of images without an evaluation than a few that no fold can evaluate.
NOT_EVALUATED_MOST = 0.1


def make(store: Store, iteration: Iteration, progress: Progress, device: Device = "cpu") -> ImageMap:
    """Make a map.

    An Advanced iteration's is by the network that it started from: the one that it fine-tuned has seen the images'
    tags, and would show groups that it only learned by heart.

    Raises:
        Stopped: `progress` asked to stop.
        Unavailable: an image or the network is missing.
    """
    predictions = evaluation.load(store, iteration)
    options = store.trainings.options(iteration.id)
    folder = blobs.backbones_folder(store.home)
    if options.is_advanced:
        backbone, _ = pipeline.prepare(iteration.domain_id, folder, share(progress, 0, 0.1), options)
    else:
        backbone = backbones.find(iteration.fingerprint, folder)
    snapshot = store.iterations.images(iteration.id)
    embeddings = embedding_cache.compute(store, backbone, snapshot, share(progress, 0.1, 0.4), device)
    probabilities = _unseen(predictions, embeddings, backbone, share(progress, 0.4, 0.5))
    placing = share(progress, 0.5, 1)
    return image_maps.make(
        embeddings,
        probabilities,
        backbone.fingerprint,
        on_progress=lambda fraction: placing(t("Placing the images"), fraction),
    )


def _unseen(predictions: OutOfFold, embeddings: Float32s, backbone: Backbone, progress: Progress) -> Float32s:
    """Each image's probabilities by a classifier that was not trained on it.

    Where only a part of the images was kept aside for the evaluation, classifiers are fitted for all images now. An
    image that every classifier was trained on gets the mean of the others: its embedding alone places it.
    """
    probabilities = predictions.probabilities
    if (predictions.folds < 0).mean() > NOT_EVALUATED_MOST:
        folds = validation.folds(predictions.truth, predictions.groups, seed=0)
        probabilities = heads.fit(
            embeddings,
            predictions.truth,
            folds,
            multilabel=predictions.multilabel,
            l2=backbone.l2,
            on_progress=lambda fraction: progress(t("Fitting classifiers"), fraction),
        ).out_of_fold
    is_known: Bools = np.asarray(~np.isnan(probabilities).any(axis=1))
    if not is_known.any():
        return np.zeros_like(probabilities)
    mean: Float32s = np.where(is_known[:, None], probabilities, probabilities[is_known].mean(axis=0))
    return mean
