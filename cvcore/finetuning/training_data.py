"""The data of an Advanced training, and the random choices of its steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float32s, Integers
from cvcore.networks import heads
from cvcore.networks.heads import Head
from cvcore.networks.large_sets import tag_weights


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

    def targets(self, rows: Integers) -> Float32s:
        """The labels of all n images, 0 or 1, then their loss weights in a training on `rows`: 0 for all others.

        There is one weight an image, or with Multilabel one a tag: (n, tags + 1) or (n, 2 x tags).
        """
        is_trained_on = np.isin(np.arange(len(self.truth)), rows)[:, None]
        weights = tag_weights.balanced_weights(self.truth, is_trained_on, multilabel=self.multilabel, costs=self.costs)
        return np.concatenate([self.truth, weights[:, 0]], axis=1, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Steps:
    """The random choices of some training steps, all drawn before the first of them.

    `rows` and `copies` are int32 (steps, batch): each image's row, and which of its copies is seen. `learning_rates`
    (steps,) are the rates.
    """

    rows: NDArray[np.int32]
    copies: NDArray[np.int32]
    learning_rates: Float32s

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, start: int, stop: int) -> Steps:
        """The steps from `start` to before `stop`."""
        part = slice(start, stop)
        return Steps(self.rows[part], self.copies[part], self.learning_rates[part])


def draw_steps(
    rows: Integers, learning_rates: Sequence[float], rng: np.random.Generator, *, batch: int, copies: int
) -> Steps:
    """Draw a step for each learning rate: random copies of `batch` images.

    Every one of `rows` comes once before any is repeated, and every batch is full.
    """
    batches = _shuffled_batches(rows, batch, rng)
    drawn = [(next(batches), rng.integers(copies, size=batch)) for _ in learning_rates]
    trained, seen = zip(*drawn, strict=True)
    return Steps(np.array(trained, np.int32), np.array(seen, np.int32), np.array(learning_rates, np.float32))


def _shuffled_batches(rows: Integers, size: int, rng: np.random.Generator) -> Iterator[Integers]:
    waiting = np.empty(0, np.int64)
    while True:
        while len(waiting) < size:
            waiting = np.concatenate([waiting, rng.permutation(rows)])
        yield waiting[:size]
        waiting = waiting[size:]
