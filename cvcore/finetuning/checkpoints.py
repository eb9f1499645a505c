"""Checkpoints: one file per run and fold split, with the state after its last epoch and its best weights so far."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Float32s
from cvcore.errors import ArraysDamaged
from cvcore.files import blobs, npz
from cvcore.finetuning.fold_splits import FoldSplit
from cvcore.finetuning.trainer import Trainer, Weights

Checkpoint = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class EpochResult:
    """One epoch of one fold split: its losses, the evaluated rows' probabilities (rows, tags), and its seconds."""

    loss: float
    validation_loss: float
    probabilities: Float32s
    seconds: float


def path_of(trainer: Trainer, split: FoldSplit, run: int) -> Path:
    """The checkpoint file of a run of a fold split."""
    return trainer.folder / f"fit-{split.number}-{run}.npz"


def write(path: Path, trainer: Trainer, number: int, result: EpochResult, before: Checkpoint | None) -> None:
    """Save the trainer's state after epoch `number`, and the best weights: its own or those of the checkpoint `before`.

    Raises:
        StorageFull, HomeUnusable: it cannot be written.
    """
    # "round" (an epoch) and "judged" (the evaluated rows' probabilities) are the names in stored files.
    arrays: dict[str, NDArray[Any]] = {
        "round": np.array(number),
        "loss": np.array(result.loss),
        "validation_loss": np.array(result.validation_loss),
        "judged": result.probabilities,
        "seconds": np.array(result.seconds),
    }
    weights = trainer.model.get_weights()
    optimizer = trainer.model.optimizer.variables
    arrays |= {f"now/{place}": array for place, array in enumerate(weights)}
    arrays |= {f"optimizer/{place}": np.asarray(variable) for place, variable in enumerate(optimizer)}
    if before is None or result.validation_loss < before["best_loss"]:
        arrays |= {f"best/{place}": array for place, array in enumerate(weights)}
        arrays["best_loss"] = np.array(result.validation_loss)
    else:
        arrays |= {name: array for name, array in before.items() if name.startswith("best")}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    # An epoch that is lost when the machine goes down is trained again.
    blobs.write(path, buffer.getvalue(), durable=False)


def read(path: Path) -> Checkpoint | None:
    """Read a checkpoint; None if it is missing or damaged."""
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
    # Checkpoints of Tagwise 0.1.0 do not hold the seconds.
    seconds = float(checkpoint.get("seconds", 0.0))
    result = EpochResult(
        loss=float(checkpoint["loss"]),
        validation_loss=float(checkpoint["validation_loss"]),
        probabilities=checkpoint["judged"],
        seconds=seconds,
    )
    return int(checkpoint["round"]), result


def best_weights(checkpoint: Checkpoint) -> Weights:
    """The weights of the epoch with the lowest validation loss."""
    return _numbered(checkpoint, "best/")


def restore(trainer: Trainer, checkpoint: Checkpoint) -> None:
    """Load the model's and the optimizer's state after the last epoch into the trainer."""
    trainer.model.set_weights(_numbered(checkpoint, "now/"))
    for variable, value in zip(trainer.model.optimizer.variables, _numbered(checkpoint, "optimizer/"), strict=True):
        variable.assign(value)


def _numbered(checkpoint: Checkpoint, prefix: str) -> Weights:
    return [checkpoint[f"{prefix}{place}"] for place in range(sum(name.startswith(prefix) for name in checkpoint))]
