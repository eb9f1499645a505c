"""Measures a trained iteration's learning curve, in the worker or where a command runs, and keeps it with it."""

from __future__ import annotations

from cvcore import evaluation, learning_curves
from cvcore.errors import NotTrained
from cvcore.files import blobs
from cvcore.learning_curves import Measurement
from cvcore.learning_curves.measurement import Evaluated
from cvcore.networks import backbones, embedding_cache
from cvcore.networks.keras_backend import Device
from cvcore.progress import Progress, share, silent
from cvcore.records import Iteration, Job
from cvcore.store import Store
from cvcore.training import pipeline


def request(store: Store, iteration: Iteration) -> Job:
    """Queue the measurement for the worker, unless it is queued or running; trainings run first.

    Raises:
        NotTrained: the iteration is not trained.
    """
    if iteration.status != "Completed":
        raise NotTrained(f"a learning curve needs a trained iteration, {iteration.name!r} is not: train it")
    with store.transaction():
        latest = store.jobs.latest(iteration.project_id, "learning-curve")
        if latest and latest.is_active and latest.iteration_id == iteration.id:
            return latest
        return store.jobs.add("learning-curve", iteration.project_id, iteration.id)


def measure(store: Store, iteration: Iteration, progress: Progress = silent, device: Device = "cpu") -> Measurement:
    """The iteration's measurement; made and kept if there is none.

    An Advanced iteration's is that of Quick training on the network that it started from: training its network once
    for each point would take hours.

    Raises:
        NotTrained: the iteration is not trained.
        Stopped: `progress` asked to stop.
        Unavailable: an image or the network is missing.
    """
    if kept := learning_curves.load(store, iteration):
        return kept
    predictions = evaluation.load(store, iteration)
    options = store.trainings.options(iteration.id)
    folder = blobs.backbones_folder(store.home)
    if options.is_advanced:
        backbone, _ = pipeline.prepare(iteration.domain_id, folder, share(progress, 0, 0.1), options)
    else:
        backbone = backbones.find(iteration.fingerprint, folder)
    snapshot = store.iterations.images(iteration.id)
    embeddings = embedding_cache.compute(store, backbone, snapshot, share(progress, 0.1, 0.5), device)
    task = pipeline.plan_task(store, iteration, options, snapshot, backbone, embeddings)
    evaluated = Evaluated(
        embeddings,
        predictions.truth,
        predictions.folds,
        predictions.groups,
        task.plan.trains,
        task.costs,
        backbone.l2,
        predictions.multilabel,
    )
    whole = None if options.is_advanced else predictions.probabilities
    fitting = share(progress, 0.5, 1)
    measurement = learning_curves.measure(
        evaluated, whole, lambda fraction: fitting("Training on fewer images", fraction)
    )
    learning_curves.save(store, iteration, measurement)
    return measurement
