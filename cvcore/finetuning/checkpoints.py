"""Checkpoints: one file per fold split, with the state after its last epoch."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cvcore.array_types import Float32s
from cvcore.errors import ArraysDamaged
from cvcore.files import blobs, npz
from cvcore.finetuning.fold_splits import FoldSplit
from cvcore.finetuning.trainer import Trainer, Weights

# By name, arrays; those that are not written yet may be tensors on the device.
Checkpoint = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class EpochResult:
    """One epoch of one fold split: its loss, the evaluated rows' probabilities (rows, tags), and its seconds."""

    loss: float
    probabilities: Float32s
    seconds: float


def path_of(trainer: Trainer, split: FoldSplit) -> Path:
    """The checkpoint file of a fold split."""
    return trainer.folder / f"fold-{split.number}.npz"


def save(path: Path, trainer: Trainer, number: int, result: EpochResult) -> None:
    """Keep the trainer's state after epoch `number`; it stays on the device until `write`."""
    # "round" (an epoch) and "judged" (the evaluated rows' probabilities) are the names in stored files.
    arrays: dict[str, Any] = {
        "round": np.array(number),
        "loss": np.array(result.loss),
        "judged": result.probabilities,
        "seconds": np.array(result.seconds),
    }
    state = trainer.programs.state()
    now, optimizer = state[: len(trainer.model.weights)], state[len(trainer.model.weights) :]
    arrays |= {f"now/{place}": tensor for place, tensor in enumerate(now)}
    arrays |= {f"optimizer/{place}": tensor for place, tensor in enumerate(optimizer)}
    trainer.unwritten[path] = arrays


def write(path: Path, trainer: Trainer) -> None:
    """Write the saved checkpoint to its file.

    Raises:
        StorageFull, HomeUnusable: it cannot be written.
    """
    buffer = io.BytesIO()
    arrays = {name: np.asarray(value) for name, value in trainer.unwritten[path].items()}
    np.savez(buffer, allow_pickle=False, **arrays)
    # An epoch that is lost when the machine goes down is trained again.
    blobs.write(path, buffer.getvalue(), durable=False)
    trainer.written_at[path] = time.monotonic()
    del trainer.unwritten[path]


def read(trainer: Trainer, path: Path) -> Checkpoint | None:
    """The newest checkpoint, saved or written; None if it is missing or damaged."""
    if path in trainer.unwritten:
        return trainer.unwritten[path]
    try:
        return npz.read(path)
    except (FileNotFoundError, ArraysDamaged):
        return None


def last_epoch(path: Path) -> int:
    """The number of the last epoch in a checkpoint, from 0; -1 if the file is missing or damaged.

    Reads only this number, not the weights.
    """
    try:
        return int(npz.read(path, ["round"])["round"])
    except (FileNotFoundError, ArraysDamaged):
        return -1


def last_result(checkpoint: Checkpoint) -> tuple[int, EpochResult]:
    """The number of the last epoch in a checkpoint, from 0, and its result."""
    result = EpochResult(float(checkpoint["loss"]), checkpoint["judged"], float(checkpoint["seconds"]))
    return int(checkpoint["round"]), result


def weights(checkpoint: Checkpoint) -> Weights:
    """The weights after the last epoch."""
    return [np.asarray(value) for value in _numbered(checkpoint, "now/")]


def restore(trainer: Trainer, checkpoint: Checkpoint) -> None:
    """Load the model's and the optimizer's state after the last epoch into the trainer."""
    trainer.programs.set_state([*_numbered(checkpoint, "now/"), *_numbered(checkpoint, "optimizer/")])


def _numbered(checkpoint: Checkpoint, prefix: str) -> list[Any]:
    return [checkpoint[f"{prefix}{place}"] for place in range(sum(name.startswith(prefix) for name in checkpoint))]
