"""What the Performance page opens with, worked out once at training and kept beside the arrays.

Of 100,000 images and 100 tags it is one megabyte, where the arrays it comes from are fifty and take seconds to count.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore import curves, sweeps
from cvcore.curves import Curve
from cvcore.metrics import Bools
from cvcore.sweeps import Measure, Sweep

# Named after the arithmetic: when a formula of `sweeps` or `curves` changes, the number goes up, and what was kept by
# the old one is worked out again.
FILE = "overview-1.npz"

_MEASURES = tuple(each.name for each in fields(Sweep) if each.name != "counts")
_PARTS = tuple(each.name for each in fields(Measure))
_POINTS = ("thresholds", "tp", "fp")


@dataclass(frozen=True, eq=False)
class Overview:
    """An evaluation at all 101 positions of the slider, and each tag's precision-recall curve."""

    sweep: Sweep
    curves: tuple[Curve, ...]


def overview(
    truth: Bools, probabilities: NDArray[Any], folds: NDArray[Any], groups: NDArray[Any], *, multilabel: bool
) -> Overview:
    """The overview of an evaluation; arguments and errors as for `reports.report`.

    >>> truth = np.array([[True, False], [False, True]])
    >>> made = overview(truth, truth * 0.8, np.array([0, 1]), np.arange(2), multilabel=False)
    >>> made.sweep.recall.mean[80].item(), made.curves[0].tp.tolist()
    (1.0, [1])
    """
    swept = sweeps.sweep(truth, probabilities, folds, groups, multilabel=multilabel)
    rows = folds >= 0
    return Overview(swept, curves.curves(truth[rows], probabilities[rows], multilabel=multilabel))


def packed(made: Overview) -> bytes:
    """An overview as the bytes of an npz file."""
    arrays: dict[str, Any] = {"counts": made.sweep.counts}
    for measure in _MEASURES:
        arrays |= {f"{measure}.{part}": getattr(getattr(made.sweep, measure), part) for part in _PARTS}
    arrays |= {name: np.concatenate([getattr(curve, name) for curve in made.curves]) for name in _POINTS}
    arrays["curves"] = np.array([(len(each.tp), each.positives, each.images) for each in made.curves])
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpacked(data: bytes) -> Overview:
    """The overview of such bytes; of damaged ones numpy raises nearly anything."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        measures = {measure: Measure(**{part: arrays[f"{measure}.{part}"] for part in _PARTS}) for measure in _MEASURES}
        lengths, positives, images = arrays["curves"].T
        points = [np.split(arrays[name], np.cumsum(lengths)[:-1]) for name in _POINTS]
        each = zip(*points, positives.tolist(), images.tolist(), strict=True)
        return Overview(Sweep(counts=arrays["counts"], **measures), tuple(Curve(*parts) for parts in each))
