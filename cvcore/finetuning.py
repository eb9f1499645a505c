"""The top of a network trained on, once for each fold and once for what is shipped, side by side in rounds.

Written against Keras alone, so it runs on whatever backend and device Keras has. It starts where Quick ends: with the
network as it came and the classifier that Quick would fit. Each attempt of a fit keeps another sixth of the fit's own
pictures aside; on these, never on the fold that it will be judged on, it is seen which round's weights to keep, whether
they are better than Quick, and how sure the answers may be.

What comes of it is the mean of the attempts' weights, three quarters of the way to them from the network as it came.
Both are often better than any one that was tuned (Wortsman et al. 2022, https://arxiv.org/abs/2203.05482,
https://arxiv.org/abs/2109.01903).

All of its state is in files, so whoever is killed goes on where the last fit of a round ended.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore import blobs, calibration, heads, metrics
from cvcore.fits import SEED, Bools, Fit, Integers
from cvcore.halves import Halves

BATCH = 32
SCORED_AT_ONCE = 64

# How much of the network's way from as it came to as it was tuned is gone.
EXTENT = 0.75

LABEL_SMOOTHING = 0.1
DROPOUT = 0.2
WEIGHT_DECAY = 1e-4
WARM_UP = 0.1

Floats = NDArray[np.float32]
Weights = list[NDArray[Any]]


class OutOfMemory(Exception):
    """The device has no room for a batch of so many pictures."""


@dataclass(frozen=True)
class Setting:
    """What an attempt trains with: its highest learning rate, and how much pictures are mixed in pairs, 0 for not.

    Mixing is mixup (Zhang et al. 2018, https://arxiv.org/abs/1710.09412) with both parameters of its beta this.
    """

    learning_rate: float
    mixing: float


@dataclass(frozen=True, eq=False)
class Material:
    """What all fits learn from.

    `views` are the trunk's tensors, each float16 (views, n, …): view 0 is the picture as it is. `embeddings` (n,
    dimension) are those of the network as it came, `truth` is (n, tags), `costs` (tags,) as in `heads.fit`.
    """

    views: Sequence[NDArray[np.float16]]
    embeddings: Floats
    truth: Bools
    costs: NDArray[np.floating]
    multilabel: bool
    l2: float


@dataclass(frozen=True, eq=False)
class Told:
    """What a round of a fit tells: its losses, and the judged rows' probabilities, (rows, tags)."""

    loss: float
    validation_loss: float
    judged: Floats


@dataclass(frozen=True, eq=False)
class Tuned:
    """What a fit came to: the top's weights, the classifier on it, and the judged rows' probabilities, (rows, tags)."""

    top: Weights
    kernel: Floats
    bias: Floats
    judged: Floats


@dataclass(frozen=True, eq=False)
class Bench:
    """A top with a classifier on it, compiled once and lent to one fit after the other; their state is in `folder`.

    `batch` is how many pictures a step takes.
    """

    halves: Halves
    material: Material
    folder: Path
    model: Any
    as_it_came: Weights
    batch: int


def bench(halves: Halves, material: Material, folder: Path, *, batch: int = BATCH) -> Bench:
    """Build and compile what all fits train, from the network as it came."""
    import keras

    tags = material.truth.shape[1]
    inputs = [keras.Input(shape) for shape in halves.shapes]
    embedding = halves.top(inputs, training=False)
    dropped = keras.layers.Dropout(DROPOUT, seed=SEED, name="dropout")(embedding)
    scores = keras.layers.Dense(tags, name="scores", dtype="float32")(dropped)
    model = keras.Model(inputs, scores)
    optimizer = keras.optimizers.AdamW(0.0, weight_decay=WEIGHT_DECAY)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, _loss_function(tags, material.multilabel))
    return Bench(halves, material, folder, model, halves.top.get_weights(), batch)


def images_per_s(bench: Bench, fit: Fit, *, steps: int = 3) -> float:
    """How fast it learns here, by a few steps that change nothing; the first, which compiles, is not counted.

    Raises:
        OutOfMemory: so large a batch is too much here.
    """
    _begin(bench, fit, 0)
    rows, rng = np.resize(fit.trains, bench.batch), np.random.default_rng(SEED)
    _step(bench, rows, _row_weights(bench, fit.trains), Setting(0, 0), rng, 0.0)
    started = time.perf_counter()
    for _ in range(steps):
        _step(bench, rows, _row_weights(bench, fit.trains), Setting(0, 0), rng, 0.0)
    return steps * bench.batch / (time.perf_counter() - started)


def train(
    bench: Bench,
    fit: Fit,
    attempt: int,
    setting: Setting,
    *,
    course: tuple[int, int, int],
    on_step: Callable[[float], None] = lambda share: None,
) -> Told:
    """Train a fit on for one round; its file then holds what came of it.

    `course` is the round's number, how many there are, and the steps of each. A round that the file holds already is
    not trained again. `on_step` is told which share of the steps is done; what it raises leaves the file as it was.
    """
    number, rounds, steps = course
    path = _path(bench, fit, attempt)
    kept = _read(path)
    if kept and kept["round"] >= number:
        return Told(float(kept["loss"]), float(kept["validation_loss"]), kept["judged"])
    if kept:
        _give(bench, kept)
    else:
        _begin(bench, fit, attempt)
    learns, aside = fit.learns(attempt), fit.kept_aside(attempt)
    rng = np.random.default_rng([SEED, attempt, fit.number, number])
    # What is dropped follows from the round as well, so that one that is trained again comes out the same.
    chance = bench.model.get_layer("dropout").seed_generator.state
    chance.assign(rng.integers(2**31, size=chance.shape).astype(str(chance.dtype)))
    order, weights, losses = _batches(learns, bench.batch, rng), _row_weights(bench, learns), []
    for step in range(steps):
        rate = setting.learning_rate * learning_rate_at((number * steps + step) / (rounds * steps))
        losses.append(_step(bench, next(order), weights, setting, rng, rate))
        on_step((step + 1) / steps)
    told = Told(
        float(np.mean(losses)),
        _loss(_probabilities(bench, aside), bench.material.truth[aside], multilabel=bench.material.multilabel),
        _probabilities(bench, fit.judged),
    )
    is_best = not kept or told.validation_loss < kept["best_loss"]
    _write(path, bench, number, told, None if is_best else kept)
    return told


def result(
    bench: Bench, fit: Fit, attempts: int, on_share: Callable[[float], None] = lambda share: None
) -> Tuned | None:
    """What a fit's attempts come to; None where Quick does as well on what they kept aside."""
    material = bench.material
    found, tuned, quick, rows = [], [], [], []
    for attempt in range(attempts):
        aside, state = fit.kept_aside(attempt), _read(_path(bench, fit, attempt))
        if state is None:
            continue
        found.append(_numbered(state, "best/"))
        _begin(bench, fit, attempt)
        came = bench.model.get_weights()
        quick.append(_probabilities(bench, aside))
        bench.model.set_weights(_between(came, found[-1]))
        tuned.append(_probabilities(bench, aside))
        rows.append(aside)
        on_share((attempt + 1) / (attempts + 1))
    if not found:
        return None
    asked, told, multilabel = np.concatenate(rows), np.concatenate(tuned), material.multilabel
    truth = material.truth[asked]
    if not _is_better(told, np.concatenate(quick), truth, multilabel=multilabel):
        return None
    warmth = calibration.temperature(truth, told, multilabel=multilabel)
    _begin(bench, fit, None)
    mean = [np.mean(arrays, axis=0) for arrays in zip(*found, strict=True)]
    bench.model.set_weights(_between(bench.model.get_weights(), mean))
    scores = bench.model.get_layer("scores")
    scores.set_weights([each / np.float32(warmth) for each in scores.get_weights()])
    kernel, bias = scores.get_weights()
    return Tuned(bench.halves.top.get_weights(), kernel, bias, _probabilities(bench, fit.judged))


def _is_better(told: Floats, quick: Floats, truth: Bools, *, multilabel: bool) -> bool:
    """Whether answers are more often right than Quick's, or surer of what is so."""
    if _loss(told, truth, multilabel=multilabel) < _loss(quick, truth, multilabel=multilabel):
        return True
    half = np.asarray(0.5)
    right, by_quick = (
        (metrics.answers(each, half, multilabel=multilabel) == truth).all(axis=1).sum() for each in (told, quick)
    )
    return bool(right > by_quick)


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


def _begin(bench: Bench, fit: Fit, attempt: int | None) -> None:
    """The network as it came, the classifier that Quick would fit on what the attempt learns from, the optimizer anew.

    Without an attempt, it is fitted on all that the fit trains on.
    """
    material, rows = bench.material, fit.trains if attempt is None else fit.learns(attempt)
    nobody = np.full(len(rows), -1)
    head = heads.fit(
        *(material.embeddings[rows], material.truth[rows], nobody),
        multilabel=material.multilabel,
        l2=material.l2,
        costs=material.costs,
    )
    bench.halves.top.set_weights(bench.as_it_came)
    bench.model.get_layer("scores").set_weights([head.kernel, head.bias])
    for variable in bench.model.optimizer.variables:
        variable.assign(np.zeros(variable.shape, variable.dtype))


def _row_weights(bench: Bench, learns: Integers) -> Floats:
    """Every row's weight while an attempt learns, (n, 1) or (n, tags): 0 where it does not learn from it."""
    material = bench.material
    trained_on = np.isin(np.arange(len(material.truth)), learns)[:, None]
    weights = heads.balanced_weights(material.truth, trained_on, multilabel=material.multilabel, costs=material.costs)
    return weights[:, 0]


def _batches(rows: Integers, batch: int, rng: np.random.Generator) -> Iterator[Integers]:
    """Rows by the batch, each once before any comes again; a batch is full even where there are fewer rows."""
    waiting = np.empty(0, np.int64)
    while True:
        while len(waiting) < batch:
            waiting = np.concatenate([waiting, rng.permutation(rows)])
        yield waiting[:batch]
        waiting = waiting[batch:]


def _step(
    bench: Bench, rows: Integers, weights: Floats, setting: Setting, rng: np.random.Generator, learning_rate: float
) -> float:
    material = bench.material
    seen = rng.integers(len(material.views[0]), size=len(rows))
    inputs = [tensor[seen, rows].astype(np.float32) for tensor in material.views]
    targets = np.concatenate([_smoothed(material.truth[rows], material.multilabel), weights[rows]], axis=1)
    if setting.mixing:
        share, others = np.float32(rng.beta(setting.mixing, setting.mixing)), rng.permutation(len(rows))
        inputs = [share * each + (1 - share) * each[others] for each in inputs]
        targets = share * targets + (1 - share) * targets[others]
    bench.model.optimizer.learning_rate = learning_rate
    try:
        return float(bench.model.train_on_batch(inputs, targets))
    except Exception as error:  # each backend has its own
        if "RESOURCE_EXHAUSTED" in str(error) or "out of memory" in str(error).casefold():
            raise OutOfMemory(bench.batch) from error
        raise


def _smoothed(truth: Bools, multilabel: bool) -> Floats:
    level = 0.5 if multilabel else 1 / truth.shape[1]
    return np.asarray((1 - LABEL_SMOOTHING) * truth + LABEL_SMOOTHING * level, np.float32)


def _loss_function(tags: int, multilabel: bool) -> Callable[[Any, Any], Any]:
    """Weighted cross-entropy of scores; behind the tags of a target come its weights, one or one a tag."""
    from keras import ops

    def loss(targets: Any, scores: Any) -> Any:
        truth, weights = targets[:, :tags], targets[:, tags:]
        if multilabel:
            nats = ops.maximum(scores, 0) - scores * truth + ops.log1p(ops.exp(-ops.abs(scores)))
        else:
            nats = -truth * ops.log_softmax(scores, axis=-1)
        return ops.mean(ops.sum(weights * nats, axis=-1))

    return loss


def _probabilities(bench: Bench, rows: Integers) -> Floats:
    """What the network as it stands says of pictures as they are."""
    scores = _in_batches(bench.model, [tensor[0] for tensor in bench.material.views], rows)
    return heads.probabilities_of(scores, multilabel=bench.material.multilabel)


def _loss(told: Floats, truth: Bools, *, multilabel: bool) -> float:
    """The log-loss at the temperature that suits best: how sure answers are is set right in the end."""
    warmth = calibration.temperature(truth, told, multilabel=multilabel)
    return log_loss(np.asarray(calibration.scaled(told, warmth, multilabel=multilabel)), truth, multilabel=multilabel)


def _between(came: Weights, tuned: Weights) -> Weights:
    return [start + np.float32(EXTENT) * (end - start) for start, end in zip(came, tuned, strict=True)]


def _in_batches(model: Any, tensors: Sequence[NDArray[np.float16]], rows: Integers) -> Floats:
    """What a model makes of rows; the last batch is filled up, so that one compiled program serves all."""
    made = [np.zeros((0, model.output_shape[-1]), np.float32)]
    for start in range(0, len(rows), SCORED_AT_ONCE):
        these = rows[start : start + SCORED_AT_ONCE]
        filled = np.resize(these, SCORED_AT_ONCE)
        inputs = [tensor[filled].astype(np.float32) for tensor in tensors]
        made.append(np.asarray(model.predict_on_batch(inputs), np.float32)[: len(these)])
    return np.concatenate(made)


def _write(path: Path, bench: Bench, number: int, told: Told, best_before: dict[str, Any] | None) -> None:
    """Keep a fit's state after a round; where an earlier round's weights are still the best, these as well."""
    arrays: dict[str, NDArray[Any]] = {
        "round": np.array(number),
        "loss": np.array(told.loss),
        "validation_loss": np.array(told.validation_loss),
        "judged": told.judged,
    }
    weights = bench.model.get_weights()
    arrays |= {f"now/{place}": each for place, each in enumerate(weights)}
    arrays |= {f"optimizer/{place}": np.asarray(each) for place, each in enumerate(bench.model.optimizer.variables)}
    if best_before is None:
        arrays |= {f"best/{place}": each for place, each in enumerate(weights)}
        arrays["best_loss"] = np.array(told.validation_loss)
    else:
        arrays |= {name: each for name, each in best_before.items() if name.startswith("best")}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    # What is lost when the machine goes down with it is trained again.
    blobs.write(path, buffer.getvalue(), durable=False)


def _read(path: Path) -> dict[str, Any] | None:
    """A fit's state, None where there is none that can be read."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except Exception:  # of a damaged zip numpy raises nearly anything
        return None


def _give(bench: Bench, state: dict[str, Any]) -> None:
    bench.model.set_weights(_numbered(state, "now/"))
    for variable, value in zip(bench.model.optimizer.variables, _numbered(state, "optimizer/"), strict=True):
        variable.assign(value)


def _path(bench: Bench, fit: Fit, attempt: int) -> Path:
    return bench.folder / f"fit-{fit.number}-{attempt}.npz"


def _numbered(state: dict[str, Any], prefix: str) -> Weights:
    return [state[f"{prefix}{place}"] for place in range(sum(name.startswith(prefix) for name in state))]
