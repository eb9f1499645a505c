"""Starts, cancels and ends trainings.

`start` takes the snapshot and queues a job. The worker claims it (`Jobs.claim`) and runs `pipeline`; where no worker
runs, `tagwise train` claims its own job and does the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace

from cvcore import domains, finetuning, image_facts, validation
from cvcore.errors import InTraining, InvalidInput, NothingChanged, NotTrainable
from cvcore.languages import t
from cvcore.records import (
    EMBEDDING_KINDS,
    K_FOLD,
    PLAIN,
    QUICK,
    Evaluation,
    EvaluationMethod,
    Iteration,
    Job,
    Project,
    TrainingOptions,
)
from cvcore.store import Store
from cvcore.store.caches import kept_with_store
from cvcore.training import webhooks
from cvcore.training.iterations import delete_iteration
from cvcore.training.readiness import Readiness, readiness
from cvcore.training.steps import group_keys

BUDGET_MINUTES_MOST = 24 * 60
COST_LEAST, COST_MOST = 0.01, 100.0


def start(
    store: Store,
    project: Project,
    *,
    force: bool = False,
    tag_ids: Sequence[str] = (),
    evaluation: EvaluationMethod = K_FOLD,
    options: TrainingOptions = QUICK,
    iteration_id: str = "",
) -> Job:
    """Take a snapshot of the workspace, or only of `tag_ids` and their images, and queue its training.

    A training that starts from an iteration keeps the kind of embedding that this has. `iteration_id` is of an
    iteration that was added before its images were there; without it, a new one is added.

    Raises:
        NotTrainable: the message says what is missing.
        InTraining: a training of this project is queued or running already.
        NothingChanged: the last iteration has the same images, tags, type, domain, evaluation and options (apart from
            the URL to notify), and `force` is not set.
        NotFound: the project was deleted in the meantime.
        InvalidInput: an option is outside its range; a cost is for a tag of another project; the iteration to start
            from is not trained, or has another network; the group key does not group the images.
        UrlRefused: the URL to notify is invalid.
        IterationNotFound: the iteration to start from was deleted.
    """
    options = _checked(options, [tag.id for tag in store.tags.of_project(project.id)])
    with store.transaction():
        # Read again: its type or domain may have changed since the caller read it.
        project = store.projects.get(project.id)
        if options.start_from:
            _check_base(project, store.iterations.get(options.start_from))
            options = replace(options, embedding=store.trainings.options(options.start_from).embedding)
        running = store.jobs.latest(project.id, "train")
        if running and running.is_active:
            raise InTraining(
                t("one training at a time: this project is being trained already, wait for it or cancel it")
            )
        ready = readiness(store, project, tag_ids, evaluation=evaluation)
        if ready.obstacles:
            raise NotTrainable(" ".join(ready.obstacles))
        if options.group_key:
            group_keys.check(options.group_key, image_facts.columns(store, ready.images))
        groups = group_keys.texts(store, options.group_key, ready.images)
        digest = _digest(project, ready, evaluation, options, groups)
        if not force and _is_last(store, project, digest):
            raise NothingChanged(t("Nothing changed since last training"))
        planned = Evaluation(evaluation, 0, validation.SEED)
        snapshot = project, digest, ready.tags, ready.images
        if iteration_id:
            iteration = store.iterations.take_snapshot(iteration_id, *snapshot, evaluation=planned)
        else:
            iteration = store.iterations.add(*snapshot, evaluation=planned)
        store.trainings.add(iteration.id, options)
        return store.jobs.add("train", project.id, iteration.id)


def cancel(store: Store, job: Job) -> None:
    """Cancel a training: at once if it is still queued, within a second or two if it is running.

    A training that has ended does not change. Cancelling twice does no harm.

    Raises:
        NotFound: its project was deleted.
    """
    with store.transaction():
        store.jobs.cancel(job.id)
        job = store.jobs.get(job.id)
        if job.status == "cancelled" and job.iteration_id:
            close(store, job, "cancelled")


def finish_early(store: Store, job: Job) -> None:
    """Ask an Advanced training to stop after the current step, within an epoch, and keep its best weights so far.

    The result is an iteration; before the first epoch is done, it is Quick's. A Quick training, and one that has ended,
    do not change.
    """
    if job.iteration_id:
        store.trainings.finish_early(job.iteration_id)


def close(store: Store, job: Job, status: str, error: str = "") -> None:
    """Mark an unfinished job, and the iteration that it trains, as failed or cancelled.

    A cancelled training leaves no iteration behind.
    """
    with store.transaction():
        store.jobs.finish(job.id, status, error)
        if job.kind != "train":
            return
        if job.iteration_id and status == "failed":
            failed = job.iteration_id
            store.iterations.fail(failed, error)
            store.after_commit(lambda: finetuning.forget(store, failed))
        if job.iteration_id and status == "cancelled":
            delete_iteration(store, store.iterations.get(job.iteration_id))


def _checked(options: TrainingOptions, tag_ids: Sequence[str]) -> TrainingOptions:
    """The options, checked, with their costs sorted and costs of 1 left out, so that equal costs compare equal."""
    if not 0 < options.budget_minutes <= BUDGET_MINUTES_MOST:
        raise InvalidInput(
            t(
                "a budget must be above 0 and at most {most} minutes, got {minutes}",
                most=BUDGET_MINUTES_MOST,
                minutes=f"{options.budget_minutes:g}",
            )
        )
    domains.with_transforms(domains.Policy(()), options.transforms)
    if options.embedding not in EMBEDDING_KINDS:
        raise InvalidInput(
            t(
                "an embedding must be one of {names}, got {embedding!r}",
                names=", ".join(EMBEDDING_KINDS),
                embedding=options.embedding[:80],
            )
        )
    if options.notify_url:
        webhooks.check(options.notify_url)
    costs = dict(options.costs)
    if unknown := costs.keys() - set(tag_ids):
        raise InvalidInput(
            t(
                "a cost needs a tag of this project, {tag!r} is not one of them: correct it",
                tag=min(unknown)[:80],
            )
        )
    for cost in costs.values():
        # Written so that nan is refused too.
        if not COST_LEAST <= cost <= COST_MOST:
            raise InvalidInput(
                t(
                    "a cost must be in {least}..{most}, got {cost}",
                    least=f"{COST_LEAST:g}",
                    most=f"{COST_MOST:g}",
                    cost=f"{cost:g}",
                )
            )
    return replace(options, costs=tuple(sorted((tag_id, cost) for tag_id, cost in costs.items() if cost != 1)))


def _check_base(project: Project, base: Iteration) -> None:
    if base.status != "Completed":
        raise InvalidInput(
            t(
                "a training starts from an iteration that is trained, {iteration!r} is not: choose another",
                iteration=base.name,
            )
        )
    if not domains.is_same_network(base.domain_id, project.domain_id):
        raise InvalidInput(
            t(
                "a training starts from an iteration of the same network, {iteration!r} was trained in the domain "
                "{domain}: choose another",
                iteration=base.name,
                domain=domains.find(base.domain_id).name,
            )
        )


def _digest(
    project: Project,
    ready: Readiness,
    evaluation: EvaluationMethod,
    options: TrainingOptions,
    groups: Sequence[str] = (),
) -> str:
    """A text that is equal for equal trainings; `groups` are the images' values of the group key."""
    content: list[object] = [
        project.classification_type,
        project.domain_id,
        [[tag.id, tag.name, tag.kind] for tag in ready.tags],
        [[image.sha256, sorted({*image.tag_ids} & {tag.id for tag in ready.tags})] for image in ready.images],
    ]
    # Left out for k-fold, so that digests of iterations from before there was a choice stay the same.
    if evaluation != K_FOLD:
        content += [evaluation, [image.sha256 for image in ready.images if image.is_test]]
    # Left out for Quick, too. The URL to notify does not change the training.
    if (effective := replace(options, notify_url="")) != QUICK:
        fields = asdict(effective)
        if effective.embedding == PLAIN:  # digests from before there was a choice stay the same
            del fields["embedding"]
        if effective.group_key:
            fields["groups"] = groups
        else:
            del fields["group_key"]
        content.append(fields)
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def is_changed(store: Store, project: Project, iteration: Iteration) -> bool:
    """Whether training like the newest iteration would train on anything else than it did.

    Tags' numbers of images answer it most often; where they are the same, all images are looked at.
    """
    if store.tags.training_counts(project.id) != _trained_counts(store, iteration.id):
        return True
    method = iteration.evaluation.method if iteration.evaluation else K_FOLD
    ready = readiness(store, project, evaluation=method)
    options = store.trainings.options(iteration.id)
    groups = group_keys.texts(store, options.group_key, ready.images)
    return not _is_last(store, project, _digest(project, ready, method, options, groups))


@kept_with_store(64)
def _trained_counts(store: Store, iteration_id: str) -> dict[str, int]:
    return store.iterations.training_counts(iteration_id)


def _is_last(store: Store, project: Project, digest: str) -> bool:
    trained = store.iterations.trained(project.id)
    # An iteration with a note used the built-in network instead of its own: the missing weights may be available now.
    return bool(trained) and not trained[0].note and store.iterations.snapshot_digest(trained[0].id) == digest
