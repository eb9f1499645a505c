"""The trainer: upper layers plus classifier, compiled once and reused for every fold split.

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
from cvcore.finetuning.features.split_network import SplitNetwork
from cvcore.finetuning.fold_splits import SEED
from cvcore.metrics import probabilities
from cvcore.networks import heads
from cvcore.networks.heads import Head

BATCH = 32
PREDICTED_AT_ONCE = 64

LABEL_SMOOTHING = 0.1
DROPOUT = 0.2
WEIGHT_DECAY = 1e-4

Weights = list[NDArray[Any]]


class OutOfMemory(Exception):
    """A batch of this many images is too large for the device's memory."""


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The data of all fold splits.

    `features` are the frozen layers' tensors, each float16 (copies, n, …): copy 0 is the unchanged image's, the
    others are augmented copies'. `embeddings` (n, dimension) are the backbone's before fine-tuning, `truth` is
    (n, tags), `costs` (tags,) as in `heads.fit`.
    """

    features: Sequence[NDArray[np.float16]]
    embeddings: Float32s
    truth: Bools
    costs: NDArray[np.floating]
    multilabel: bool
    l2: float

    def quick_head(self, rows: Integers) -> Head:
        """The head that Quick training fits on these rows."""
        no_folds = np.full(len(rows), -1)
        return heads.fit(
            self.embeddings[rows],
            self.truth[rows],
            no_folds,
            multilabel=self.multilabel,
            l2=self.l2,
            costs=self.costs,
        )

    def row_weights(self, rows: Integers) -> Float32s:
        """The loss weight of every row, (n, 1) or (n, tags), for a training on `rows`: 0 for all other rows."""
        is_trained_on = np.isin(np.arange(len(self.truth)), rows)[:, None]
        weights = heads.balanced_weights(self.truth, is_trained_on, multilabel=self.multilabel, costs=self.costs)
        return weights[:, 0]

    def batch(
        self, rows: Integers, row_weights: Float32s, mixing: float, rng: np.random.Generator
    ) -> tuple[list[Float32s], Float32s]:
        """Inputs and targets for some rows: a random copy of each image, mixed in pairs if `mixing` is not 0.

        Each target row is the smoothed labels followed by the loss weights.
        """
        copies = rng.integers(len(self.features[0]), size=len(rows))
        inputs = [tensor[copies, rows].astype(np.float32) for tensor in self.features]
        targets = np.concatenate([_smoothed(self.truth[rows], self.multilabel), row_weights[rows]], axis=1)
        if mixing:
            share, others = np.float32(rng.beta(mixing, mixing)), rng.permutation(len(rows))
            inputs = [share * tensor + (1 - share) * tensor[others] for tensor in inputs]
            targets = share * targets + (1 - share) * targets[others]
        return inputs, targets


def shuffled_batches(rows: Integers, size: int, rng: np.random.Generator) -> Iterator[Integers]:
    """Endless batches of rows; every row comes once before any is repeated, and every batch is full."""
    waiting = np.empty(0, np.int64)
    while True:
        while len(waiting) < size:
            waiting = np.concatenate([waiting, rng.permutation(rows)])
        yield waiting[:size]
        waiting = waiting[size:]


@dataclass(frozen=True, eq=False)
class Trainer:
    """A compiled model, upper layers plus classifier, and its data; checkpoints are kept in `folder`.

    `initial_weights` are the upper layers' weights before fine-tuning; `batch` is the number of images per step.
    """

    network: SplitNetwork
    data: TrainingData
    folder: Path
    model: Any
    initial_weights: Weights
    batch: int

    def reset(self, rows: Integers) -> None:
        """Restore the backbone's own weights, set the classifier that Quick fits on `rows`, and clear the optimizer."""
        head = self.data.quick_head(rows)
        self.network.top.set_weights(self.initial_weights)
        self.model.get_layer("scores").set_weights([head.kernel, head.bias])
        for variable in self.model.optimizer.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))

    def seed_dropout(self, rng: np.random.Generator) -> None:
        """Take dropout's seed from `rng`, so that an epoch that is trained again gives the same result."""
        state = self.model.get_layer("dropout").seed_generator.state
        state.assign(rng.integers(2**31, size=state.shape).astype(str(state.dtype)))

    def step(self, inputs: list[Float32s], targets: Float32s, learning_rate: float) -> float:
        """Train on a batch of `data`; returns its loss.

        Raises:
            OutOfMemory: the batch is too large for the device's memory.
        """
        self.model.optimizer.learning_rate = learning_rate
        try:
            return float(self.model.train_on_batch(inputs, targets))
        except Exception as error:  # each backend has its own kind of error
            if "RESOURCE_EXHAUSTED" in str(error) or "out of memory" in str(error).casefold():
                raise OutOfMemory(self.batch) from error
            raise

    def predict(self, rows: Integers) -> Float32s:
        """The model's probabilities for the unchanged images of these rows, (rows, tags)."""
        scores = _in_batches(self.model, [tensor[0] for tensor in self.data.features], rows)
        return probabilities.from_logits(scores, multilabel=self.data.multilabel)


def build_trainer(network: SplitNetwork, data: TrainingData, folder: Path, *, batch: int = BATCH) -> Trainer:
    """Build and compile the model: a network's upper layers as they are, plus a classifier."""
    import keras

    tags = data.truth.shape[1]
    inputs = [keras.Input(shape) for shape in network.shapes]
    embedding = network.top(inputs, training=False)
    dropped = keras.layers.Dropout(DROPOUT, seed=SEED, name="dropout")(embedding)
    scores = keras.layers.Dense(tags, name="scores", dtype="float32")(dropped)
    model = keras.Model(inputs, scores)
    optimizer = keras.optimizers.AdamW(0.0, weight_decay=WEIGHT_DECAY)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, _loss_function(tags, data.multilabel))
    return Trainer(network, data, folder, model, network.top.get_weights(), batch)


def _smoothed(truth: Bools, multilabel: bool) -> Float32s:
    level = 0.5 if multilabel else 1 / truth.shape[1]
    return np.asarray((1 - LABEL_SMOOTHING) * truth + LABEL_SMOOTHING * level, np.float32)


def _loss_function(tags: int, multilabel: bool) -> Callable[[Any, Any], Any]:
    """Weighted cross-entropy of scores.

    Each target row is the smoothed labels followed by the loss weights: one, or one per tag.
    """
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
    """The model's outputs for `rows`; the last batch is filled up, so that one compiled program serves all."""
    outputs = [np.zeros((0, model.output_shape[-1]), np.float32)]
    for start in range(0, len(rows), PREDICTED_AT_ONCE):
        batch = rows[start : start + PREDICTED_AT_ONCE]
        filled = np.resize(batch, PREDICTED_AT_ONCE)
        inputs = [tensor[filled].astype(np.float32) for tensor in tensors]
        outputs.append(np.asarray(model.predict_on_batch(inputs), np.float32)[: len(batch)])
    return np.concatenate(outputs)
