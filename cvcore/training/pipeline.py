"""What the worker does for an iteration: look at its pictures, fit, judge and keep what came of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cvcore import domains, evaluation, finetuning, validation
from cvcore.errors import WeightsMissing
from cvcore.files import blobs
from cvcore.finetuning import Task
from cvcore.networks import backbones, embedding_cache
from cvcore.networks.heads import Head
from cvcore.networks.keras_backend import Device
from cvcore.progress import Progress, share
from cvcore.records import K_FOLD, MULTILABEL, Iteration, Project, TrainingOptions
from cvcore.store import SnapshotImage, Store
from cvcore.training import quick
from cvcore.validation import near_duplicates

# Of an advanced training, what Quick does first.
QUICK_SHARE = 0.05


def run(store: Store, iteration: Iteration, progress: Progress, device: Device = "cpu") -> None:
    """Train an iteration's snapshot to its end: embed, split, fit, judge, save.

    Raises:
        Stopped: `progress` asked to.
        TagwiseError: it cannot be done; the message says why.
    """
    started = time.perf_counter()
    options = store.trainings.options(iteration.id)
    quickly = share(progress, 0, QUICK_SHARE) if options.is_advanced else progress
    prepared, note = _network(store, iteration, options, share(quickly, 0, 0.1))
    snapshot = store.iterations.images(iteration.id)
    embedding_started = time.perf_counter()
    embeddings = embedding_cache.compute(store, prepared, snapshot, share(quickly, 0.1, 0.8), device)
    fitting_started = time.perf_counter()
    lesson = _lesson(store, iteration, options, snapshot, prepared, embeddings)
    head = _quick(lesson, share(quickly, 0.8, 0.98))
    outcome = None
    if options.is_advanced:
        taught = finetuning.tune(store, lesson, head, share(progress, QUICK_SHARE, 1), device)
        prepared, head, outcome = taught.prepared, taught.head, taught.outcome
    done = time.perf_counter()
    told = lesson.truth, head.out_of_fold, lesson.plan.folds, lesson.groups, head.kernel, head.bias, lesson.multilabel
    judged = evaluation.OutOfFold(*told)
    with blobs.new_folder(blobs.iteration_folder(store.home, iteration.id)) as folder:
        evaluation.save(folder, judged)
    with store.transaction():
        if outcome:
            store.trainings.set_outcome(iteration.id, outcome)
        store.iterations.complete(
            iteration.id,
            backbone=prepared.title,
            fingerprint=prepared.fingerprint,
            note=note,
            evaluation=lesson.plan.evaluation,
            scores=evaluation.scores(judged),
            seconds={
                "features": round(fitting_started - embedding_started, 3),
                "fit": round(done - fitting_started, 3),
                "total": round(time.perf_counter() - started, 3),
            },
        )
        store.after_commit(lambda: finetuning.forget(store, iteration.id))


def _lesson(
    store: Store,
    iteration: Iteration,
    options: TrainingOptions,
    snapshot: Sequence[SnapshotImage],
    prepared: backbones.Backbone,
    embeddings: NDArray[np.float32],
) -> Task:
    tags = evaluation.tags(store, iteration)
    truth = truth_matrix(snapshot, len(tags))
    groups = near_duplicates.groups(_signatures(snapshot))
    method = iteration.evaluation.method if iteration.evaluation else K_FOLD
    known = store.trainings.tuned_on(prepared.fingerprint)
    is_test = np.array([image.is_test for image in snapshot])
    is_known = np.array([image.sha256 in known for image in snapshot])
    return Task(
        iteration=iteration,
        options=options,
        snapshot=snapshot,
        prepared=prepared,
        plan=validation.plan(method, truth, groups, is_test, is_known),
        embeddings=embeddings,
        truth=truth,
        groups=groups,
        costs=quick.tag_costs(options, [tag.tag_id for tag in tags]),
        multilabel=iteration.classification_type == MULTILABEL,
    )


def _quick(lesson: Task, progress: Progress) -> Head:
    """The classifier on the network as it is."""
    return quick.fit(
        lesson.plan,
        lesson.embeddings,
        lesson.truth,
        multilabel=lesson.multilabel,
        l2=lesson.prepared.l2,
        costs=lesson.costs,
        on_progress=lambda fraction: progress("Fitting the classifier", fraction),
    )


def embed(store: Store, project: Project, progress: Progress, device: Device = "cpu") -> None:
    """Compute the embeddings of a project's pictures, so that its training need not."""
    prepared, _ = prepare(project.domain_id, blobs.backbones_folder(store.home), progress)
    embedding_cache.fill(store, prepared, store.images.digests(project.id), progress, device)


def prepare(domain_id: str, folder: Path, progress: Progress) -> tuple[backbones.Backbone, str]:
    """The domain's backbone, ready to embed; the built-in one with a note in words where its weights can't be had."""
    domain = domains.find(domain_id)

    def on_stage(stage: str) -> None:
        progress(stage, 0.0)

    try:
        return backbones.prepare(domain.backbone, domain.side, folder, on_stage=on_stage), ""
    except WeightsMissing as missing:
        spare = domains.BUILT_IN
        why = f"{missing}"
        instead = "The built-in network was used instead: expect to be right somewhat less often."
        note = f"{why[:1].upper()}{why[1:]}. {instead}"
        return backbones.prepare(spare.backbone, spare.side, folder, on_stage=on_stage), note


def _network(
    store: Store, iteration: Iteration, options: TrainingOptions, progress: Progress
) -> tuple[backbones.Backbone, str]:
    """What training starts from, and a note in words where it is not the domain's own for want of weights."""
    folder = blobs.backbones_folder(store.home)
    if options.start_from:
        return backbones.find(store.iterations.get(options.start_from).fingerprint, folder), ""
    return prepare(iteration.domain_id, folder, progress)


def truth_matrix(snapshot: Sequence[SnapshotImage], columns: int) -> NDArray[np.bool_]:
    """Which picture carries which of the first `columns` tags: bool (pictures, columns)."""
    truth = np.zeros((len(snapshot), columns), dtype=bool)
    for row, image in enumerate(snapshot):
        truth[row, [column for column in image.columns if column < columns]] = True
    return truth


def _signatures(snapshot: Sequence[SnapshotImage]) -> NDArray[np.uint8]:
    return np.stack([np.frombuffer(image.signature, np.uint8) for image in snapshot])
