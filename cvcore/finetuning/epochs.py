"""The epochs of an Advanced training: all fold splits epoch by epoch, run after run while there is time."""

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

# One for each run; the runs' weights are averaged.
HYPERPARAMETERS = (
    Hyperparameters(2e-4, 0.4),
    Hyperparameters(3e-4, 0.4),
    Hyperparameters(2e-4, 0.2),
    Hyperparameters(4e-4, 0.8),
)


class _Enough(Exception):
    """The budget is spent, or someone asked to stop."""


@dataclass(frozen=True, eq=False)
class Search:
    """What an Advanced training searches with: its trainer, fold splits and schedule."""

    training: AdvancedTraining
    trainer: Trainer
    splits: Sequence[FoldSplit]
    schedule: Schedule


def train_runs(search: Search) -> tuple[int, EndReason]:
    """Train every epoch of the schedule; returns how many runs were finished, at least one, and why it ended.

    After a restart, an epoch that was trained and reported before is neither trained nor reported again.
    """
    trainings, iteration_id = search.training.store.trainings, search.training.task.iteration.id
    reported = {Epoch(each.attempt - 1, each.number - 1) for each in trainings.epochs(iteration_id)}
    for position, epoch in enumerate(search.schedule.all_epochs()):
        if epoch in reported and _is_trained(search, epoch):
            continue
        try:
            results = _train_epoch(search, epoch)
        except _Enough:
            return max(1, epoch.run), "asked" if trainings.is_finishing_early(iteration_id) else "budget"
        if len(results) == len(search.splits):
            trainings.put_epoch(iteration_id, position, _summary(search, epoch, results))
    return search.schedule.runs, "budget" if search.schedule.is_short else "converged"


def _is_trained(search: Search, epoch: Epoch) -> bool:
    """Whether all splits' checkpoints hold this epoch or a later one; they may be lost when a machine goes down."""
    paths = [checkpoints.path_of(search.trainer, split, epoch.run) for split in search.splits]
    return all(checkpoints.last_epoch(path) >= epoch.number for path in paths)


def _train_epoch(search: Search, epoch: Epoch) -> list[EpochResult]:
    """Train an epoch of all splits; their results, without those that had been trained further before a restart.

    Raises:
        _Enough: the time is up, though never in the first epoch, or someone asked to stop.
    """
    training, schedule = search.training, search.schedule
    run = f", run {epoch.run + 1}" if epoch.run else ""
    stage = f"Fine-tuning: epoch {epoch.number + 1} of {schedule.epochs}{run}"
    is_first = epoch == Epoch(0, 0)

    def on_step(share: float) -> None:
        training.show(stage)
        is_over = training.elapsed_s() > training.budget_s - schedule.reserve_s and not is_first
        if is_over or training.store.trainings.is_finishing_early(training.task.iteration.id):
            raise _Enough

    results = []
    for split in search.splits:
        result = fold_training.train_epoch(
            search.trainer, split, schedule, epoch, HYPERPARAMETERS[epoch.run], on_step=on_step
        )
        results += [result] if result else []
        training.report(stage)
    return results


def _summary(search: Search, epoch: Epoch, results: Sequence[EpochResult]) -> TuningEpoch:
    """An epoch's losses, accuracy and speed over all splits."""
    task, schedule = search.training.task, search.schedule
    rows = np.concatenate([split.evaluated for split in search.splits])
    probabilities = np.concatenate([result.probabilities for result in results])
    right = fold_training.all_tags_right(probabilities, task.truth[rows], multilabel=task.multilabel)
    rate_share = fold_training.learning_rate_at((epoch.number + 0.5) / schedule.epochs)
    seconds = sum(result.seconds for result in results)
    return TuningEpoch(
        attempt=epoch.run + 1,
        number=epoch.number + 1,
        learning_rate=HYPERPARAMETERS[epoch.run].learning_rate * rate_share,
        loss=float(np.mean([result.loss for result in results])),
        validation_loss=float(np.mean([result.validation_loss for result in results])),
        right=float(right.mean()) if len(right) else None,
        images_per_s=schedule.batch * sum(schedule.steps) / seconds if seconds else 0.0,
        seconds=seconds,
    )
