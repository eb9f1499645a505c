"""The state of each fit in a file of its own: where its training stands, and its best weights so far."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Float32s
from cvcore.files import blobs
from cvcore.finetuning.fold_splits import FoldSplit
from cvcore.finetuning.trainer import Trainer, Weights

State = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class EpochResult:
    """One epoch of one fold split: its losses, the evaluated rows' probabilities (rows, tags), and how long it took."""

    loss: float
    validation_loss: float
    judged: Float32s
    seconds: float


def path_of(bench: Trainer, fit: FoldSplit, attempt: int) -> Path:
    """Where an attempt of a fit has its state."""
    return bench.folder / f"fit-{fit.number}-{attempt}.npz"


def write(path: Path, bench: Trainer, number: int, told: EpochResult, before: State | None) -> None:
    """Keep what the bench holds after a round, and the best weights: these, or those of the state before.

    Raises:
        StorageFull, HomeUnusable: it cannot be written.
    """
    arrays: dict[str, NDArray[Any]] = {
        "round": np.array(number),
        "loss": np.array(told.loss),
        "validation_loss": np.array(told.validation_loss),
        "judged": told.judged,
        "seconds": np.array(told.seconds),
    }
    weights = bench.model.get_weights()
    arrays |= {f"now/{place}": each for place, each in enumerate(weights)}
    arrays |= {f"optimizer/{place}": np.asarray(each) for place, each in enumerate(bench.model.optimizer.variables)}
    if before is None or told.validation_loss < before["best_loss"]:
        arrays |= {f"best/{place}": each for place, each in enumerate(weights)}
        arrays["best_loss"] = np.array(told.validation_loss)
    else:
        arrays |= {name: each for name, each in before.items() if name.startswith("best")}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    # What is lost when the machine goes down with it is trained again.
    blobs.write(path, buffer.getvalue(), durable=False)


def read(path: Path) -> State | None:
    """A fit's state, None where there is none that can be read."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except Exception:  # of a damaged zip numpy raises nearly anything
        return None


def last_epoch(path: Path) -> int:
    """The number of the last epoch in a checkpoint, from 0; -1 where there is none that can be read.

    Reads this number alone, not the weights.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return int(arrays["round"])
    except Exception:  # of a damaged zip numpy raises nearly anything
        return -1


def last_result(state: State) -> tuple[int, EpochResult]:
    """The number of the last epoch in a checkpoint, from 0, and its result."""
    # Checkpoints of Tagwise 0.1.0 do not hold the seconds.
    seconds = float(state.get("seconds", 0.0))
    result = EpochResult(float(state["loss"]), float(state["validation_loss"]), state["judged"], seconds)
    return int(state["round"]), result


def best(state: State) -> Weights:
    """The weights of the best round."""
    return _numbered(state, "best/")


def restore(bench: Trainer, state: State) -> None:
    """Let the bench hold what it held after the last round."""
    bench.model.set_weights(_numbered(state, "now/"))
    for variable, value in zip(bench.model.optimizer.variables, _numbered(state, "optimizer/"), strict=True):
        variable.assign(value)


def _numbered(state: State, prefix: str) -> Weights:
    return [state[f"{prefix}{place}"] for place in range(sum(name.startswith(prefix) for name in state))]
