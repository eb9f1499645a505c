"""The file of a measurement in the iteration's folder."""

from __future__ import annotations

import numpy as np

from cvcore import analyses
from cvcore.analyses import KeptFile, Size, arrays_file
from cvcore.array_types import Float64s, Integers
from cvcore.learning_curves.measurement import BLOCKS, Measurement
from cvcore.metrics import THRESHOLDS
from cvcore.records import Iteration
from cvcore.store import Store

# A stranger's file could have so many points that a page never ends.
POINTS_MOST = 64


def load(store: Store, iteration: Iteration) -> Measurement | None:
    """The iteration's measurement; None if there is none, or if its file is damaged.

    Raises:
        NotTrained: the iteration is not trained.
    """
    return analyses.load(store, iteration, FILE)


def _is_whole(measurement: Measurement, size: Size) -> bool:
    shares, rows, blocks = measurement.shares, measurement.rows, measurement.blocks
    rates = (measurement.average_precision, measurement.ap_low, measurement.ap_high)
    return bool(
        0 < shares.size <= POINTS_MOST
        and rows.size
        and np.unique(rows).size == rows.size
        and _is_ascending(shares)
        and shares[0] > 0
        and shares[-1] == 1
        and (measurement.images >= 0).all()
        and ((rows >= 0) & (rows < size.images)).all()
        and _is_ascending(blocks)
        and ((blocks >= 0) & (blocks < BLOCKS)).all()
        and (measurement.levels <= THRESHOLDS.size).all()
        and all((np.isnan(each) | ((each >= 0) & (each <= 1))).all() for each in rates)
    )


def _is_ascending(values: Float64s | Integers) -> bool:
    return bool((values[1:] >= values[:-1]).all())


# Increase the number when a formula changes: older files are ignored and measured again.
FILE: KeptFile[Measurement] = arrays_file(
    "learning-curve-1.npz",
    Measurement,
    {
        "shares": ("f", ("points",)),
        "images": ("i", ("points", "tags")),
        "rows": ("i", ("rows",)),
        "blocks": ("i", ("rows",)),
        "levels": ("u", ("points", "rows", "tags")),
        "average_precision": ("f", ("points", 1 + BLOCKS, "tags")),
        "ap_low": ("f", ("points", "tags+1")),
        "ap_high": ("f", ("points", "tags+1")),
    },
    _is_whole,
)
