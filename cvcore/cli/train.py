"""What `tagwise train` does: its options become a training's, and the training is done here or watched."""

from __future__ import annotations

import argparse

from cvcore import domains, projects, training
from cvcore.cli import performance, terminal
from cvcore.errors import InvalidInput, TagwiseError
from cvcore.finetuning import outcome_text
from cvcore.projects import tagging
from cvcore.records import Job, Project, TrainingOptions
from cvcore.settings import Settings
from cvcore.store import Store
from cvcore.training import worker


def train(options: argparse.Namespace, told: Settings) -> int:
    """Train a project and print its performance."""
    store = Store(told.home)
    project = projects.find(store, options.project)
    job = worker.interrupted(store, project) or training.start(
        store,
        project,
        force=options.force,
        tag_ids=[tagging.find(store, project, name).id for name in options.tag],
        evaluation=options.evaluation,
        options=_training_options(options, store, project),
    )
    job = _finished(store, project, job)
    terminal.progress("")
    if job.status != "done" or job.iteration_id is None:
        raise TagwiseError(f"the training failed: {job.error}" if job.error else "the training was cancelled")
    performance.show_performance(options, store, project, store.iterations.get(job.iteration_id))
    if (outcome := store.trainings.outcome(job.iteration_id)) and not options.json:
        print(outcome_text.summary(outcome))
    return 0


def _finished(store: Store, project: Project, job: Job) -> Job:
    """The job at its end. Ctrl-C ends an advanced training's search and keeps what it has; a second one cancels it."""
    try:
        return worker.finish_job(store, job, terminal.progress_of)
    except KeyboardInterrupt:
        iteration_id = job.iteration_id or ""
        if store.trainings.is_finishing_early(iteration_id) or not store.trainings.epochs(iteration_id):
            training.cancel(store, job)
            worker.interrupted(store, project)
            raise
    training.finish_early(store, job)
    worker.interrupted(store, project)
    terminal.progress("")
    terminal.complain("ending, the best so far is kept: press Ctrl-C again to cancel")
    return _finished(store, project, job)


def _training_options(options: argparse.Namespace, store: Store, project: Project) -> TrainingOptions:
    for name, is_given in (
        ("--budget-minutes", options.budget_minutes is not None),
        ("--without", bool(options.without)),
    ):
        if is_given and not options.advanced:
            raise InvalidInput(f"{name} is for --advanced: give both, or neither to train the quick way")
    from_number = options.start_from
    return TrainingOptions(
        is_advanced=options.advanced,
        budget_minutes=TrainingOptions.budget_minutes if options.budget_minutes is None else options.budget_minutes,
        transforms=domains.switched(domains.find(project.domain_id).policy, dict.fromkeys(options.without, False)),
        costs=tuple(_cost(store, project, given) for given in options.cost),
        start_from="" if from_number is None else training.find_iteration(store, project, from_number).id,
        notify_url=options.notify,
    )


def _cost(store: Store, project: Project, given: str) -> tuple[str, float]:
    # From the right, for a tag's name may hold the sign.
    name, sign, number = given.rpartition("=")
    try:
        cost = float(number)
    except ValueError:
        sign = ""
    if not sign:
        raise InvalidInput(f"--cost must be like rose=3, got {given[:80]!r}")
    return tagging.find(store, project, name.strip()).id, cost
