"""The epoch loop of an Advanced training: all fold splits side by side, run after run while there is time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cvcore.finetuning import checkpoints, fold_training
from cvcore.finetuning.checkpoints import EpochResult
from cvcore.finetuning.fold_splits import FoldSplit
from cvcore.finetuning.fold_training import Hyperparameters
from cvcore.finetuning.schedule import Epoch, Schedule
from cvcore.finetuning.task import AdvancedTraining
from cvcore.finetuning.trainer import Trainer
from cvcore.records import EndReason, TuningEpoch

# One per run; the runs' weights are averaged.
HYPERPARAMETERS = (
    Hyperparameters(2e-4, 0.4),
    Hyperparameters(3e-4, 0.4),
    Hyperparameters(2e-4, 0.2),
    Hyperparameters(4e-4, 0.8),
)


class _Enough(Exception):
    """The time is up, or someone asked to end the training."""


@dataclass(frozen=True, eq=False)
class TrainingSetup:
    """An Advanced training with its trainer, fold splits and schedule."""

    training: AdvancedTraining
    trainer: Trainer
    splits: Sequence[FoldSplit]
    schedule: Schedule


def train_runs(setup: TrainingSetup) -> tuple[int, EndReason]:
    """Train every epoch of the schedule; returns the number of runs to average, and why the training ended.

    Those are the finished runs. If not even the first was finished, it is 1: the first run counts as far as it got.

    After a restart, an epoch that was trained and reported before is neither trained nor reported again.
    """
    trainings, iteration_id = setup.training.store.trainings, setup.training.task.iteration.id
    reported = {Epoch(saved.attempt - 1, saved.number - 1) for saved in trainings.epochs(iteration_id)}
    for position, epoch in enumerate(setup.schedule.all_epochs()):
        if epoch in reported and _is_trained(setup, epoch):
            continue
        try:
            results = _train_epoch(setup, epoch)
        except _Enough:
            return max(1, epoch.run), "asked" if trainings.is_finishing_early(iteration_id) else "budget"
        if len(results) == len(setup.splits):
            trainings.put_epoch(iteration_id, position, _summary(setup, epoch, results))
    return setup.schedule.runs, "budget" if setup.schedule.is_short else "converged"


def _is_trained(setup: TrainingSetup, epoch: Epoch) -> bool:
    """Whether all splits' checkpoints hold this epoch or a later one; a machine that crashes can lose them."""
    paths = [checkpoints.path_of(setup.trainer, split, epoch.run) for split in setup.splits]
    return all(checkpoints.last_epoch(path) >= epoch.number for path in paths)


def _train_epoch(setup: TrainingSetup, epoch: Epoch) -> list[EpochResult]:
    """Train one epoch of all splits; returns their results.

    Splits whose checkpoint is already past this epoch have no result and are left out.

    Raises:
        _Enough: the time is up (ignored in the first epoch), or someone asked to end the training.
    """
    training, schedule = setup.training, setup.schedule
    run = f", run {epoch.run + 1}" if epoch.run else ""
    stage = f"Fine-tuning: epoch {epoch.number + 1} of {schedule.epochs}{run}"
    is_first = epoch == Epoch(0, 0)

    def on_step(share: float) -> None:
        training.report_progress(stage)
        is_over = training.elapsed_s() > training.budget_s - schedule.reserve_s and not is_first
        if is_over or training.store.trainings.is_finishing_early(training.task.iteration.id):
            raise _Enough

    results = []
    hyperparameters = HYPERPARAMETERS[epoch.run].for_batch(schedule.batch)
    for split in setup.splits:
        result = fold_training.train_epoch(setup.trainer, split, schedule, epoch, hyperparameters, on_step=on_step)
        results += [result] if result else []
        training.save_time_and_report(stage)
    return results


def _summary(setup: TrainingSetup, epoch: Epoch, results: Sequence[EpochResult]) -> TuningEpoch:
    """An epoch's losses, accuracy and speed over all splits."""
    task, schedule = setup.training.task, setup.schedule
    rows = np.concatenate([split.evaluated for split in setup.splits])
    probabilities = np.concatenate([result.probabilities for result in results])
    right = fold_training.all_tags_right(probabilities, task.truth[rows], multilabel=task.multilabel)
    rate_share = fold_training.learning_rate_at((epoch.number + 0.5) / schedule.epochs)
    seconds = sum(result.seconds for result in results)
    return TuningEpoch(
        attempt=epoch.run + 1,
        number=epoch.number + 1,
        learning_rate=HYPERPARAMETERS[epoch.run].for_batch(schedule.batch).learning_rate * rate_share,
        loss=float(np.mean([result.loss for result in results])),
        validation_loss=float(np.mean([result.validation_loss for result in results])),
        right=float(right.mean()) if len(right) else None,
        images_per_s=schedule.batch * sum(schedule.steps) / seconds if seconds else 0.0,
        seconds=seconds,
    )
