"""Training of one fold split, epoch by epoch, and the average of its runs.

Training starts where Quick ends: with the backbone's own weights and the classifier that Quick would fit. Each run of a
fold split keeps a different part of the split's images for validation: a sixth, or more where a tag has few images. The
validation images, never the fold that the split is evaluated on, decide which epoch's weights are kept, whether they
are better than Quick, and the temperature.

Result = starting weights + 0.75 x (mean of the runs' weights - starting weights). Averaging runs and going only part of
the way are both often better than any single fine-tuned model (Wortsman et al. 2022, https://arxiv.org/abs/2203.05482,
https://arxiv.org/abs/2109.01903).

Checkpoints keep the weights, so a training that was killed resumes after the last finished epoch of each split.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cvcore import metrics
from cvcore.array_types import Bools, Float32s
from cvcore.finetuning import checkpoints
from cvcore.finetuning.checkpoints import EpochResult
from cvcore.finetuning.fold_splits import SEED, FoldSplit
from cvcore.finetuning.schedule import Epoch, Schedule
from cvcore.finetuning.trainer import BATCH, Trainer, Weights
from cvcore.finetuning.training_data import draw_steps
from cvcore.metrics import calibration
from cvcore.metrics.probabilities import cross_entropy

# The share of the way from the starting weights to the fine-tuned ones.
EXTENT = 0.75

WARM_UP = 0.1

# How many steps are measured, the first of which compiles; the last only if those before took less than these seconds.
STEPS_MEASURED = (1, 3, 48)
MEASURED_S = 0.05

# The threshold at which answers are compared with Quick's.
THRESHOLD = 0.5


@dataclass(frozen=True)
class Hyperparameters:
    """A run's highest learning rate, and how strongly images are mixed in pairs; 0 is not at all.

    `mixing` is both parameters of mixup's beta distribution (Zhang et al. 2018, https://arxiv.org/abs/1710.09412).
    """

    learning_rate: float
    mixing: float

    def for_batch(self, size: int) -> Hyperparameters:
        """The same for batches of `size` images: the rate grows with the square root of what is above the usual 32.

        >>> Hyperparameters(2e-4, 0.4).for_batch(128), Hyperparameters(2e-4, 0.4).for_batch(16).learning_rate
        (Hyperparameters(learning_rate=0.0004, mixing=0.4), 0.0002)
        """
        return replace(self, learning_rate=self.learning_rate * math.sqrt(max(1.0, size / BATCH)))


@dataclass(frozen=True, eq=False)
class FoldResult:
    """A split's fine-tuned model: the upper layers' weights and the classifier's.

    `probabilities` (rows, tags) are its predictions for the rows that it is evaluated on.
    """

    top: Weights
    kernel: Float32s
    bias: Float32s
    probabilities: Float32s


def images_per_s(trainer: Trainer, split: FoldSplit) -> float:
    """Images trained on per second, measured in a few steps at learning rate 0; in many where a few take no time.

    Raises:
        OutOfMemory: the batch is too large for the device's memory.
    """
    trainer.reset(split.training_rows(0))
    seconds = 0.0
    for count in STEPS_MEASURED:
        drawn = draw_steps(
            split.rows,
            [0.0] * count,
            np.random.default_rng(SEED),
            batch=trainer.batch,
            copies=trainer.programs.copies,
            mixing=0.0,
        )
        started = time.perf_counter()
        trainer.train(drawn, split.rows)
        seconds = time.perf_counter() - started
        if count > 1 and seconds > MEASURED_S:
            break
    return count * trainer.batch / seconds


def train_epoch(
    trainer: Trainer,
    split: FoldSplit,
    schedule: Schedule,
    epoch: Epoch,
    hyperparameters: Hyperparameters,
    *,
    on_step: Callable[[float], None] = lambda share: None,
) -> EpochResult | None:
    """Train a fold split for one epoch and save its checkpoint.

    An epoch that is already in the checkpoint is not trained again. If it is the last one, its result is read from the
    checkpoint; if it is an earlier one, the result is None, because only the last is kept. `on_step` is called after
    each step, on a GPU after the last, with the share of steps done; if it raises, the checkpoint stays as it was.
    """
    started = time.monotonic()
    path = checkpoints.path_of(trainer, split, epoch.run)
    checkpoint = checkpoints.read(trainer, path)
    if checkpoint:
        last, result = checkpoints.last_result(checkpoint)
        if last >= epoch.number:
            return result if last == epoch.number else None
        checkpoints.restore(trainer, checkpoint)
    else:
        trainer.reset(split.training_rows(epoch.run))
    loss = _train_steps(trainer, split, schedule, epoch, hyperparameters, on_step=on_step)
    validation_rows, data = split.validation_rows(epoch.run), trainer.data
    validation_loss = calibrated_loss(
        data.truth[validation_rows], trainer.predict(validation_rows), multilabel=data.multilabel
    )
    result = EpochResult(loss, validation_loss, trainer.predict(split.evaluated), time.monotonic() - started)
    checkpoints.save(path, trainer, epoch.number, result, checkpoint)
    if epoch.number + 1 == schedule.epochs or trainer.is_write_due(path):
        checkpoints.write(path, trainer)
    return result


def _train_steps(
    trainer: Trainer,
    split: FoldSplit,
    schedule: Schedule,
    epoch: Epoch,
    hyperparameters: Hyperparameters,
    *,
    on_step: Callable[[float], None],
) -> float:
    """Train all steps of an epoch; returns their mean loss."""
    rows, steps = split.training_rows(epoch.run), schedule.steps[split.number]
    rng = np.random.default_rng([SEED, epoch.run, split.number, epoch.number])
    trainer.seed_dropout(rng)
    shares = [(epoch.number * steps + step) / (schedule.epochs * steps) for step in range(steps)]
    drawn = draw_steps(
        rows,
        [hyperparameters.learning_rate * learning_rate_at(share) for share in shares],
        rng,
        batch=trainer.batch,
        copies=trainer.programs.copies,
        mixing=hyperparameters.mixing,
    )
    return float(np.mean(trainer.train(drawn, rows, on_step), dtype=np.float64))


def average_runs(trainer: Trainer, split: FoldSplit, runs: int) -> FoldResult | None:
    """Average a split's runs; None if they do not beat Quick on their validation images, or no run has a checkpoint.

    Each run's own model, moved by `EXTENT`, predicts its own validation part, and so does Quick trained on the same
    rows. Over all runs' predictions together, Advanced must have the lower log-loss or more right answers: the result
    is None only if it wins on neither. The average itself is not compared, because every run trained on some of the
    others' validation images.
    """
    data, best, tuned, quick, rows = trainer.data, [], [], [], []
    for run in range(runs):
        checkpoint = checkpoints.read(trainer, checkpoints.path_of(trainer, split, run))
        if checkpoint is None:
            continue
        validation_rows = split.validation_rows(run)
        best.append(checkpoints.best_weights(checkpoint))
        trainer.reset(split.training_rows(run))
        untuned = trainer.model.get_weights()
        quick.append(trainer.predict(validation_rows))
        trainer.model.set_weights(_between(untuned, best[-1]))
        tuned.append(trainer.predict(validation_rows))
        rows.append(validation_rows)
    if not best:
        return None
    truth, probabilities = data.truth[np.concatenate(rows)], np.concatenate(tuned)
    if not _is_better(probabilities, np.concatenate(quick), truth, multilabel=data.multilabel):
        return None
    temperature = calibration.temperature(truth, probabilities, multilabel=data.multilabel)
    mean = [np.mean(arrays, axis=0) for arrays in zip(*best, strict=True)]
    return _averaged_model(trainer, split, mean, temperature)


def _averaged_model(trainer: Trainer, split: FoldSplit, mean: Weights, temperature: float) -> FoldResult:
    """The model with the runs' mean weights, moved by `EXTENT`; its scores are divided by a temperature."""
    trainer.reset(split.rows)
    trainer.model.set_weights(_between(trainer.model.get_weights(), mean))
    scores = trainer.model.get_layer("scores")
    scores.set_weights([array / np.float32(temperature) for array in scores.get_weights()])
    kernel, bias = scores.get_weights()
    return FoldResult(trainer.network.top.get_weights(), kernel, bias, trainer.predict(split.evaluated))


def _is_better(tuned: Float32s, quick: Float32s, truth: Bools, *, multilabel: bool) -> bool:
    """Whether the log-loss is lower than Quick's, or the number of right answers higher."""
    if calibrated_loss(truth, tuned, multilabel=multilabel) < calibrated_loss(truth, quick, multilabel=multilabel):
        return True
    right = all_tags_right(tuned, truth, multilabel=multilabel).sum()
    quick_right = all_tags_right(quick, truth, multilabel=multilabel).sum()
    return bool(right > quick_right)


def all_tags_right(probabilities: Float32s, truth: Bools, *, multilabel: bool) -> Bools:
    """Whether the answer for each image is exactly its tags, bool (images,)."""
    answers = metrics.answers(probabilities, THRESHOLD, multilabel=multilabel)
    return np.asarray((answers == truth).all(axis=1), np.bool_)


def learning_rate_at(share: float) -> float:
    """The learning rate after a share of a run, relative to the highest: linear warm-up, then a cosine down to 0.

    >>> [round(learning_rate_at(share), 2) for share in (0, 0.05, 0.1, 0.55, 1)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    if share < WARM_UP:
        return share / WARM_UP
    return (1 + math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP))) / 2


def calibrated_loss(truth: Bools, probabilities: NDArray[np.floating], *, multilabel: bool) -> float:
    """Mean log-loss in nats after temperature scaling, which the shipped model gets too; nan without rows.

    >>> truth = np.array([[True, False], [True, False], [True, False], [False, True]])
    >>> round(calibrated_loss(truth, np.tile([0.9, 0.1], (4, 1)), multilabel=False), 3)
    0.562
    """
    if not len(truth):
        return math.nan
    temperature = calibration.temperature(truth, probabilities, multilabel=multilabel)
    scaled = calibration.scaled(probabilities, temperature, multilabel=multilabel)
    return float(cross_entropy(truth, scaled, multilabel=multilabel).mean())


def _between(untuned: Weights, tuned: Weights) -> Weights:
    return [start + np.float32(EXTENT) * (end - start) for start, end in zip(untuned, tuned, strict=True)]
