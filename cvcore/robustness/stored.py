"""The file of a measurement in the iteration's folder, and of one that is not complete yet."""

from __future__ import annotations

from cvcore import analyses
from cvcore.analyses import Array, KeptFile, Size, arrays_file
from cvcore.metrics import THRESHOLDS
from cvcore.records import Iteration
from cvcore.robustness.changes import CONDITIONS
from cvcore.robustness.measurement import Measurement
from cvcore.store import Store


def load(store: Store, iteration: Iteration) -> Measurement | None:
    """The iteration's measurement; None if there is none, or if its file is damaged.

    Raises:
        NotTrained: the iteration is not trained.
    """
    return analyses.load(store, iteration, FILE)


def _is_whole(measurement: Measurement, size: Size) -> bool:
    rows = measurement.rows
    return bool(
        rows.size
        and ((rows >= 0) & (rows < size.images)).all()
        and (rows[1:] > rows[:-1]).all()
        and (measurement.levels <= THRESHOLDS.size).all()
    )


_ARRAYS: dict[str, Array] = {
    "rows": ("i", ("rows",)),
    "levels": ("u", (1 + len(CONDITIONS), "rows", "tags")),
    "is_own": ("b", ()),
}

# Increase the number when a change, its strengths or a formula changes: older files are ignored and measured again.
FILE: KeptFile[Measurement] = arrays_file("robustness-1.npz", Measurement, _ARRAYS, _is_whole)

# What was measured when a training came first: the next attempt goes on from there.
UNFINISHED: KeptFile[Measurement] = arrays_file("robustness-1.part.npz", Measurement, _ARRAYS, _is_whole)
