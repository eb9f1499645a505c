"""What fits train on: the top of a network with a classifier on it, compiled once and lent to one after the other.

Written against Keras alone, so it runs on whatever backend and device Keras has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float32s, Integers
from cvcore.finetuning.fold_splits import SEED
from cvcore.finetuning.split_network import SplitNetwork
from cvcore.networks import heads

BATCH = 32
SCORED_AT_ONCE = 64

LABEL_SMOOTHING = 0.1
DROPOUT = 0.2
WEIGHT_DECAY = 1e-4

Weights = list[NDArray[Any]]


class OutOfMemory(Exception):
    """The device has no room for a batch of so many pictures."""


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What all fits learn from.

    `views` are the trunk's tensors, each float16 (views, n, …): view 0 is the picture as it is. `embeddings` (n,
    dimension) are those of the network as it came, `truth` is (n, tags), `costs` (tags,) as in `heads.fit`.
    """

    views: Sequence[NDArray[np.float16]]
    embeddings: Float32s
    truth: Bools
    costs: NDArray[np.floating]
    multilabel: bool
    l2: float


@dataclass(frozen=True, eq=False)
class Trainer:
    """A top with a classifier on it and what it learns from; the state of each fit is in `folder`.

    `as_it_came` are the top's weights before any fit, `batch` is how many pictures a step takes.
    """

    halves: SplitNetwork
    material: TrainingData
    folder: Path
    model: Any
    as_it_came: Weights
    batch: int

    def begin(self, rows: Integers) -> None:
        """The network as it came, the classifier that Quick would fit on these rows, the optimizer anew."""
        material = self.material
        nobody = np.full(len(rows), -1)
        head = heads.fit(
            *(material.embeddings[rows], material.truth[rows], nobody),
            multilabel=material.multilabel,
            l2=material.l2,
            costs=material.costs,
        )
        self.halves.top.set_weights(self.as_it_came)
        self.model.get_layer("scores").set_weights([head.kernel, head.bias])
        for variable in self.model.optimizer.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))

    def drop_by(self, rng: np.random.Generator) -> None:
        """Let what is dropped follow from `rng`, so that a round that is trained again comes out the same."""
        chance = self.model.get_layer("dropout").seed_generator.state
        chance.assign(rng.integers(2**31, size=chance.shape).astype(str(chance.dtype)))

    def row_weights(self, learns: Integers) -> Float32s:
        """Every row's weight while these are learned from, (n, 1) or (n, tags): 0 for all others."""
        material = self.material
        trained_on = np.isin(np.arange(len(material.truth)), learns)[:, None]
        weights = heads.balanced_weights(
            material.truth, trained_on, multilabel=material.multilabel, costs=material.costs
        )
        return weights[:, 0]

    def batches(self, rows: Integers, rng: np.random.Generator) -> Iterator[Integers]:
        """Rows by the batch, each once before any comes again; a batch is full even where there are fewer rows."""
        waiting = np.empty(0, np.int64)
        while True:
            while len(waiting) < self.batch:
                waiting = np.concatenate([waiting, rng.permutation(rows)])
            yield waiting[: self.batch]
            waiting = waiting[self.batch :]

    def step(
        self, rows: Integers, weights: Float32s, mixing: float, rng: np.random.Generator, learning_rate: float
    ) -> float:
        """Learn from a batch, each picture seen otherwise by chance and mixed with another; its loss.

        Raises:
            OutOfMemory: so large a batch is too much here.
        """
        material = self.material
        seen = rng.integers(len(material.views[0]), size=len(rows))
        inputs = [tensor[seen, rows].astype(np.float32) for tensor in material.views]
        targets = np.concatenate([_smoothed(material.truth[rows], material.multilabel), weights[rows]], axis=1)
        if mixing:
            share, others = np.float32(rng.beta(mixing, mixing)), rng.permutation(len(rows))
            inputs = [share * each + (1 - share) * each[others] for each in inputs]
            targets = share * targets + (1 - share) * targets[others]
        self.model.optimizer.learning_rate = learning_rate
        try:
            return float(self.model.train_on_batch(inputs, targets))
        except Exception as error:  # each backend has its own
            if "RESOURCE_EXHAUSTED" in str(error) or "out of memory" in str(error).casefold():
                raise OutOfMemory(self.batch) from error
            raise

    def probabilities(self, rows: Integers) -> Float32s:
        """What the network as it stands says of pictures as they are, (rows, tags)."""
        scores = _in_batches(self.model, [tensor[0] for tensor in self.material.views], rows)
        return heads.probabilities_of(scores, multilabel=self.material.multilabel)


def build_trainer(halves: SplitNetwork, material: TrainingData, folder: Path, *, batch: int = BATCH) -> Trainer:
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
    return Trainer(halves, material, folder, model, halves.top.get_weights(), batch)


def _smoothed(truth: Bools, multilabel: bool) -> Float32s:
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


def _in_batches(model: Any, tensors: Sequence[NDArray[np.float16]], rows: Integers) -> Float32s:
    """What a model makes of rows; the last batch is filled up, so that one compiled program serves all."""
    made = [np.zeros((0, model.output_shape[-1]), np.float32)]
    for start in range(0, len(rows), SCORED_AT_ONCE):
        these = rows[start : start + SCORED_AT_ONCE]
        filled = np.resize(these, SCORED_AT_ONCE)
        inputs = [tensor[filled].astype(np.float32) for tensor in tensors]
        made.append(np.asarray(model.predict_on_batch(inputs), np.float32)[: len(these)])
    return np.concatenate(made)
