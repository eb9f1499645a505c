"""Training of one fold split, epoch by epoch, and the model that results.

Training starts where Quick ends: with the backbone's own weights and the classifier that Quick would fit on the same
rows. The model that results has the starting weights + 0.5 x (trained weights - starting weights): going only half of
the way is often better than either end (Wortsman et al. 2022, https://arxiv.org/abs/2109.01903).

Checkpoints keep the weights, so a training that was killed resumes after the last finished epoch of each split.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cvcore.array_types import Float32s
from cvcore.finetuning import checkpoints
from cvcore.finetuning import trainer as trainers
from cvcore.finetuning.checkpoints import EpochResult
from cvcore.finetuning.features import feature_cache
from cvcore.finetuning.features.split_network import split_model
from cvcore.finetuning.fold_splits import SEED, FoldSplit
from cvcore.finetuning.schedule import Schedule
from cvcore.finetuning.trainer import Trainer, Weights
from cvcore.finetuning.training_data import TrainingData, draw_steps
from cvcore.networks import keras_backend
from cvcore.networks.backbones import Backbone

# The share of the way from the starting weights to the trained ones.
EXTENT = 0.5

# How many steps are measured, the first of which compiles; the last only if those before took less than these seconds.
STEPS_MEASURED = (1, 3, 48)
MEASURED_S = 0.05


@dataclass(frozen=True, eq=False)
class FoldResult:
    """A split's fine-tuned model: the upper layers' weights and the classifier's.

    `probabilities` (rows, tags) are its predictions for the rows that it is evaluated on, `quick` those of the model
    that the training started with.
    """

    top: Weights
    kernel: Float32s
    bias: Float32s
    probabilities: Float32s
    quick: Float32s


def images_per_s(trainer: Trainer, split: FoldSplit) -> float:
    """Images trained on per second, measured in a few steps at learning rate 0; in many where a few take no time.

    Raises:
        OutOfMemory: the batch is too large for the device's memory.
    """
    trainer.reset(split.rows)
    seconds = 0.0
    for count in STEPS_MEASURED:
        rng = np.random.default_rng(SEED)
        drawn = draw_steps(split.rows, [0.0] * count, rng, batch=trainer.batch, copies=trainer.programs.copies)
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
    number: int,
    *,
    on_step: Callable[[float], None] = lambda share: None,
) -> EpochResult | None:
    """Train a fold split for one epoch, numbered from 0, and save its checkpoint.

    An epoch that is already in the checkpoint is not trained again. If it is the last one, its result is read from the
    checkpoint; if it is an earlier one, the result is None, because only the last is kept. `on_step` is called after
    each step, on a GPU after the last, with the share of steps done; if it raises, the checkpoint stays as it was.
    """
    started = time.monotonic()
    path = checkpoints.path_of(trainer, split)
    checkpoint = checkpoints.read(trainer, path)
    if checkpoint:
        last, result = checkpoints.last_result(checkpoint)
        if last >= number:
            return result if last == number else None
        checkpoints.restore(trainer, checkpoint)
    else:
        trainer.reset(split.rows)
    rng = np.random.default_rng([SEED, split.number, number])
    trainer.seed_dropout(rng)
    rates = schedule.rates(number, split.number)
    drawn = draw_steps(split.rows, rates, rng, batch=trainer.batch, copies=trainer.programs.copies)
    loss = float(np.mean(trainer.train(drawn, split.rows, on_step), dtype=np.float64))
    result = EpochResult(loss, trainer.predict(split.evaluated), time.monotonic() - started)
    checkpoints.save(path, trainer, number, result)
    if number + 1 == schedule.epochs or trainer.is_write_due(path):
        checkpoints.write(path, trainer)
    return result


@dataclass(frozen=True, eq=False)
class FoldWork:
    """What another machine needs to train fold splits: all but the features, which it reads in `folder`, as pickled.

    `networks` is the folder with the backbone's files.
    """

    backbone: Backbone
    networks: Path
    folder: Path
    data: TrainingData
    batch: int


def on_a_machine(work: FoldWork) -> Callable[[tuple[FoldSplit, Schedule, int]], EpochResult | None]:
    """What an actor does with a fold split's epoch: trains it from the checkpoint in its file, and writes the next one.

    Raises:
        Unavailable: this machine does not see the training's folder.
        ModelDamaged, WeightsMissing: the network's weights for Keras are damaged or not on this machine.
    """
    device = keras_backend.prepare_backend()
    network = split_model(trainers.load_model(work.backbone, work.networks, device), work.backbone.name)
    data = replace(work.data, features=feature_cache.kept(network, work.folder))
    trainer = trainers.build_trainer(network, data, work.folder, batch=work.batch, device=device)
    return lambda fold: train_epoch_to_file(trainer, *fold)


def train_epoch_to_file(
    trainer: Trainer,
    split: FoldSplit,
    schedule: Schedule,
    number: int,
    *,
    on_step: Callable[[float], None] = lambda share: None,
) -> EpochResult | None:
    """The same as `train_epoch`; the checkpoint is in its file, where every machine finds it."""
    result = train_epoch(trainer, split, schedule, number, on_step=on_step)
    if (path := checkpoints.path_of(trainer, split)) in trainer.unwritten:
        checkpoints.write(path, trainer)
    return result


def trained_model(trainer: Trainer, split: FoldSplit) -> FoldResult | None:
    """The model with a split's weights after its last epoch, moved by `EXTENT`; None without a checkpoint."""
    checkpoint = checkpoints.read(trainer, checkpoints.path_of(trainer, split))
    if checkpoint is None:
        return None
    trainer.reset(split.rows)
    quick, untuned = trainer.predict(split.evaluated), trainer.model.get_weights()
    trained = zip(untuned, checkpoints.weights(checkpoint), strict=True)
    trainer.model.set_weights([start + np.float32(EXTENT) * (end - start) for start, end in trained])
    kernel, bias = trainer.model.get_layer("scores").get_weights()
    return FoldResult(trainer.network.top.get_weights(), kernel, bias, trainer.predict(split.evaluated), quick)
