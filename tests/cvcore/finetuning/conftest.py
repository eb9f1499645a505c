"""A tiny network with two fold splits, for tests that train it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvcore.domains import Policy
from cvcore.finetuning import fold_training, trainer
from cvcore.finetuning.checkpoints import EpochResult
from cvcore.finetuning.features import feature_cache
from cvcore.finetuning.features.split_network import SplitNetwork, split_at_stride_16
from cvcore.finetuning.fold_splits import FoldSplit, make_splits
from cvcore.finetuning.schedule import Schedule
from cvcore.finetuning.trainer import Trainer
from cvcore.finetuning.training_data import TrainingData
from cvcore.networks import keras_backend
from cvcore.networks.keras_backend import Device
from cvcore.records import K_FOLD, Evaluation
from cvcore.validation import Plan

SIDE = 32


def tiny() -> Any:
    """A network like a backbone: 32 x 32 pixels, a feature map of 2 x 2 at the split, 6 numbers, blind for red."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    inside = keras.Input((SIDE, SIDE, 3))
    seen = layers.Conv2D(6, 2, activation="tanh")
    high = layers.BatchNormalization()(seen(layers.AveragePooling2D(SIDE // 2)(inside)))
    network = keras.Model(inside, layers.GlobalAveragePooling2D()(high))
    kernel, bias = seen.get_weights()
    kernel[:, :, 0] = 0
    seen.set_weights([kernel, bias])
    pixels = keras.Input((SIDE, SIDE, 3))
    return keras.Model(pixels, network(layers.Rescaling(1 / 64, -2)(pixels), training=False))


def images_and_truth(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise, every second image redder, and which of the two it is."""
    rng = np.random.default_rng(2)
    labels = np.arange(count) // 4 % 2
    pixels = rng.integers(0, 200, (count, SIDE, SIDE, 3))
    pixels[labels == 1, :, :, 0] += 50
    return pixels.astype(np.uint8), labels[:, None] == np.arange(2)


class Example:
    """What a test trains: the split network, its data and fold splits, in two folds."""

    def __init__(self, folder: Path, *, count: int = 96) -> None:
        keras_backend.prepare_backend()
        self.folder = folder
        self.model = tiny()
        self.network: SplitNetwork = split_at_stride_16(self.model)
        self.pixels, self.truth = images_and_truth(count)
        self.folds = np.arange(count) // 2 % 2
        tensors = feature_cache.compute(
            self.network,
            [lambda image=image: image for image in self.pixels],
            Policy(()),
            folder,
            budget_s=0,
            seed=0,
        )
        embeddings = self.model.predict_on_batch(self.pixels.astype(np.float32))
        self.data = TrainingData(tensors, embeddings, self.truth, np.ones(2), False, 0.01)

    def plan(self) -> Plan:
        return Plan(Evaluation(K_FOLD, 2, 0), self.folds, np.ones(len(self.truth), bool))

    def splits(self) -> list[FoldSplit]:
        return make_splits(self.plan(), self.data.truth, np.arange(len(self.truth)))

    def trainer(self, device: Device = "cpu") -> Trainer:
        return trainer.build_trainer(self.network, self.data, self.folder, device=device)


@pytest.fixture
def example(tmp_path: Path) -> Example:
    return Example(tmp_path)


def planned(epochs: int, *, learning_rate: float = 0.02) -> Schedule:
    """So many epochs of 8 steps."""
    return Schedule(epochs, (8, 8, 8), 32, is_short=False, learning_rate=learning_rate)


def train_one(
    built: Trainer, split: FoldSplit, number: int, epochs: int, on_step: Callable[[float], None] = lambda share: None
) -> EpochResult | None:
    """Train one epoch of so many."""
    return fold_training.train_epoch(built, split, planned(epochs), number, on_step=on_step)


def train(built: Trainer, split: FoldSplit, epochs: int = 6, first: int = 0) -> EpochResult:
    """Train the epochs from `first` on; the last one's result."""
    for number in range(first, epochs):
        result = train_one(built, split, number, epochs)
    assert result is not None
    return result
