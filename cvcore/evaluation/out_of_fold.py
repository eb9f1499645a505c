"""An iteration's out-of-fold predictions and its classifier: arrays in files, loaded whole, by rows or by column."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cvcore.errors import ModelDamaged, NotTrained
from cvcore.evaluation import npz_slices
from cvcore.files import blobs
from cvcore.records import MULTICLASS, MULTILABEL, Iteration
from cvcore.store import SnapshotTag, Store

ARRAYS = "arrays.npz"

_BY_IMAGE, _OF_HEAD = ("truth", "probabilities", "folds", "groups"), ("kernel", "bias")


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """A trained iteration's arrays; rows are its pictures, columns its tags.

    truth: bool (pictures, tags). probabilities: float32 of the same shape, each row from the head that
    never saw it, nan where a picture was not evaluated. folds: int (pictures,), -1 likewise. groups:
    int (pictures,), equal for near duplicates. kernel: float32 (dimension, tags) and bias: float32 (tags,)
    of the final head.
    """

    truth: NDArray[np.bool_]
    probabilities: NDArray[np.float32]
    folds: NDArray[np.int64]
    groups: NDArray[np.int64]
    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    multilabel: bool

    @property
    def evaluated(self) -> NDArray[np.bool_]:
        """Which rows entered the evaluation."""
        return self.folds >= 0


def load(store: Store, iteration: Iteration) -> OutOfFold:
    """A trained iteration's arrays; the last few asked for are kept in memory.

    Raises:
        NotTrained: it is not trained.
        ModelDamaged: its file is missing or damaged.
        NotFound: the iteration was deleted meanwhile.
    """
    try:
        return _load(_folder(store, iteration) / ARRAYS)
    except ModelDamaged:
        store.iterations.get(iteration.id)
        raise


def load_column(store: Store, iteration: Iteration, tag: int) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Which pictures carry a tag, a column, and its probabilities, as (pictures,) both; raises as `load`."""
    path = _folder(store, iteration) / ARRAYS
    truth, probabilities = npz_slices.find(path, "truth"), npz_slices.find(path, "probabilities")
    if truth is None or probabilities is None:
        judged = load(store, iteration)
        return judged.truth[:, tag], judged.probabilities[:, tag]
    return truth.column(tag), probabilities.column(tag)


def load_rows(store: Store, iteration: Iteration, rows: NDArray[np.int64]) -> OutOfFold:
    """A trained iteration's arrays with these of its pictures alone, in that order; raises as `load`."""
    path = _folder(store, iteration) / ARRAYS
    found = {name: npz_slices.find(path, name) for name in (*_BY_IMAGE, *_OF_HEAD)}
    pieces = {
        name: each.rows(rows if name in _BY_IMAGE else np.arange(each.shape[0])) for name, each in found.items() if each
    }
    if len(pieces) == len(found):
        return OutOfFold(**pieces, multilabel=iteration.classification_type == MULTILABEL)
    judged = load(store, iteration)
    return replace(judged, **{name: getattr(judged, name)[rows] for name in _BY_IMAGE})


def trained_tags(iteration: Iteration, tags: list[SnapshotTag]) -> list[SnapshotTag]:
    """The snapshot's tags that are columns: in Multilabel a negative tag is the absence of all others, not a column."""
    if iteration.classification_type == MULTICLASS:
        return tags
    return [tag for tag in tags if tag.kind != "Negative"]


def tags(store: Store, iteration: Iteration) -> list[SnapshotTag]:
    """The tags of an iteration that are columns, in their order."""
    return trained_tags(iteration, store.iterations.tags(iteration.id))


def _folder(store: Store, iteration: Iteration) -> Path:
    if iteration.status != "Completed":
        why = "its training failed: train again" if iteration.status == "Failed" else "it is in training: wait for it"
        raise NotTrained(f"{iteration.name} has no numbers yet, {why}")
    return blobs.iteration_folder(store.home, iteration.id)


@functools.lru_cache(maxsize=8)
def _load(path: Path) -> OutOfFold:
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
