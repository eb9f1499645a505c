"""The numbers that the Performance page shows, computed once at training and kept in a file beside the arrays.

For 100,000 images and 100 tags the file has one megabyte; the arrays have fifty and take seconds to count.

The file is an npz. Each field is one array, named by its dotted path, for example `sweep.recall.mean`; fields must
never be renamed. Curves are stored differently: `thresholds`, `tp` and `fp` hold the points of all curves one after
another, `curves` (tags, 3) how many points each has, and its `positives` and `images`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, get_type_hints

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Integers
from cvcore.errors import ArraysDamaged, ModelDamaged
from cvcore.evaluation import rekognition
from cvcore.evaluation.rekognition import Result
from cvcore.files import npz
from cvcore.languages import t
from cvcore.metrics import calibration, precision_recall_curves, threshold_sweeps, threshold_tuning
from cvcore.metrics.calibration import Calibration
from cvcore.metrics.precision_recall_curves import Curve
from cvcore.metrics.reports import MEASURES
from cvcore.metrics.threshold_sweeps import Sweep

# Increase the number when a formula changes: files with an older number are ignored and computed again.
FILE = "overview-2.npz"

_POINTS = ("thresholds", "tp", "fp")


@dataclass(frozen=True, eq=False)
class Overview:
    """An evaluation at all 101 positions of the slider, each tag's curve, calibration, and Rekognition's numbers.

    parts: the counts per part of `validation.parts`, as returned by `threshold_tuning.part_counts`.
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
    >>> computed = overview(truth, truth * 0.8, np.array([0, 1]), np.arange(2), multilabel=False)
    >>> computed.sweep.recall.mean[80].item(), computed.curves[0].tp.tolist(), computed.rekognition.overall_f1
    (1.0, [1], 1.0)
    """
    # Where all are evaluated, nothing is copied.
    rows = slice(None) if (folds >= 0).all() else folds >= 0
    return Overview(
        threshold_sweeps.sweep(truth, probabilities, folds, groups, multilabel=multilabel),
        precision_recall_curves.curves(truth[rows], probabilities[rows], multilabel=multilabel),
        threshold_tuning.part_counts(truth, probabilities, folds, groups, multilabel=multilabel),
        calibration.calibration(truth, probabilities, folds, groups, multilabel=multilabel),
        rekognition.evaluate(truth[rows], probabilities[rows], multilabel=multilabel),
    )


def packed(overview: Overview) -> bytes:
    """An overview as the bytes of an npz file: one array per field, and the points of all curves one after another."""
    names = [field.name for field in fields(overview) if field.name != "curves"]
    arrays = {path: value for name in names for path, value in _flat(getattr(overview, name), name).items()}
    arrays |= {name: np.concatenate([getattr(curve, name) for curve in overview.curves]) for name in _POINTS}
    arrays["curves"] = np.array([(len(curve.tp), curve.positives, curve.images) for curve in overview.curves])
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpacked(data: bytes) -> Overview:
    """The overview in the bytes of an npz file.

    Raises:
        ModelDamaged: it is not an npz file, or arrays are missing or have wrong shapes or types.
    """
    arrays = _read(data)
    _check(arrays)
    lengths, positives, images = arrays["curves"].T
    points = [np.split(arrays[name], np.cumsum(lengths)[:-1]) for name in _POINTS]
    curves = zip(*points, positives.tolist(), images.tolist(), strict=True)
    kinds = get_type_hints(Overview)
    rest = {name: _put_together(kinds[name], name, arrays) for name in kinds if name != "curves"}
    return Overview(curves=tuple(Curve(*parts) for parts in curves), **rest)


def _read(data: bytes) -> dict[str, NDArray[Any]]:
    try:
        return npz.read(data)
    except ArraysDamaged as error:
        raise ModelDamaged(
            t("the iteration's file {file} is damaged ({error}): train it again", file=FILE, error=error)
        ) from error


def _check(arrays: Mapping[str, NDArray[Any]]) -> None:
    """Check that these are the arrays of an overview, by their names, shapes and types.

    Raises:
        ModelDamaged: see `unpacked`.
    """
    tags = len(arrays["curves"]) if "curves" in arrays and arrays["curves"].ndim == 2 else 0
    for path, shape in _shapes(tags).items():
        array = arrays.get(path)
        if array is None or array.dtype.kind not in "if" or not _fits(array.shape, shape):
            raise ModelDamaged(
                t(
                    "the iteration's file {file} must hold {array} as {wanted}, got {got}: train it again",
                    file=FILE,
                    array=path,
                    wanted=tuple("any" if size is None else size for size in shape),
                    got="nothing" if array is None else f"{array.dtype} {array.shape}",
                )
            )
    lengths = arrays["curves"][:, 0]
    if arrays["curves"].dtype.kind != "i" or lengths.min() < 0 or {lengths.sum()} != {arrays[n].size for n in _POINTS}:
        raise ModelDamaged(
            t("the iteration's file {file} must have curves of the lengths it states: train it again", file=FILE)
        )


def _shapes(tags: int) -> dict[str, tuple[int | None, ...]]:
    """The shape of every array in the file; None is any size."""
    by_tag, by_bin = (tags,), (calibration.BINS,)
    shapes: dict[str, tuple[int | None, ...]] = {"curves": (tags, 3), **dict.fromkeys(_POINTS, (None,))}
    shapes |= {"parts": (None, threshold_sweeps.POSITIONS, tags, 4)}
    shapes |= {"sweep.counts": (threshold_sweeps.POSITIONS, tags, 4)}
    for name in MEASURES:
        positions = 1 if name == "average_precision" else threshold_sweeps.POSITIONS
        shapes |= {f"sweep.{name}.{each}": (positions, tags) for each in ("values", "low", "high")}
        shapes |= {f"sweep.{name}.{each}": (positions,) for each in ("mean", "mean_low", "mean_high")}
    for name in ("before", "after"):
        shapes |= {f"calibration.{name}.{each}": by_bin for each in ("counts", "said", "right", "low", "high")}
        shapes |= {f"calibration.{name}.error": ()}
    shapes |= {"calibration.temperature": (), "rekognition.matrix": (tags, tags)}
    shapes |= {f"rekognition.{each}": by_tag for each in ("thresholds", "images", "precision", "recall", "f1")}
    return shapes | {
        f"rekognition.{each}": () for each in ("tested", "average_precision", "overall_recall", "overall_f1")
    }


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(want in (None, size) for size, want in zip(shape, wanted, strict=True))


def _flat(value: Any, name: str) -> dict[str, Any]:
    """The arrays and numbers in a dataclass, nested ones included, by the dotted path of their fields."""
    if not is_dataclass(value):
        return {name: value}
    return {
        path: inner
        for field in fields(value)
        for path, inner in _flat(getattr(value, field.name), f"{name}.{field.name}").items()
    }


def _put_together(kind: Any, name: str, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """The value of a type, built from arrays by dotted path: the reverse of `_flat`."""
    if kind in (int, float):
        return kind(arrays[name])
    if not is_dataclass(kind):
        return arrays[name]
    kinds = get_type_hints(kind)
    record: Any = kind
    return record(**{field: _put_together(kinds[field], f"{name}.{field}", arrays) for field in kinds})
