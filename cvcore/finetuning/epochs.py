"""The epoch loop of an Advanced training: all fold splits side by side, epoch by epoch while there is time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cvcore import cluster, settings
from cvcore.cluster import Workers
from cvcore.files import blobs
from cvcore.finetuning import checkpoints, comparison, fold_training, schedule
from cvcore.finetuning.checkpoints import EpochResult
from cvcore.finetuning.fold_splits import FoldSplit
from cvcore.finetuning.fold_training import FoldWork
from cvcore.finetuning.schedule import Schedule
from cvcore.finetuning.task import AdvancedTraining
from cvcore.finetuning.trainer import Trainer
from cvcore.languages import t
from cvcore.records import EndReason, TuningEpoch


class _Enough(Exception):
    """The time is up, or someone asked to end the training."""


@dataclass(frozen=True, eq=False)
class TrainingSetup:
    """An Advanced training with its trainer, fold splits and schedule."""

    training: AdvancedTraining
    trainer: Trainer
    splits: Sequence[FoldSplit]
    schedule: Schedule


def train_epochs(setup: TrainingSetup) -> EndReason:
    """Train every epoch of the schedule; returns why the training ended.

    If epochs take longer than planned, the schedule is shortened, so that it still ends with a low learning rate. After
    a restart, an epoch that was trained and reported before is neither trained nor reported again.
    """
    with _machines(setup) as workers:
        return _train_epochs(setup, workers)


def _train_epochs(setup: TrainingSetup, workers: Workers | None) -> EndReason:
    trainings, iteration_id = setup.training.store.trainings, setup.training.task.iteration.id
    reported, number = len(trainings.epochs(iteration_id)), 0
    while number < setup.schedule.epochs:
        if number >= reported or not _is_trained(setup, number):
            try:
                started_s = setup.training.elapsed_s()
                results = _train_epoch(setup, number, workers)
            except _Enough:
                return "asked" if trainings.is_finishing_early(iteration_id) else "budget"
            if len(results) == len(setup.splits):
                summary = _summary(setup, number, results)
                trainings.put_epoch(iteration_id, number, summary)
                # Folds on several machines take less time than their seconds together.
                epoch_s = setup.training.elapsed_s() - started_s if workers else summary.seconds
                setup = _shortened(setup, number, epoch_s)
        number += 1
    return "budget" if setup.schedule.is_short else "converged"


def _shortened(setup: TrainingSetup, number: int, epoch_s: float) -> TrainingSetup:
    """The same with a schedule of as many epochs as fit into what is left of the budget after epoch `number`."""
    training, planned = setup.training, setup.schedule
    left_s = training.budget_s - planned.reserve_s - training.elapsed_s()
    possible = number + 1 + max(0, int(left_s / epoch_s)) if epoch_s else planned.epochs
    if possible >= planned.epochs:
        return setup
    shorter = replace(planned, epochs=possible, is_short=True)
    schedule.save(shorter, training.folder)
    return replace(setup, schedule=shorter)


def _is_trained(setup: TrainingSetup, number: int) -> bool:
    """Whether all splits' checkpoints hold this epoch or a later one; a machine that crashes can lose them."""
    paths = [checkpoints.path_of(setup.trainer, split) for split in setup.splits]
    return all(checkpoints.last_epoch(path) >= number for path in paths)


@contextlib.contextmanager
def _machines(setup: TrainingSetup) -> Iterator[Workers | None]:
    """Workers that train a fold split each, one on every machine or GPU of the cluster; None where none is set."""
    task, trainer, store = setup.training.task, setup.trainer, setup.training.store
    if not (address := settings.load().ray):
        yield None
        return
    # The features are mapped from their files there.
    data = replace(trainer.data, features=())
    networks = blobs.backbones_folder(store.home)
    work = FoldWork(task.backbone, networks, trainer.folder, data, trainer.batch)

    def work_locally(fold: tuple[FoldSplit, Schedule, int]) -> EpochResult | None:
        return fold_training.train_epoch_to_file(trainer, *fold)

    train = fold_training.on_a_machine
    with cluster.joined(address, train, work, work_locally=work_locally, by_machine=True) as workers:
        # Without the cluster the folds are trained below, where every step is reported and may be stopped.
        yield workers if workers.is_joined else None


def _train_epoch(setup: TrainingSetup, number: int, workers: Workers | None) -> list[EpochResult]:
    """Train one epoch of all splits; returns their results.

    Splits whose checkpoint is already past this epoch have no result and are left out.

    Raises:
        _Enough: the time is up (ignored in the first epoch), or someone asked to end the training.
    """
    training, planned = setup.training, setup.schedule
    stage = t("Fine-tuning: epoch {number} of {epochs}", number=number + 1, epochs=planned.epochs)

    def on_step(_share: float, said: str = stage) -> None:
        training.report_progress(said)
        is_over = training.elapsed_s() > training.budget_s - planned.reserve_s and number > 0
        if is_over or training.store.trainings.is_finishing_early(training.task.iteration.id):
            raise _Enough

    if workers:
        folds = [(split, planned, number) for split in setup.splits]
        on_machines = cluster.in_order(workers, folds, lambda: on_step(0.0, cluster.stage_on(workers.machines, stage)))
        return [result for _, result in on_machines if result]
    results = []
    for split in setup.splits:
        result = fold_training.train_epoch(setup.trainer, split, planned, number, on_step=on_step)
        results += [result] if result else []
        training.save_time_and_report(stage)
    return results


def _summary(setup: TrainingSetup, number: int, results: Sequence[EpochResult]) -> TuningEpoch:
    """An epoch's losses, accuracy and speed over all splits."""
    task, planned = setup.training.task, setup.schedule
    rows = np.concatenate([split.evaluated for split in setup.splits])
    probabilities = np.concatenate([result.probabilities for result in results])
    truth, is_evaluated = task.truth[rows], task.plan.folds[rows] >= 0
    right = comparison.all_tags_right(probabilities, truth, multilabel=task.multilabel)[is_evaluated]
    seconds = sum(result.seconds for result in results)
    return TuningEpoch(
        attempt=1,
        number=number + 1,
        learning_rate=planned.mean_rate(number),
        loss=float(np.mean([result.loss for result in results])),
        validation_loss=comparison.calibrated_loss(truth, probabilities, multilabel=task.multilabel),
        right=float(right.mean()) if len(right) else None,
        images_per_s=planned.batch * sum(planned.steps) / seconds if seconds else 0.0,
        seconds=seconds,
    )
