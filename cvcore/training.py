"""From a workspace to an iteration: what is missing, the snapshot, and the training itself.

`start` is for the doors: it takes the snapshot and queues a job. `run` is for the worker.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cvcore import (
    advanced,
    assessment,
    augmentation,
    backbones,
    blobs,
    domains,
    evaluation,
    features,
    names,
    notifying,
    splits,
    uploads,
)
from cvcore.errors import InTraining, InvalidInput, NothingChanged, NotTrainable, Published, WeightsMissing
from cvcore.extractors import Device
from cvcore.progress import Progress, share
from cvcore.records import (
    K_FOLD,
    MULTILABEL,
    Evaluation,
    EvaluationMethod,
    Image,
    Iteration,
    Job,
    Project,
    Tag,
    TrainingOptions,
)
from cvcore.store import SnapshotImage, Store

IMAGES_TO_TRAIN = 5
IMAGES_TO_TRAIN_WELL = 30
BALANCE = 2
ITERATION_LETTERS = 128
BUDGET_MINUTES_MOST = 24 * 60
COST_LEAST, COST_MOST = 0.01, 100.0

QUICK = TrainingOptions()


@dataclass(frozen=True)
class Readiness:
    """What would be trained now, what stands in the way, and what would make it better, in words.

    `images` are those that the iteration would hold; `test_images` counts the tagged ones kept for testing,
    which are among them only where the evaluation is by the user's own test set.
    """

    images: list[Image]
    tags: list[Tag]
    obstacles: tuple[str, ...]
    advice: tuple[str, ...]
    test_images: int = 0


def readiness(
    store: Store, project: Project, tag_ids: Sequence[str] = (), *, evaluation: EvaluationMethod = K_FOLD
) -> Readiness:
    """The workspace, or these tags of it alone, through the eyes of a training that is judged in that way.

    Tags that no picture of it carries are left out.
    """
    tags = [tag for tag in store.tags.of_project(project.id) if tag.image_count and (not tag_ids or tag.id in tag_ids)]
    # A negative tag is the last, so that without it, in Multilabel, the columns before it keep their places.
    tags.sort(key=lambda tag: tag.kind == "Negative")
    known = {tag.id for tag in tags}
    there = [image for image in store.images.tagged(project.id) if not known.isdisjoint(image.tag_ids)]
    images = assessment.training_images(evaluation, there)
    carried = {tag_id for image in images for tag_id in image.tag_ids}
    tags = assessment.trained_tags([tag for tag in tags if tag.id in carried], images)
    judged_by = evaluation, tags, images, project.classification_type
    return Readiness(
        images,
        tags,
        (*_obstacles(tags), *assessment.obstacles(*judged_by)),
        (*_advice(tags), *assessment.advice(*judged_by)),
        sum(image.is_test for image in there),
    )


def start(
    store: Store,
    project: Project,
    *,
    force: bool = False,
    tag_ids: Sequence[str] = (),
    evaluation: EvaluationMethod = K_FOLD,
    options: TrainingOptions = QUICK,
) -> Job:
    """Take a snapshot of the workspace, or of these tags and their pictures alone, and queue its training.

    `evaluation` is the way in which it will be judged, `options` how the training goes about it.

    Raises:
        NotTrainable: the message says what is missing.
        InTraining: a training of this project waits or runs already.
        NothingChanged: the last iteration is of the same pictures, tags, type and domain, judged in the same way,
            and `force` is not set.
        NotFound: the project was deleted meanwhile.
        InvalidInput: an option is outside its range, of a tag that is not the project's, or starts from an iteration
            that is not trained, or in a domain with another network.
        UrlRefused: the address to notify is none.
        IterationNotFound: it starts from an iteration that is gone.
    """
    options = _checked(options, [tag.id for tag in store.tags.of_project(project.id)])
    with store.transaction():
        # As it is now: someone may have given it another type or domain since this one was read.
        project = store.projects.get(project.id)
        if options.start_from:
            _check_base(project, store.iterations.get(options.start_from))
        running = store.jobs.latest(project.id, "train")
        if running and running.is_active:
            raise InTraining("one training at a time: this project is being trained already, wait for it or cancel it")
        ready = readiness(store, project, tag_ids, evaluation=evaluation)
        if ready.obstacles:
            raise NotTrainable(" ".join(ready.obstacles))
        digest = _digest(project, ready, evaluation, options)
        if not force and _is_last(store, project, digest):
            raise NothingChanged("Nothing changed since last training")
        judged_by = Evaluation(evaluation, 0, assessment.SEED)
        iteration = store.iterations.add(project, digest, ready.tags, ready.images, evaluation=judged_by)
        store.trainings.add(iteration.id, options)
        return store.jobs.add("train", project.id, iteration.id)


def embed_soon(store: Store, project: Project) -> None:
    """Have the worker compute the embeddings of new pictures when it has nothing better to do."""
    latest = store.jobs.latest(project.id, "embed")
    if latest is None or latest.status != "queued":
        store.jobs.add("embed", project.id)


def cancel(store: Store, job: Job) -> None:
    """Stop a training: at once where it still waits, within a second or two where it runs.

    One that has ended stays as it is, and cancelling twice does no harm.

    Raises:
        NotFound: its project was deleted.
    """
    with store.transaction():
        store.jobs.cancel(job.id)
        job = store.jobs.get(job.id)
        if job.status == "cancelled" and job.iteration_id:
            close(store, job, "cancelled")


def wrap_up(store: Store, job: Job) -> None:
    """Have an advanced training end its search now and keep the best that it has found, as an iteration.

    One that waits, or ended, or is Quick goes on as it would.
    """
    if job.iteration_id:
        store.trainings.wrap_up(job.iteration_id)


def close(store: Store, job: Job, status: str, error: str = "") -> None:
    """Mark a job that did not come to its end, and its iteration with it, as failed or cancelled.

    A cancelled training leaves no iteration behind.
    """
    with store.transaction():
        store.jobs.finish(job.id, status, error)
        if job.iteration_id and status == "failed":
            store.iterations.fail(job.iteration_id, error)
        if job.iteration_id and status == "cancelled":
            delete(store, store.iterations.get(job.iteration_id))


def rename(store: Store, iteration: Iteration, name: str) -> None:
    """Call an iteration by another name.

    Raises:
        InvalidInput, NameTaken: the name breaks its rule or is another iteration's.
    """
    store.iterations.rename(iteration, names.clean("iteration", name, letters=ITERATION_LETTERS))


def delete(store: Store, iteration: Iteration) -> None:
    """Remove an iteration and the pictures that only it still holds.

    Raises:
        InTraining, Published: it is being trained, or programs ask it by a name.
        NotFound: it is gone already.
    """
    folder = blobs.iteration_folder(store.home, iteration.id)
    networks = blobs.backbones_folder(store.home)
    with store.transaction():
        job = store.jobs.latest(iteration.project_id, "train")
        if job and job.iteration_id == iteration.id and job.is_active:
            raise InTraining("an iteration in training cannot be deleted: cancel the training instead")
        if publications := store.publications.of_iteration(iteration.id):
            raise Published(
                f"{iteration.name} is published as {publications[0].name!r}: unpublish it before deleting it"
            )
        uploads.forget(store, store.iterations.delete(iteration.id))
        store.after_commit(lambda: blobs.delete(folder))
        store.after_commit(lambda: advanced.forget(store, iteration.id))
        if iteration.fingerprint and not store.iterations.looking_through(iteration.fingerprint):
            store.trainings.forget_tuned_on(iteration.fingerprint)
            store.after_commit(lambda: backbones.forget_tuned(iteration.fingerprint, networks))


def run(store: Store, iteration: Iteration, progress: Progress, device: Device = "cpu") -> None:
    """Train an iteration's snapshot to its end: embed, split, fit, judge, save.

    Raises:
        Stopped: `progress` asked to.
        TagwiseError: it cannot be done; the message says why.
    """
    started = time.perf_counter()
    snapshot = store.iterations.images(iteration.id)
    tags = evaluation.tags(store, iteration)
    options = store.trainings.options(iteration.id)
    prepared, note = _network(store, iteration, options, share(progress, 0, 0.1))
    embedding_started = time.perf_counter()
    embeddings = features.compute(store, prepared, snapshot, share(progress, 0.1, 0.8), device)
    fitting_started = time.perf_counter()
    truth = truth_matrix(snapshot, len(tags))
    groups = splits.near_duplicate_groups(_signatures(snapshot))
    method = iteration.evaluation.method if iteration.evaluation else K_FOLD
    known = store.trainings.tuned_on(prepared.fingerprint)
    plan = assessment.plan(
        *(method, truth, groups),
        np.array([image.is_test for image in snapshot]),
        np.array([image.sha256 in known for image in snapshot]),
    )
    multilabel = iteration.classification_type == MULTILABEL
    fit_progress = share(progress, 0.8, 0.98)
    head = assessment.fit(
        plan,
        embeddings,
        truth,
        multilabel=multilabel,
        l2=prepared.l2,
        costs=assessment.tag_costs(options, [tag.tag_id for tag in tags]),
        on_progress=lambda fraction: fit_progress("Fitting the classifier", fraction),
    )
    outcome = None
    if options.is_advanced:
        lesson = advanced.Lesson(
            *(iteration, options, snapshot, prepared, plan, embeddings, truth, groups, multilabel, head)
        )
        taught = advanced.teach(store, lesson, progress, device)
        prepared, head, outcome = taught.prepared, taught.head, taught.outcome
    done = time.perf_counter()
    judged = evaluation.Judged(truth, head.out_of_fold, plan.folds, groups, head.kernel, head.bias, multilabel)
    with blobs.new_folder(blobs.iteration_folder(store.home, iteration.id)) as folder:
        evaluation.save(folder, judged)
    store.iterations.complete(
        iteration.id,
        backbone=prepared.title,
        fingerprint=prepared.fingerprint,
        note=note,
        evaluation=plan.evaluation,
        scores=evaluation.scores(judged),
        seconds={
            "features": round(fitting_started - embedding_started, 3),
            "fit": round(done - fitting_started, 3),
            "total": round(time.perf_counter() - started, 3),
        },
    )
    if outcome:
        store.trainings.finish(iteration.id, outcome)
        advanced.forget(store, iteration.id)


def embed(store: Store, project: Project, progress: Progress, device: Device = "cpu") -> None:
    """Compute the embeddings of a project's pictures, so that its training need not."""
    prepared, _ = prepare(project.domain_id, blobs.backbones_folder(store.home), progress)
    features.fill(store, prepared, store.images.contents(project.id), progress, device)


def prepare(domain_id: str, folder: Path, progress: Progress) -> tuple[backbones.Prepared, str]:
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
) -> tuple[backbones.Prepared, str]:
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


def _checked(options: TrainingOptions, tag_ids: Sequence[str]) -> TrainingOptions:
    """The options, their costs put so that costs which say the same are the same."""
    if not 0 < options.budget_minutes <= BUDGET_MINUTES_MOST:
        raise InvalidInput(
            f"a budget must be above 0 and at most {BUDGET_MINUTES_MOST} minutes, got {options.budget_minutes:g}"
        )
    augmentation.chosen(augmentation.Policy(()), options.transforms)
    if options.notify_url:
        notifying.check(options.notify_url)
    costs = dict(options.costs)
    if unknown := costs.keys() - set(tag_ids):
        raise InvalidInput(f"a cost must be of a tag of the project, {min(unknown)[:80]!r} is none")
    for cost in costs.values():
        # What is not a number is in no range either.
        if not COST_LEAST <= cost <= COST_MOST:
            raise InvalidInput(f"a cost must be in {COST_LEAST:g}..{COST_MOST:g}, got {cost:g}")
    return replace(options, costs=tuple(sorted((tag_id, cost) for tag_id, cost in costs.items() if cost != 1)))


def _check_base(project: Project, base: Iteration) -> None:
    if base.status != "Completed":
        raise InvalidInput(f"a training starts from an iteration that is trained, {base.name!r} is not: choose another")
    if not domains.is_same_network(base.domain_id, project.domain_id):
        raise InvalidInput(
            f"a training starts from an iteration of the same network, {base.name!r} was trained in the domain "
            f"{domains.find(base.domain_id).name}: choose another"
        )


def _obstacles(tags: Sequence[Tag]) -> list[str]:
    found = []
    if len(tags) < 2:
        has = f"only {tags[0].name!r} has any" if tags else "no picture is tagged yet"
        found.append(f"Training needs pictures of at least two tags, {has}.")
    for tag in tags:
        if (missing := IMAGES_TO_TRAIN - tag.image_count) > 0:
            more = "1 more picture" if missing == 1 else f"{missing} more pictures"
            found.append(f"{tag.name!r} needs {more}: each tag needs at least {IMAGES_TO_TRAIN}.")
    return found


def _advice(tags: Sequence[Tag]) -> list[str]:
    given = []
    few = [tag.name for tag in tags if tag.image_count < IMAGES_TO_TRAIN_WELL]
    if few:
        shown = ", ".join(few[:5]) + (", …" if len(few) > 5 else "")
        given.append(f"{IMAGES_TO_TRAIN_WELL} or more pictures a tag train well; fewer have {shown}.")
    counts = [tag.image_count for tag in tags]
    if counts and max(counts) > BALANCE * min(counts):
        given.append(
            f"Tags are best balanced, the smallest at least half of the largest; here they go from {min(counts)} "
            f"to {max(counts)} pictures."
        )
    return given


def _digest(project: Project, ready: Readiness, evaluation: EvaluationMethod, options: TrainingOptions) -> str:
    content: list[object] = [
        project.classification_type,
        project.domain_id,
        [[tag.id, tag.name, tag.kind] for tag in ready.tags],
        [[image.sha256, sorted({*image.tag_ids} & {tag.id for tag in ready.tags})] for image in ready.images],
    ]
    # Not for k-fold, which holds no test pictures: iterations from before there was a choice stay the same.
    if evaluation != K_FOLD:
        content += [evaluation, [image.sha256 for image in ready.images if image.is_test]]
    # Nor for Quick, and whoever is told of the end has no part in it.
    if (how := replace(options, notify_url="")) != QUICK:
        content.append(asdict(how))
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _is_last(store: Store, project: Project, digest: str) -> bool:
    trained = store.iterations.trained(project.id)
    # One that fell back on the built-in backbone is worth repeating: the weights may be here by now.
    return bool(trained) and not trained[0].note and store.iterations.snapshot_digest(trained[0].id) == digest


def _signatures(snapshot: Sequence[SnapshotImage]) -> NDArray[np.uint8]:
    return np.stack([np.frombuffer(image.signature, np.uint8) for image in snapshot])
