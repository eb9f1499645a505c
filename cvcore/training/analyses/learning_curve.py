"""Measures a trained iteration's learning curve."""

from __future__ import annotations

from cvcore import evaluation, learning_curves
from cvcore.evaluation import report_files
from cvcore.files import blobs
from cvcore.languages import t
from cvcore.learning_curves import Measurement
from cvcore.learning_curves.measurement import Evaluated
from cvcore.networks import backbones, embedding_cache
from cvcore.networks.keras_backend import Device
from cvcore.progress import Progress, share
from cvcore.records import Iteration
from cvcore.store import Store
from cvcore.training.steps import pipeline


def measure(store: Store, iteration: Iteration, progress: Progress, device: Device = "cpu") -> Measurement:
    """Measure a learning curve.

    An Advanced iteration's is that of Quick training on the network that it started from: training its network once
    for each point would take hours.

    Raises:
        Stopped: `progress` asked to stop.
        Unavailable: an image or the network is missing.
    """
    predictions = evaluation.load(store, iteration)
    options = store.trainings.options(iteration.id)
    if options.is_advanced:
        backbone, _ = pipeline.starting_backbone(store, iteration, options, share(progress, 0, 0.1))
    else:
        backbone = backbones.find(iteration.fingerprint, blobs.backbones_folder(store.home))
    snapshot = store.iterations.images(iteration.id)
    embeddings = embedding_cache.compute(store, backbone, snapshot, share(progress, 0.1, 0.5), device)
    task = pipeline.plan_task(store, iteration, options, snapshot, backbone, embeddings)
    evaluated = Evaluated(
        embeddings,
        predictions.truth,
        predictions.folds,
        predictions.groups,
        # The groups are those of the training: the values of a group key may have changed since.
        report_files.trained_on(store, iteration),
        task.costs,
        backbone.l2,
        predictions.multilabel,
    )
    whole = None if options.is_advanced else predictions.probabilities
    fitting = share(progress, 0.5, 1)
    stage = t("Training on fewer images")
    return learning_curves.measure(evaluated, whole, lambda fraction: fitting(stage, fraction))
