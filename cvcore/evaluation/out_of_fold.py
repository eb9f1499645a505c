"""An iteration's out-of-fold predictions and its classifier: arrays in files, read whole, by rows or by column."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cvcore.array_types import Bools, Float32s, Integers
from cvcore.errors import ModelDamaged, NotTrained
from cvcore.evaluation import npz_slices
from cvcore.files import blobs
from cvcore.records import MULTICLASS, Iteration
from cvcore.store import SnapshotTag, Store

ARRAYS = "arrays.npz"

BY_IMAGE, _OF_HEAD = ("truth", "probabilities", "folds", "groups"), ("kernel", "bias")


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """A trained iteration's arrays; rows are its images, columns its tags.

    truth: bool (images, tags). probabilities: float32 of the same shape, each row from the fold's model that
    was not trained on it, nan where an image was not evaluated. folds: int (images,), -1 likewise. groups:
    int (images,), equal for near duplicates. kernel: float32 (dimension, tags) and bias: float32 (tags,)
    of the final head.
    """

    truth: Bools
    probabilities: Float32s
    folds: Integers
    groups: Integers
    kernel: Float32s
    bias: Float32s
    multilabel: bool

    @property
    def evaluated(self) -> Bools:
        """Which rows entered the evaluation."""
        return self.folds >= 0


def folder(store: Store, iteration: Iteration) -> Path:
    """The folder of a trained iteration's files.

    Raises:
        NotTrained: it is not trained.
    """
    if iteration.status != "Completed":
        why = "its training failed: train again" if iteration.status == "Failed" else "it is in training: wait for it"
        raise NotTrained(f"{iteration.name} has no numbers yet, {why}")
    return blobs.iteration_folder(store.home, iteration.id)


def read(path: Path) -> OutOfFold:
    """The arrays in an iteration's file.

    Raises:
        ModelDamaged: the file is missing or damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return OutOfFold(
                **{name: arrays[name] for name in OutOfFold.__dataclass_fields__}
                | {"multilabel": bool(arrays["multilabel"])}
            )
    except FileNotFoundError:
        raise ModelDamaged(
            f"the iteration's file {path.name} is missing from the home folder: train it again"
        ) from None
    except Exception as error:  # of a damaged zip numpy raises nearly anything
        raise ModelDamaged(f"the iteration's file {path.name} is damaged ({error}): train it again") from error


def read_column(path: Path, tag: int) -> tuple[Bools, Float32s] | None:
    """Which images carry a tag, a column, and its probabilities, as (images,) both; None as for `npz_slices.find`."""
    truth, probabilities = npz_slices.find(path, "truth"), npz_slices.find(path, "probabilities")
    if truth is None or probabilities is None:
        return None
    return truth.column(tag), probabilities.column(tag)


def read_rows(path: Path, rows: Integers, *, multilabel: bool) -> OutOfFold | None:
    """The arrays with these of the images alone, in that order; None as for `npz_slices.find`."""
    stored = {name: npz_slices.find(path, name) for name in (*BY_IMAGE, *_OF_HEAD)}
    parts = {
        name: array.rows(rows if name in BY_IMAGE else np.arange(array.shape[0]))
        for name, array in stored.items()
        if array
    }
    return OutOfFold(**parts, multilabel=multilabel) if len(parts) == len(stored) else None


def trained_tags(iteration: Iteration, tags: list[SnapshotTag]) -> list[SnapshotTag]:
    """The snapshot's tags that are columns: in Multilabel a negative tag is the absence of all others, not a column."""
    if iteration.classification_type == MULTICLASS:
        return tags
    return [tag for tag in tags if tag.kind != "Negative"]


def tags(store: Store, iteration: Iteration) -> list[SnapshotTag]:
    """The tags of an iteration that are columns, in their order."""
    return trained_tags(iteration, store.iterations.tags(iteration.id))
