"""Trainings as people deal with them: started, cancelled, and what comes of them named and deleted.

`start` takes the snapshot and queues a job; the worker does it by `learning`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace

from cvcore import domains, finetuning, validation
from cvcore.errors import InTraining, InvalidInput, NothingChanged, NotTrainable
from cvcore.records import K_FOLD, Evaluation, EvaluationMethod, Iteration, Job, Project, TrainingOptions
from cvcore.store import Store
from cvcore.training import webhooks
from cvcore.training.iterations import delete_iteration
from cvcore.training.readiness import Readiness, readiness

BUDGET_MINUTES_MOST = 24 * 60
COST_LEAST, COST_MOST = 0.01, 100.0

QUICK = TrainingOptions()


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
        judged_by = Evaluation(evaluation, 0, validation.SEED)
        iteration = store.iterations.add(project, digest, ready.tags, ready.images, evaluation=judged_by)
        store.trainings.add(iteration.id, options)
        return store.jobs.add("train", project.id, iteration.id)


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


def finish_early(store: Store, job: Job) -> None:
    """Have an advanced training end its search now and keep the best that it has found, as an iteration.

    One that waits, or ended, or is Quick goes on as it would.
    """
    if job.iteration_id:
        store.trainings.finish_early(job.iteration_id)


def close(store: Store, job: Job, status: str, error: str = "") -> None:
    """Mark a job that did not come to its end, and its iteration with it, as failed or cancelled.

    A cancelled training leaves no iteration behind.
    """
    with store.transaction():
        store.jobs.finish(job.id, status, error)
        if job.iteration_id and status == "failed":
            failed = job.iteration_id
            store.iterations.fail(failed, error)
            store.after_commit(lambda: finetuning.forget(store, failed))
        if job.iteration_id and status == "cancelled":
            delete_iteration(store, store.iterations.get(job.iteration_id))


def _checked(options: TrainingOptions, tag_ids: Sequence[str]) -> TrainingOptions:
    """The options, their costs put so that costs which say the same are the same."""
    if not 0 < options.budget_minutes <= BUDGET_MINUTES_MOST:
        raise InvalidInput(
            f"a budget must be above 0 and at most {BUDGET_MINUTES_MOST} minutes, got {options.budget_minutes:g}"
        )
    domains.with_transforms(domains.Policy(()), options.transforms)
    if options.notify_url:
        webhooks.check(options.notify_url)
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
