"""Precision, recall, F1 and their means, from counts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Float64s, Integers


def precision(counts: Integers) -> Float64s:
    """The share of the images answered with a tag that carry it: tp / (tp + fp); nan if no image was.

    `counts` are (..., 4) as tp, fp, fn, tn; the result drops the last axis.

    >>> precision(np.array([[2, 2, 1, 1], [0, 0, 3, 3]])).tolist()
    [0.5, nan]
    """
    tp, fp, _, _ = np.moveaxis(counts, -1, 0)
    return ratio(tp, tp + fp)


def recall(counts: Integers) -> Float64s:
    """The share of the images with a tag that were answered with it: tp / (tp + fn); nan if no image has it.

    >>> recall(np.array([[2, 2, 1, 1], [0, 0, 0, 6]])).tolist()
    [0.6666666666666666, nan]
    """
    tp, _, fn, _ = np.moveaxis(counts, -1, 0)
    return ratio(tp, tp + fn)


def f1(counts: Integers) -> Float64s:
    """The harmonic mean of precision and recall: 2 tp / (2 tp + fp + fn); nan only if all three are 0.

    A tag that was never an answer has no precision, but its F1 is 0, because its images were missed.

    >>> f1(np.array([[2, 2, 1, 1], [0, 0, 3, 3], [0, 0, 0, 6]])).tolist()
    [0.5714285714285714, 0.0, nan]
    """
    tp, fp, fn, _ = np.moveaxis(counts, -1, 0)
    return ratio(2 * tp, 2 * tp + fp + fn)


def macro(values: NDArray[Any], axis: int = -1) -> Float64s:
    """The unweighted mean over the tags with a defined value; nan if no tag has one.

    `defined_count` counts these tags. The macro F1 is the mean of F1s, not the F1 of mean precision and
    mean recall: the two differ by up to 0.5 (Opitz & Burst 2019, https://arxiv.org/abs/1911.03347).

    >>> float(macro(np.array([0.5, np.nan, 1.0])))
    0.75
    """
    return ratio(np.nansum(values, axis=axis), defined_count(values, axis))


def defined_count(values: NDArray[Any], axis: int = -1) -> Integers:
    """The number of tags with a defined value, over which `macro` takes the mean.

    >>> int(defined_count(np.array([0.5, np.nan, 1.0])))
    2
    """
    return np.asarray(np.count_nonzero(~np.isnan(values), axis=axis), np.int64)


def rates(counts: Integers) -> Float64s:
    """Precision, recall and F1 of (k, 4) counts, as (3, k + 1); the last column is the mean over the tags.

    >>> rates(np.array([[1, 0, 1, 2], [1, 1, 0, 2]])).tolist()
    [[1.0, 0.5, 0.75], [0.5, 1.0, 0.75], [0.6666666666666666, 0.6666666666666666, 0.6666666666666666]]
    """
    by_tag = np.stack([precision(counts), recall(counts), f1(counts)])
    return np.column_stack([by_tag, macro(by_tag)])


def mean(values: Float64s | list[float]) -> float:
    """The mean, from an exact sum that does not depend on the order; nan without values.

    >>> mean([0.1] * 10)
    0.1
    """
    return math.fsum(values) / len(values) if len(values) else math.nan


def ratio(part: NDArray[Any], total: NDArray[Any]) -> Float64s:
    """The ratio part / total; nan where the total is 0."""
    undefined = np.full(np.shape(total), np.nan)
    return np.asarray(np.divide(part, total, out=undefined, where=np.asarray(total) != 0), np.float64)
