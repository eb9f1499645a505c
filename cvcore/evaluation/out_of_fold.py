"""Reads an iteration's out-of-fold predictions and classifier from its file: all arrays or some rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cvcore.array_types import Bools, Float32s, Integers
from cvcore.errors import ArraysDamaged, ModelDamaged, NotTrained
from cvcore.files import blobs, disks, npz
from cvcore.languages import t
from cvcore.records import MULTICLASS, Iteration
from cvcore.store import SnapshotTag, Store

ARRAYS = "arrays.npz"
# Of a training that kept more than near duplicates together: see `slices.kept_together`.
KEPT_TOGETHER = "kept-together-1.npz"

# Arrays of so many bytes stay in their file and are mapped from there; smaller ones are read.
MAPPED_FROM_BYTES = 2**24

BY_IMAGE, _OF_HEAD = ("truth", "probabilities", "folds", "groups"), ("kernel", "bias")


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """A trained iteration's arrays; rows are its images, columns its tags.

    truth: bool (images, tags). probabilities: float32 of the same shape, each row from a model that was not trained on
    that image: with k folds the model of its fold, with a hold-out or test set the one model; nan if not evaluated.
    folds: int (images,), -1 if not evaluated. groups: int (images,), the same number for near duplicates. kernel:
    float32 (dimension, tags) and bias: float32 (tags,) of the final head. With a group key, images with the same value
    are in one group, too.
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
        """Which images were evaluated, bool (images,)."""
        return self.folds >= 0


def folder(store: Store, iteration: Iteration) -> Path:
    """The folder of a trained iteration's files.

    Raises:
        NotTrained: it is not trained.
    """
    if iteration.status != "Completed":
        raise NotTrained(
            t("{iteration} has no numbers yet, its training failed: train again", iteration=iteration.name)
            if iteration.status == "Failed"
            else t("{iteration} has no numbers yet, it is in training: wait for it", iteration=iteration.name)
        )
    return blobs.iteration_folder(store.home, iteration.id)


def read(path: Path) -> OutOfFold:
    """The arrays in an iteration's file; those by image of a large file are mapped, see `npz.release`.

    Of mapped arrays only the headers are checked: a changed byte in them is found by `npz.verify` alone.

    Raises:
        ModelDamaged: the file is missing or cut short, or an array that is read has changed.
    """
    try:
        arrays = _mapped(path)
        arrays |= npz.read(path, OutOfFold.__dataclass_fields__.keys() - arrays.keys())
    except FileNotFoundError:
        raise ModelDamaged(
            t("the iteration's file {file} is missing from the home folder: train it again", file=path.name)
        ) from None
    except ArraysDamaged as error:
        raise ModelDamaged(
            t("the iteration's file {file} is damaged ({error}): train it again", file=path.name, error=error)
        ) from error
    return OutOfFold(**arrays | {"multilabel": bool(arrays["multilabel"])})


def _mapped(path: Path) -> dict[str, Any]:
    """The arrays by image, if their file is large and they are not compressed in it."""
    if not npz.CAN_STAY_MAPPED or _is_shared(path):
        return {}
    stored = {name: array for name in BY_IMAGE if (array := npz.find(path, name))}
    if sum(array.size_bytes for array in stored.values()) < MAPPED_FROM_BYTES:
        return {}
    return {name: array.mapped() for name, array in stored.items()}


def _is_shared(path: Path) -> bool:
    """Whether a file lies on a network share: where a mapped page cannot be read the system ends the process."""
    return bool(disks.network_share(path.parent))


def read_near_duplicates(path: Path, predictions: OutOfFold) -> Integers:
    """The groups of near duplicates alone, (images,), from the file in the folder, where there is a group key.

    Without that file they are the groups of the predictions.
    """
    try:
        found: Integers = npz.read(path, ["duplicates"])["duplicates"]
    except (FileNotFoundError, ArraysDamaged):
        return predictions.groups
    return found if found.shape == predictions.groups.shape else predictions.groups


def read_rows(path: Path, rows: Integers, *, multilabel: bool) -> OutOfFold | None:
    """The arrays with only these rows of images, in this order; None as by `npz.find`, and on network shares."""
    if _is_shared(path):
        return None
    stored = {name: npz.find(path, name) for name in (*BY_IMAGE, *_OF_HEAD)}
    arrays = {
        name: array.rows(rows if name in BY_IMAGE else np.arange(array.shape[0]))
        for name, array in stored.items()
        if array
    }
    return OutOfFold(**arrays, multilabel=multilabel) if len(arrays) == len(stored) else None


def trained_tags(iteration: Iteration, tags: list[SnapshotTag]) -> list[SnapshotTag]:
    """The snapshot's tags that are columns: in Multilabel a negative tag is the absence of all others, not a column."""
    if iteration.classification_type == MULTICLASS:
        return tags
    return [tag for tag in tags if tag.kind != "Negative"]


def tags(store: Store, iteration: Iteration) -> list[SnapshotTag]:
    """The tags of an iteration that are columns, in their order."""
    return trained_tags(iteration, store.iterations.tags(iteration.id))
