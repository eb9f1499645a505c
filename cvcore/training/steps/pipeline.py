"""The steps of a training, which the worker runs: from the iteration's snapshot of images to its saved results."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cvcore import domains, evaluation, finetuning, image_facts, slices, validation
from cvcore.domains import Domain
from cvcore.errors import WeightsMissing
from cvcore.files import blobs
from cvcore.finetuning import Task
from cvcore.languages import t
from cvcore.networks import backbones, embedding_cache, keras_backend, views
from cvcore.networks.backbones import Backbone
from cvcore.networks.heads import Head
from cvcore.networks.keras_backend import Device
from cvcore.progress import Progress, share, silent
from cvcore.records import K_FOLD, MULTILABEL, QUICK, Iteration, Project, Scores, TrainingOptions, TuningOutcome
from cvcore.slices import KeptTogether
from cvcore.store import SnapshotImage, Store
from cvcore.training.steps import group_keys, preparation, quick
from cvcore.validation import near_duplicates

# The share of an Advanced training's progress that Quick training takes first.
QUICK_SHARE = 0.05


@dataclass(frozen=True)
class Fitted:
    """The Quick head, and the head and backbone to predict with: the same, or what Advanced training tuned."""

    backbone: Backbone
    head: Head
    quick_head: Head
    outcome: TuningOutcome | None = None


def run(store: Store, iteration: Iteration, progress: Progress, device: Device = "cpu") -> None:
    """Train an iteration: embed its images, split them into folds, fit, evaluate and save.

    Raises:
        Stopped: `progress` asked to stop.
        TagwiseError: the training failed; the message says why.
    """
    started = time.perf_counter()
    options = store.trainings.options(iteration.id)
    quickly = share(progress, 0, QUICK_SHARE) if options.is_advanced else progress
    backbone, note = starting_backbone(store, iteration, options, share(quickly, 0, 0.1))
    snapshot = store.iterations.images(iteration.id)
    embedding_started = time.perf_counter()
    embeddings = embedding_cache.compute(store, backbone, snapshot, share(quickly, 0.1, 0.8), device)
    if options.group_key:
        image_facts.fill(store, [image.sha256 for image in snapshot])
    fitting_started = time.perf_counter()
    task = plan_task(store, iteration, options, snapshot, backbone, embeddings)
    fitted = _fit(store, task, quickly, share(progress, QUICK_SHARE, 1), device)
    done = time.perf_counter()
    scores = _save(store, task, fitted)
    image_facts.of_iteration(store, iteration)  # kept in files, so that its first reader need not wait
    with store.transaction():
        if fitted.outcome:
            store.trainings.set_outcome(iteration.id, fitted.outcome)
        store.iterations.complete(
            iteration.id,
            backbone=fitted.backbone.title,
            fingerprint=fitted.backbone.fingerprint,
            note=note,
            evaluation=task.plan.evaluation,
            scores=scores,
            seconds={
                "features": round(fitting_started - embedding_started, 3),
                "fit": round(done - fitting_started, 3),
                "total": round(time.perf_counter() - started, 3),
            },
        )
        store.after_commit(lambda: finetuning.forget(store, iteration.id))


def _fit(store: Store, task: Task, quickly: Progress, tuning: Progress, device: Device) -> Fitted:
    """Fit the Quick head and, for an Advanced training, tune from it; each tells its own progress."""
    head = _fit_quick(task, share(quickly, 0.8, 0.98))
    if not task.options.is_advanced:
        return Fitted(task.backbone, head, head)
    keras_backend.prepare_backend(lambda stage: quickly(stage, 1.0))
    tuned = finetuning.tune(store, task, head, tuning, device)
    return Fitted(tuned.backbone, tuned.head, head, tuned.outcome)


def _save(store: Store, task: Task, fitted: Fitted) -> Scores:
    """Write the iteration's files, all at once."""
    head = fitted.head
    out_of_fold = evaluation.OutOfFold(
        task.truth, head.out_of_fold, task.plan.folds, task.groups, head.kernel, head.bias, task.multilabel
    )
    kept_together = _kept_together(store, task, fitted.quick_head) if task.options.group_key else None
    with blobs.new_folder(blobs.iteration_folder(store.home, task.iteration.id)) as folder:
        scores = evaluation.save(folder, out_of_fold)
        slices.keep(folder, out_of_fold)
        if kept_together is not None:
            blobs.write(folder / slices.KEPT_TOGETHER.name, slices.KEPT_TOGETHER.to_bytes(kept_together))
    return scores


def plan_task(
    store: Store,
    iteration: Iteration,
    options: TrainingOptions,
    snapshot: Sequence[SnapshotImage],
    backbone: Backbone,
    embeddings: NDArray[np.float32],
) -> Task:
    """What to train on an iteration's images, with their embeddings (n, dimension) by the backbone."""
    tags = evaluation.tags(store, iteration)
    truth = truth_matrix(snapshot, len(tags))
    near = near_duplicates.groups(_signatures(snapshot))
    groups = group_keys.groups(store, options.group_key, snapshot, near)
    method = iteration.evaluation.method if iteration.evaluation else K_FOLD
    known = store.trainings.tuned_on(backbone.fingerprint)
    is_test = np.array([image.is_test for image in snapshot])
    is_known = np.array([image.sha256 in known for image in snapshot])
    return Task(
        iteration=iteration,
        options=options,
        snapshot=snapshot,
        backbone=backbone,
        plan=validation.plan(method, truth, groups, is_test, is_known),
        embeddings=embeddings,
        truth=truth,
        groups=groups,
        costs=quick.tag_costs(options, [tag.tag_id for tag in tags]),
        multilabel=iteration.classification_type == MULTILABEL,
    )


def _kept_together(store: Store, task: Task, head: Head) -> KeptTogether:
    """How Quick training does with near duplicates alone kept together, beside the task's own groups."""
    near = near_duplicates.groups(_signatures(task.snapshot))
    is_test = np.array([image.is_test for image in task.snapshot])
    known = store.trainings.tuned_on(task.backbone.fingerprint)
    is_known = np.array([image.sha256 in known for image in task.snapshot])
    plan = validation.plan(task.plan.evaluation.method, task.truth, near, is_test, is_known)
    apart = _fit_quick(replace(task, plan=plan), silent)
    together = head.out_of_fold if task.options.is_advanced else head.out_of_fold[:0]
    return KeptTogether(np.array(task.options.group_key), near, apart.out_of_fold, plan.folds, together)


def _fit_quick(task: Task, progress: Progress) -> Head:
    """Fit the Quick head: a classifier on the frozen backbone."""
    return quick.fit(
        task.plan,
        task.embeddings,
        task.truth,
        multilabel=task.multilabel,
        l2=task.backbone.l2,
        costs=task.costs,
        on_progress=lambda fraction: progress(t("Fitting the classifier"), fraction),
    )


def embed(store: Store, project: Project, progress: Progress, device: Device = "cpu") -> None:
    """Compute the embeddings of a project's images ahead of its training, which is likely to be like its last one."""
    last = store.iterations.trained(project.id)[:1]
    options = store.trainings.options(last[0].id) if last else QUICK
    backbone, _ = prepare(project.domain_id, blobs.backbones_folder(store.home), progress, options)
    embedding_cache.fill(store, backbone, store.images.digests(project.id), progress, device)


def prepare(domain_id: str, folder: Path, progress: Progress, options: TrainingOptions = QUICK) -> tuple[Backbone, str]:
    """Prepare the domain's backbone; if its weights are missing, the built-in one, with a note that says so.

    It has the views, and the network beside it, that the `options` of a training name.
    """
    domain = domains.find(domain_id)
    has_mirror = "mirror" in domains.with_transforms(domain.policy, options.transforms).transforms

    def on_stage(stage: str) -> None:
        progress(stage, 0.0)

    def name_of(domain: Domain) -> str:
        return views.name_for(domain.backbone, options.embedding, has_mirror=has_mirror)

    try:
        return preparation.prepare(name_of(domain), domain.side, folder, on_stage=on_stage), ""
    except WeightsMissing as missing:
        built_in = domains.BUILT_IN
        reason = f"{missing}"
        note = t(
            "{reason}. The built-in network was used instead: expect somewhat lower accuracy.",
            reason=f"{reason[:1].upper()}{reason[1:]}",
        )
        return preparation.prepare(name_of(built_in), built_in.side, folder, on_stage=on_stage), note


def starting_backbone(
    store: Store, iteration: Iteration, options: TrainingOptions, progress: Progress
) -> tuple[Backbone, str]:
    """The backbone that training starts from, and a note if the built-in one replaces the domain's own."""
    folder = blobs.backbones_folder(store.home)
    if options.start_from:
        return backbones.find(store.iterations.get(options.start_from).fingerprint, folder), ""
    return prepare(iteration.domain_id, folder, progress, options)


def truth_matrix(snapshot: Sequence[SnapshotImage], columns: int) -> NDArray[np.bool_]:
    """Which image carries which of the first `columns` tags: bool (images, columns)."""
    truth = np.zeros((len(snapshot), columns), dtype=bool)
    for row, image in enumerate(snapshot):
        truth[row, [column for column in image.columns if column < columns]] = True
    return truth


def _signatures(snapshot: Sequence[SnapshotImage]) -> NDArray[np.uint8]:
    return np.stack([np.frombuffer(image.signature, np.uint8) for image in snapshot])
