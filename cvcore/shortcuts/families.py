"""The families of numbers by which tags might be told apart although nobody looks at what an image shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cvcore.array_types import Bools, Float32s, Float64s, Integers
from cvcore.imaging import measures

KNOTS = 6  # a number is described by its rank among all images, at so many places from the lowest to the highest
VALUE_LEAST = 5  # values that fewer images have count as one: a head learns nothing from them
SORTED_LEAST = 0.95  # a folder or upload whose images have one tag, but for one in twenty, was sorted by tag

MEASURES = {
    "brightness": ("brightness", "darkest", "lightest"),
    "colour": ("saturation", "red_green", "yellow_blue", "colourfulness"),
    "background": tuple(name for name in measures.NAMES if name.startswith("border_")),
}


@dataclass(frozen=True, eq=False)
class Family:
    """Numbers of one kind, as features of a linear model: float32 (n, features), each in 0..1."""

    name: str
    features: Float32s


def of_numbers(name: str, numbers: Float64s) -> Family:
    """The family of numbers (n, d), nan where unknown: only their order among the images counts.

    Each number becomes weights for the two knots that its rank lies between, so that a linear model can tell medium
    values from low and high ones. Unknown numbers have no weight.

    >>> of_numbers("brightness", np.array([[0.2], [0.9], [0.4]])).features.argmax(axis=1).tolist()
    [0, 5, 2]
    """
    return Family(name, np.concatenate([_knots(column) for column in numbers.T], axis=1))


def of_values(name: str, codes: Integers) -> Family:
    """The family of values such as cameras, given by their codes (n,); unknown is a value, too, -1.

    >>> of_values("camera", np.repeat([7, 3, 9, -1], [5, 6, 1, 2])).features.sum(axis=0).tolist()
    [6.0, 5.0, 3.0]
    """
    values, counts = np.unique(codes, return_counts=True)
    common = values[counts >= VALUE_LEAST]
    columns = [codes == value for value in common] + [~np.isin(codes, common)]
    return Family(name, np.stack(columns, axis=1).astype(np.float32))


def of_images(facts: Float32s, sizes: Integers, bytes_: Integers, values: Mapping[str, Integers]) -> list[Family]:
    """All families of n images that tell at least two of them apart.

    `facts` are (n, measures) in the order of `measures.NAMES`, nan where not measured; `sizes` (n, 2) width and height;
    `bytes_` (n,); `values` codes (n,) by name.
    """
    pixels = sizes.prod(axis=1).astype(np.float64)
    families = [
        of_numbers(name, facts[:, [measures.NAMES.index(each) for each in names]].astype(np.float64))
        for name, names in MEASURES.items()
    ]
    families.append(of_numbers("image size", np.column_stack([pixels, sizes[:, 0] / np.maximum(sizes[:, 1], 1)])))
    families.append(of_numbers("file size", np.column_stack([bytes_, bytes_ / np.maximum(pixels, 1)])))
    families += [of_values(name, codes) for name, codes in values.items()]
    return [family for family in families if family.features.size and np.ptp(family.features, axis=0).any()]


def is_sorted_by_tag(codes: Integers, truth: Bools) -> bool:
    """Whether values, such as folders, are how someone sorted the images by tag: each holds one tag's images.

    >>> is_sorted_by_tag(np.array([0, 0, 1, 1]), np.eye(2, dtype=bool)[[0, 0, 1, 1]])
    True
    """
    known = codes >= 0
    if not known.any():
        return False
    counts = np.stack(
        [np.bincount(codes[known & truth[:, tag]], minlength=codes.max() + 1) for tag in range(truth.shape[1])]
    )
    return bool(counts.max(axis=0).sum() >= SORTED_LEAST * known.sum())


def _knots(numbers: Float64s) -> Float32s:
    """The weights of one number's knots, (n, KNOTS)."""
    weights = np.zeros((len(numbers), KNOTS), np.float32)
    known = np.flatnonzero(~np.isnan(numbers))
    values, index, counts = np.unique(numbers[known], return_inverse=True, return_counts=True)
    if len(values) < 2:
        return weights
    middle = np.cumsum(counts) - (counts + 1) / 2  # equal numbers share the middle of their ranks
    place = middle[index] / (len(known) - 1) * (KNOTS - 1)
    below = np.minimum(place.astype(np.int64), KNOTS - 2)
    weights[known, below] = 1 - (place - below)
    weights[known, below + 1] = place - below
    return weights
