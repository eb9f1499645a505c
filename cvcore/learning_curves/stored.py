"""Keeps a measurement in the iteration's folder, and reads it back."""

from __future__ import annotations

import io
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore import evaluation
from cvcore.errors import ArraysDamaged
from cvcore.evaluation import out_of_fold
from cvcore.files import blobs, npz
from cvcore.learning_curves.measurement import BLOCKS, Measurement
from cvcore.metrics import THRESHOLDS
from cvcore.records import Iteration
from cvcore.store import Store

# Increase the number when a formula changes: older files are ignored and measured again.
FILE = "learning-curve-1.npz"
NAMES = tuple(field.name for field in fields(Measurement))


def save(store: Store, iteration: Iteration, measurement: Measurement) -> None:
    """Write a measurement into the iteration's folder.

    Raises:
        NotTrained: the iteration has no folder.
        StorageFull, HomeUnusable: it cannot be written.
    """
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name: getattr(measurement, name) for name in NAMES})
    blobs.write(out_of_fold.folder(store, iteration) / FILE, buffer.getvalue())


def load(store: Store, iteration: Iteration) -> Measurement | None:
    """The iteration's measurement; None if there is none, or if its file is damaged.

    Raises:
        NotTrained: the iteration is not trained.
    """
    path = out_of_fold.folder(store, iteration) / FILE
    try:
        arrays: dict[str, Any] = npz.read(path, NAMES)
    except (FileNotFoundError, ArraysDamaged):
        return None
    images, tags = iteration.image_count, len(evaluation.tags(store, iteration))
    return Measurement(**arrays) if _is_whole(arrays, images, tags) else None


def _is_whole(arrays: dict[str, NDArray[Any]], images: int, tags: int) -> bool:
    """Whether the arrays are a measurement of so many images and tags, as far as shapes and ranges say."""
    points, rows = arrays["shares"].size, arrays["rows"].size
    shapes = {
        "shares": (points,),
        "images": (points, tags),
        "rows": (rows,),
        "blocks": (rows,),
        "levels": (points, rows, tags),
        "average_precision": (points, 1 + BLOCKS, tags),
        "ap_low": (points, tags + 1),
        "ap_high": (points, tags + 1),
    }
    kinds = {"rows": "i", "blocks": "i", "levels": "u", "images": "i"}
    return (
        points > 0
        and all(arrays[name].shape == shape for name, shape in shapes.items())
        and all(arrays[name].dtype.kind == kinds.get(name, "f") for name in NAMES)
        and bool(((arrays["rows"] >= 0) & (arrays["rows"] < images)).all())
        and bool((np.diff(arrays["blocks"]) >= 0).all())
        and bool((arrays["levels"] <= THRESHOLDS.size).all())
    )
