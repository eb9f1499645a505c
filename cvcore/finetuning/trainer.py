"""The trainer: upper layers plus classifier, compiled once and reused for every fold split.

On a GPU an epoch is one call, and checkpoints stay on the device for some seconds before they are written. On a CPU,
where a step takes longer than a call, every step is one call, so that a training stops at once; the numbers are the
same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Float32s, Integers
from cvcore.finetuning import programs
from cvcore.finetuning.features.split_network import SplitNetwork
from cvcore.finetuning.fold_splits import SEED
from cvcore.finetuning.programs import Programs
from cvcore.finetuning.schedule import BATCH
from cvcore.finetuning.training_data import Steps, TrainingData
from cvcore.metrics import probabilities
from cvcore.networks import keras_backbones
from cvcore.networks.backbones import Backbone
from cvcore.networks.keras_backend import Device

DROPOUT = 0.2
WEIGHT_DECAY = 1e-4

# On a GPU: the most steps in one call, so that a training can be stopped, and the seconds between the checkpoints of a
# run that are written.
GPU_STEPS_AT_ONCE = 256
GPU_CHECKPOINT_S = 10.0

# On a GPU: the largest batch, and the steps that an epoch has at least before batches grow.
GPU_BATCH_MOST = 256
GPU_STEPS_LEAST = 8

Weights = list[NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Trainer:
    """A compiled model, upper layers plus classifier, and its data; checkpoints are kept in `folder`.

    `initial_weights` are the upper layers' weights before fine-tuning; `batch` is the number of images per step.
    `unwritten` are checkpoints that are newer than their files, `written_at` says when those were written.
    `quick_heads` are the classifiers that Quick fitted so far, by the rows.
    """

    network: SplitNetwork
    data: TrainingData
    folder: Path
    model: Any
    optimizer: Any
    programs: Programs
    initial_weights: Weights
    batch: int
    device: Device
    unwritten: dict[Path, Mapping[str, Any]] = field(default_factory=dict)
    written_at: dict[Path, float] = field(default_factory=dict)
    quick_heads: dict[bytes, Weights] = field(default_factory=dict)

    def reset(self, rows: Integers) -> None:
        """Restore the backbone's own weights, set the classifier that Quick fits on `rows`, and clear the optimizer."""
        if (key := rows.tobytes()) not in self.quick_heads:
            head = self.data.quick_head(rows)
            self.quick_heads[key] = [head.kernel, head.bias]
        cleared = [np.zeros(variable.shape, variable.dtype) for variable in self.optimizer.variables]
        self.programs.set_state([*self.initial_weights, *self.quick_heads[key], *cleared])

    def seed_dropout(self, rng: np.random.Generator) -> None:
        """Take dropout's seed from `rng`, so that an epoch that is trained again gives the same result."""
        state = self.model.get_layer("dropout").seed_generator.state
        state.assign(rng.integers(2**31, size=state.shape).astype(str(state.dtype)))

    def train(self, steps: Steps, rows: Integers, on_part: Callable[[float], None] = lambda share: None) -> Float32s:
        """Train the steps, which draw from `rows`; returns their losses.

        `on_part` is called after each call of the program with the share of steps done.

        Raises:
            OutOfMemory: a batch is too large for the device's memory.
        """
        import tensorflow as tf

        at_once = GPU_STEPS_AT_ONCE if self.device == "gpu" else 1
        targets = tf.constant(self.data.targets(rows))
        losses = []
        for start in range(0, len(steps), at_once):
            losses.append(self.programs.train(targets, steps.part(start, start + at_once)))
            on_part(min(1.0, (start + at_once) / len(steps)))
        return np.concatenate(losses)

    def predict(self, rows: Integers) -> Float32s:
        """The model's probabilities for the unchanged images of these rows, (rows, tags)."""
        return probabilities.from_logits(self.programs.predict(rows), multilabel=self.data.multilabel)

    def is_write_due(self, path: Path) -> bool:
        """Whether a checkpoint is to be written: on a CPU always, on a GPU some seconds after the last."""
        written_at = self.written_at.setdefault(path, time.monotonic())
        return self.device == "cpu" or time.monotonic() > written_at + GPU_CHECKPOINT_S


def batch_for(images: int, device: Device) -> int:
    """The images in a batch of a training on so many, if memory allows: on a GPU more, with enough steps in an epoch.

    >>> batch_for(10_000, "cpu"), batch_for(200, "gpu"), batch_for(600, "gpu"), batch_for(10_000, "gpu")
    (32, 32, 64, 256)
    """
    batch = BATCH
    while device == "gpu" and batch < GPU_BATCH_MOST and 2 * batch * GPU_STEPS_LEAST <= images:
        batch *= 2
    return batch


def load_model(backbone: Backbone, networks: Path, device: Device) -> Any:
    """The backbone as a Keras model, from its files in `networks`; on a GPU it computes in 16 bits, with weights in 32.

    Raises:
        ModelDamaged, WeightsMissing: its weights for Keras are damaged or not on this machine.
    """
    import keras

    policy_before = keras.config.dtype_policy()
    try:
        if device == "gpu":
            keras.config.set_dtype_policy("mixed_bfloat16")
        return keras_backbones.load(backbone, networks)
    finally:
        keras.config.set_dtype_policy(policy_before)


def build_trainer(
    network: SplitNetwork,
    data: TrainingData,
    folder: Path,
    *,
    batch: int = BATCH,
    device: Device = "cpu",
    by_xla: bool = False,
) -> Trainer:
    """Build the model, a network's upper layers as they are plus a classifier, and its programs.

    `by_xla` has the training steps compiled by XLA, which takes longer; whether they are faster then is to be measured.

    Raises:
        OutOfMemory: the features of the unchanged images do not fit into the device's memory.
    """
    import keras

    tags = data.truth.shape[1]
    inputs = [keras.Input(shape) for shape in network.shapes]
    embedding = network.top(inputs, training=False)
    dropped = keras.layers.Dropout(DROPOUT, seed=SEED, name="dropout")(embedding)
    scores = keras.layers.Dense(tags, name="scores", dtype="float32")(dropped)
    model = keras.Model(inputs, scores)
    optimizer = keras.optimizers.AdamW(0.0, weight_decay=WEIGHT_DECAY)
    optimizer.build(model.trainable_variables)
    loss = _loss_function(tags, data.multilabel)
    built = programs.build_programs(
        model, optimizer, data.features, loss, device=device, batch=batch, by_xla=by_xla, views=network.views
    )
    return Trainer(network, data, folder, model, optimizer, built, network.top.get_weights(), batch, device)


def _loss_function(tags: int, multilabel: bool) -> Callable[[Any, Any], Any]:
    """Weighted cross-entropy of scores.

    Each target row is the labels followed by the loss weights: one, or one per tag.
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
