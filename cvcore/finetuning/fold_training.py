"""The top of a network trained on, once for each fold and once for what is shipped, side by side in rounds.

It starts where Quick ends: with the network as it came and the classifier that Quick would fit. Each attempt of a fit
keeps another sixth of the fit's own pictures aside; on these, never on the fold that it will be judged on, it is seen
which round's weights to keep, whether they are better than Quick, and how sure the answers may be.

What comes of it is the mean of the attempts' weights, three quarters of the way to them from the network as it came.
Both are often better than any one that was tuned (Wortsman et al. 2022, https://arxiv.org/abs/2203.05482,
https://arxiv.org/abs/2109.01903).

All of its state is in files, so whoever is killed goes on where the last fit of a round ended.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvcore import metrics
from cvcore.array_types import Bools, Float32s
from cvcore.finetuning import checkpoints
from cvcore.finetuning.checkpoints import EpochResult
from cvcore.finetuning.fold_splits import SEED, FoldSplit
from cvcore.finetuning.trainer import Trainer, Weights
from cvcore.metrics import calibration

# How much of the network's way from as it came to as it was tuned is gone.
EXTENT = 0.75

WARM_UP = 0.1

# At which answers are compared with Quick's.
THRESHOLD = 0.5


@dataclass(frozen=True)
class Hyperparameters:
    """What an attempt trains with: its highest learning rate, and how much pictures are mixed in pairs, 0 for not.

    Mixing is mixup (Zhang et al. 2018, https://arxiv.org/abs/1710.09412) with both parameters of its beta this.
    """

    learning_rate: float
    mixing: float


@dataclass(frozen=True, eq=False)
class FoldResult:
    """What a fit came to: the top's weights, the classifier on it, and the judged rows' probabilities, (rows, tags)."""

    top: Weights
    kernel: Float32s
    bias: Float32s
    judged: Float32s


def images_per_s(bench: Trainer, fit: FoldSplit, *, steps: int = 3) -> float:
    """How fast it learns here, by a few steps that change nothing; the first, which compiles, is not counted.

    Raises:
        OutOfMemory: so large a batch is too much here.
    """
    bench.begin(fit.learns(0))
    rows, rng = np.resize(fit.trains, bench.batch), np.random.default_rng(SEED)
    weights = bench.row_weights(fit.trains)
    bench.step(rows, weights, 0.0, rng, 0.0)
    started = time.perf_counter()
    for _ in range(steps):
        bench.step(rows, weights, 0.0, rng, 0.0)
    return steps * bench.batch / (time.perf_counter() - started)


def train_epoch(
    bench: Trainer,
    fit: FoldSplit,
    attempt: int,
    setting: Hyperparameters,
    *,
    course: tuple[int, int, int],
    on_step: Callable[[float], None] = lambda share: None,
) -> EpochResult | None:
    """Train a fit on for one round; its file then holds what came of it.

    `course` is the round's number, how many there are, and the steps of each. A round that the file holds already is
    not trained again: the last one's result is read from it, and of an earlier one it holds no result, so None.
    `on_step` is told which share of the steps is done; what it raises leaves the file as it was.
    """
    number, rounds, steps = course
    started = time.monotonic()
    path = checkpoints.path_of(bench, fit, attempt)
    learns, aside = fit.learns(attempt), fit.kept_aside(attempt)
    kept = checkpoints.read(path)
    if kept:
        done, told = checkpoints.last_result(kept)
        if done >= number:
            return told if done == number else None
        checkpoints.restore(bench, kept)
    else:
        bench.begin(learns)
    rng = np.random.default_rng([SEED, attempt, fit.number, number])
    bench.drop_by(rng)
    batches, weights, losses = bench.batches(learns, rng), bench.row_weights(learns), []
    for step in range(steps):
        rate = setting.learning_rate * learning_rate_at((number * steps + step) / (rounds * steps))
        losses.append(bench.step(next(batches), weights, setting.mixing, rng, rate))
        on_step((step + 1) / steps)
    material = bench.material
    validation_loss = _loss(bench.probabilities(aside), material.truth[aside], multilabel=material.multilabel)
    judged = bench.probabilities(fit.judged)
    told = EpochResult(float(np.mean(losses)), validation_loss, judged, time.monotonic() - started)
    checkpoints.write(path, bench, number, told, kept)
    return told


def average_runs(
    bench: Trainer, fit: FoldSplit, attempts: int, on_share: Callable[[float], None] = lambda share: None
) -> FoldResult | None:
    """What a fit's attempts come to; None where Quick does as well on what they kept aside."""
    material = bench.material
    found, tuned, quick, rows = [], [], [], []
    for attempt in range(attempts):
        aside, state = fit.kept_aside(attempt), checkpoints.read(checkpoints.path_of(bench, fit, attempt))
        if state is None:
            continue
        found.append(checkpoints.best(state))
        bench.begin(fit.learns(attempt))
        came = bench.model.get_weights()
        quick.append(bench.probabilities(aside))
        bench.model.set_weights(_between(came, found[-1]))
        tuned.append(bench.probabilities(aside))
        rows.append(aside)
        on_share((attempt + 1) / (attempts + 1))
    if not found:
        return None
    asked, told, multilabel = np.concatenate(rows), np.concatenate(tuned), material.multilabel
    truth = material.truth[asked]
    if not _is_better(told, np.concatenate(quick), truth, multilabel=multilabel):
        return None
    warmth = calibration.temperature(truth, told, multilabel=multilabel)
    bench.begin(fit.trains)
    mean = [np.mean(arrays, axis=0) for arrays in zip(*found, strict=True)]
    bench.model.set_weights(_between(bench.model.get_weights(), mean))
    scores = bench.model.get_layer("scores")
    scores.set_weights([each / np.float32(warmth) for each in scores.get_weights()])
    kernel, bias = scores.get_weights()
    return FoldResult(bench.halves.top.get_weights(), kernel, bias, bench.probabilities(fit.judged))


def _is_better(told: Float32s, quick: Float32s, truth: Bools, *, multilabel: bool) -> bool:
    """Whether answers are more often right than Quick's, or surer of what is so."""
    if _loss(told, truth, multilabel=multilabel) < _loss(quick, truth, multilabel=multilabel):
        return True
    right, by_quick = (wholly_right(each, truth, multilabel=multilabel).sum() for each in (told, quick))
    return bool(right > by_quick)


def wholly_right(probabilities: Float32s, truth: Bools, *, multilabel: bool) -> Bools:
    """Which pictures are answered with all their tags and no other, bool (pictures,)."""
    answers = metrics.answers(probabilities, THRESHOLD, multilabel=multilabel)
    return np.asarray((answers == truth).all(axis=1), np.bool_)


def learning_rate_at(share: float) -> float:
    """The share of the highest learning rate after a share of the course: up in a line, down along a cosine.

    >>> [round(learning_rate_at(share), 2) for share in (0, 0.05, 0.1, 0.55, 1)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    if share < WARM_UP:
        return share / WARM_UP
    return (1 + math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP))) / 2


def log_loss(probabilities: NDArray[np.floating], truth: Bools, *, multilabel: bool) -> float:
    """Nats a row: of its tag in Multiclass, of every yes and no in Multilabel; nan without rows.

    >>> round(log_loss(np.float32([[0.5, 0.5]]), np.array([[True, False]]), multilabel=False), 3)
    0.693
    """
    if not len(truth):
        return math.nan
    told = np.clip(probabilities.astype(np.float64), 1e-7, 1 - 1e-7)
    nats = -np.log(np.where(truth, told, 1 - told if multilabel else 1.0))
    return float(nats.sum(axis=1).mean())


def _loss(told: Float32s, truth: Bools, *, multilabel: bool) -> float:
    """The log-loss at the temperature that suits best: how sure answers are is set right in the end."""
    warmth = calibration.temperature(truth, told, multilabel=multilabel)
    return log_loss(np.asarray(calibration.scaled(told, warmth, multilabel=multilabel)), truth, multilabel=multilabel)


def _between(came: Weights, tuned: Weights) -> Weights:
    return [start + np.float32(EXTENT) * (end - start) for start, end in zip(came, tuned, strict=True)]
