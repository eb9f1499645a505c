"""`tagwise train`: trains in this process, or waits for the web app's worker if that is training."""

from __future__ import annotations

import argparse
from typing import Any

from cvcore import domains, projects, training
from cvcore.cli import performance
from cvcore.cli.console import terminal
from cvcore.cli.console.options import Subparsers, add_command, add_json, add_project, parse_name
from cvcore.errors import InvalidInput, NothingChanged, TagwiseError
from cvcore.finetuning import outcome_text
from cvcore.projects import tagging
from cvcore.records import (
    ADVANCED,
    EMBEDDING_KINDS,
    EVALUATION_METHODS,
    K_FOLD,
    PLAIN,
    QUICK,
    Job,
    Project,
    TrainingOptions,
)
from cvcore.settings import Settings
from cvcore.store import Store
from cvcore.training import readiness, worker


def add_train(subparsers: Subparsers) -> None:
    """Add `tagwise train`."""
    command = add_command(subparsers, "train", train, "train a project and print its performance")
    add_project(command)
    command.add_argument(
        "--force", action="store_true", help="train even if nothing has changed since the last training"
    )
    command.add_argument(
        "--evaluation",
        choices=EVALUATION_METHODS,
        default=K_FOLD,
        help="evaluate on every image in turn (k-fold, the default), on a fifth of them (hold-out) or on your test "
        "images (test-set)",
    )
    repeated: dict[str, Any] = {"action": "append", "default": []}
    command.add_argument(
        "--tag",
        metavar="TAG",
        type=parse_name,
        help="train only this tag; repeat it for more (default: all)",
        **repeated,
    )
    command.add_argument(
        "--cost",
        metavar="TAG=N",
        type=parse_name,
        help="count the images of a tag N times, so that fewer are missed",
        **repeated,
    )
    command.add_argument(
        "--embedding",
        choices=EMBEDDING_KINDS,
        help="describe an image by the image alone (plain, the default), by the mean of three views of it (views), or "
        "by these and the built-in network (views-and-built-in, the default with --advanced): slower, often more "
        "accurate",
    )
    command.add_argument(
        "--group-key",
        metavar="KEY",
        type=parse_name,
        default="",
        help="keep images with the same value of this key in one fold, such as a day or an object, so that the numbers "
        "are those of a new one (default: near duplicates alone)",
    )
    command.add_argument("--notify", metavar="URL", default="", help="post the end of the training to this address")
    command.add_argument("--start-from", metavar="N", type=int, help="start from the network of Advanced iteration N")
    add_json(command)
    advanced = command.add_argument_group("advanced training")
    advanced.add_argument("--advanced", action="store_true", help="also train the network's last layers")
    advanced.add_argument("--budget-minutes", type=float, metavar="N", help="take at most N minutes (default: 10)")
    advanced.add_argument(
        "--without",
        metavar="TRANSFORM",
        help="do not change training images in this way; repeat it for more: "
        f"{', '.join(domains.TRANSFORM_NAMES)}; mirror also goes with --embedding alone: no view is mirrored",
        **repeated,
    )


def train(options: argparse.Namespace, settings: Settings) -> int:
    """Train a project and print its performance."""
    store = Store(settings.home)
    project = projects.find(store, options.project)
    job = _finished(store, project, worker.interrupted(store, project) or _start(options, store, project))
    terminal.show_progress("")
    if job.status != "done" or job.iteration_id is None:
        raise TagwiseError(f"the training failed: {job.error}" if job.error else "the training was cancelled")
    performance.show_performance(options, store, project, store.iterations.get(job.iteration_id))
    if unused := readiness.untagged_advice(store, project):
        terminal.print_error(unused)
    if (outcome := store.trainings.outcome(job.iteration_id)) and not options.json:
        print(outcome_text.summary(outcome))
    return 0


def _start(options: argparse.Namespace, store: Store, project: Project) -> Job:
    try:
        return training.start(
            store,
            project,
            force=options.force,
            tag_ids=[tagging.find(store, project, name).id for name in options.tag],
            evaluation=options.evaluation,
            options=_training_options(options, store, project),
        )
    except NothingChanged as refusal:
        raise NothingChanged(f"{refusal}: add --force to train anyway") from refusal


def _finished(store: Store, project: Project, job: Job) -> Job:
    """Wait for the job and return it.

    Ctrl-C ends an Advanced training early and keeps its best network; a second Ctrl-C cancels it.
    """
    try:
        return worker.finish_job(store, job, terminal.on_progress)
    except KeyboardInterrupt:
        iteration_id = job.iteration_id or ""
        if store.trainings.is_finishing_early(iteration_id) or not store.trainings.epochs(iteration_id):
            training.cancel(store, job)
            worker.interrupted(store, project)
            raise
    training.finish_early(store, job)
    worker.interrupted(store, project)
    terminal.show_progress("")
    terminal.print_error("ending early and keeping the best network so far: press Ctrl-C again to cancel")
    return _finished(store, project, job)


def _training_options(options: argparse.Namespace, store: Store, project: Project) -> TrainingOptions:
    defaults = ADVANCED if options.advanced else QUICK
    embedding = options.embedding or defaults.embedding
    is_mirror_of_views = embedding != PLAIN and set(options.without) == {"mirror"}
    for name, is_given in (
        ("--budget-minutes", options.budget_minutes is not None),
        ("--without", options.without and not is_mirror_of_views),
    ):
        if is_given and not options.advanced:
            raise InvalidInput(f"{name} needs --advanced: add it, or leave {name} out")
    from_number = options.start_from
    return TrainingOptions(
        is_advanced=options.advanced,
        budget_minutes=defaults.budget_minutes if options.budget_minutes is None else options.budget_minutes,
        transforms=domains.switched(domains.find(project.domain_id).policy, dict.fromkeys(options.without, False)),
        costs=tuple(_cost(store, project, text) for text in options.cost),
        start_from="" if from_number is None else training.find_iteration(store, project, from_number).id,
        notify_url=options.notify,
        embedding=embedding,
        group_key=options.group_key,
    )


def _cost(store: Store, project: Project, text: str) -> tuple[str, float]:
    """The tag's id and the cost in a text like `rose=3`."""
    # Split at the last sign: a tag's name can contain one too.
    name, sign, number = text.rpartition("=")
    try:
        cost = float(number)
    except ValueError:
        sign = ""
    if not sign:
        raise InvalidInput(f"--cost must be like rose=3, got {text[:80]!r}")
    return tagging.find(store, project, name.strip()).id, cost
