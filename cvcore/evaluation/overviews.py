"""What the Performance page shows of an iteration, worked out once at training and kept beside the arrays.

Of 100,000 images and 100 tags it is one megabyte, where the arrays it comes from are fifty and take seconds to count.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, get_type_hints

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Integers
from cvcore.evaluation import rekognition
from cvcore.evaluation.rekognition import Result
from cvcore.metrics import calibration, precision_recall_curves, threshold_sweeps, threshold_tuning
from cvcore.metrics.calibration import Calibration
from cvcore.metrics.precision_recall_curves import Curve
from cvcore.metrics.threshold_sweeps import Sweep

# Named after the arithmetic: when a formula of what is in it changes, the number goes up, and what was kept by the old
# one is worked out again.
FILE = "overview-2.npz"

_POINTS = ("thresholds", "tp", "fp")


@dataclass(frozen=True, eq=False)
class Overview:
    """An evaluation at all 101 positions of the slider, each tag's curve, calibration, and Rekognition's numbers.

    parts: the counts of each part of `splits.parts`, as `thresholds.part_counts` has them, for thresholds to be chosen.
    """

    sweep: Sweep
    curves: tuple[Curve, ...]
    parts: Integers
    calibration: Calibration
    rekognition: Result


def overview(
    truth: Bools, probabilities: NDArray[Any], folds: NDArray[Any], groups: NDArray[Any], *, multilabel: bool
) -> Overview:
    """The overview of an evaluation; arguments and errors as for `reports.report`.

    >>> truth = np.array([[True, False], [False, True]])
    >>> made = overview(truth, truth * 0.8, np.array([0, 1]), np.arange(2), multilabel=False)
    >>> made.sweep.recall.mean[80].item(), made.curves[0].tp.tolist(), made.rekognition.overall_f1
    (1.0, [1], 1.0)
    """
    rows = folds >= 0
    return Overview(
        threshold_sweeps.sweep(truth, probabilities, folds, groups, multilabel=multilabel),
        precision_recall_curves.curves(truth[rows], probabilities[rows], multilabel=multilabel),
        threshold_tuning.part_counts(truth, probabilities, folds, groups, multilabel=multilabel),
        calibration.calibration(truth, probabilities, folds, groups, multilabel=multilabel),
        rekognition.evaluate(truth[rows], probabilities[rows], multilabel=multilabel),
    )


def packed(made: Overview) -> bytes:
    """An overview as the bytes of an npz file: an array a field, named by its path, and the curves end to end."""
    names = [each.name for each in fields(made) if each.name != "curves"]
    arrays = {path: value for name in names for path, value in _flat(getattr(made, name), name).items()}
    arrays |= {name: np.concatenate([getattr(curve, name) for curve in made.curves]) for name in _POINTS}
    arrays["curves"] = np.array([(len(each.tp), each.positives, each.images) for each in made.curves])
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpacked(data: bytes) -> Overview:
    """The overview of such bytes; of damaged ones numpy raises nearly anything."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        lengths, positives, images = arrays["curves"].T
        points = [np.split(arrays[name], np.cumsum(lengths)[:-1]) for name in _POINTS]
        each = zip(*points, positives.tolist(), images.tolist(), strict=True)
        kinds = get_type_hints(Overview)
        rest = {name: _whole(kinds[name], name, arrays) for name in kinds if name != "curves"}
        return Overview(curves=tuple(Curve(*parts) for parts in each), **rest)


def _flat(value: Any, name: str) -> dict[str, Any]:
    """The arrays and numbers in a value, each by the names of the fields that lead to it."""
    if not is_dataclass(value):
        return {name: value}
    return {
        path: inner
        for each in fields(value)
        for path, inner in _flat(getattr(value, each.name), f"{name}.{each.name}").items()
    }


def _whole(kind: Any, name: str, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """A value of a kind, put together again from its parts."""
    if kind in (int, float):
        return kind(arrays[name])
    if not is_dataclass(kind):
        return arrays[name]
    kinds = get_type_hints(kind)
    made: Any = kind
    return made(**{each: _whole(kinds[each], f"{name}.{each}", arrays) for each in kinds})
