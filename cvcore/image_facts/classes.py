"""Puts numbers of images into a few classes, whose names say their bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvcore.languages import marked


@dataclass(frozen=True)
class Classes:
    """Class i is of values from `bounds[i - 1]`, inclusive, to `bounds[i]`, exclusive; the outer ones are open."""

    names: tuple[str, ...]
    bounds: tuple[float, ...]


# Networks look at 224 pixels of each side, and photos are stored with 1,024 pixels of the shorter one.
SIZES = Classes(
    (
        marked("tiny (under 64 px)"),
        marked("small (64 to 223 px)"),
        marked("medium (224 to 1,023 px)"),
        marked("large (from 1,024 px)"),
    ),
    (64, 224, 1024),
)
SHAPES = Classes(
    (
        marked("tall (from 1:2)"),
        marked("portrait"),
        marked("square (up to 10 % longer)"),
        marked("landscape"),
        marked("wide (from 2:1)"),
    ),
    (0.5 + 1e-9, 1 / 1.1, 1.1 + 1e-9, 2),
)
BRIGHTNESSES = Classes(
    (marked("dark (under 33 %)"), marked("medium (33 to 66 %)"), marked("bright (from 66 %)")), (0.33, 0.66)
)
# How steep the sharpest edge is; `image_quality` calls the same images blurred.
SHARPNESSES = Classes(
    (marked("blurred (under 52 %)"), marked("soft (52 to 70 %)"), marked("sharp (from 70 %)")), (0.52, 0.7)
)


def classified(values: ArrayLike, classes: Classes) -> NDArray[np.int32]:
    """The index of each value's class; -1 for nan.

    >>> classified([63, 64, 1024, float("nan")], SIZES).tolist()
    [0, 1, 3, -1]
    """
    numbers = np.asarray(values, np.float64)
    found = np.digitize(numbers, classes.bounds)
    return np.where(np.isnan(numbers), -1, found).astype(np.int32)
