"""How much a row counts in each head: for each of its tags, and in Multilabel for each tag that it lacks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float32s, Float64s, Integers


@dataclass(frozen=True)
class TagWeights:
    """The weight of a row with a tag, `carried`, and of one without it, `lacking`: float64 (heads, tags).

    In Multiclass a row counts by the tag that it carries, and `lacking` is not used.
    """

    carried: Float64s
    lacking: Float64s
    multilabel: bool

    def of(self, truth: Bools, heads: Integers) -> Float32s:
        """The weights of rows in heads that train on them: (rows, heads, tags), in Multiclass (rows, heads, 1)."""
        carried = self.carried[heads]
        if not self.multilabel:
            return np.asarray(truth @ carried.T, np.float32)[:, :, None]
        return np.where(truth[:, None], carried.astype(np.float32), self.lacking[heads].astype(np.float32))


def balanced_weights(
    truth: NDArray[np.bool_],
    trained_on: NDArray[np.bool_],
    *,
    multilabel: bool,
    costs: NDArray[np.floating] | None = None,
) -> Float32s:
    """The weight of each row in each head: every tag counts by its cost, and the mean over a head's rows is 1.

    Args:
        truth: (rows, tags).
        trained_on: (rows, heads).
        costs: (tags,), above 0; by default all 1.

    Returns:
        float32, 0 where a head does not train on a row. Multiclass: (rows, heads, 1); the sum over a tag's
        rows is the same for all tags, times the tag's cost. Multilabel: (rows, heads, tags); the sum over the rows with
        a tag is that over the rows without it, times the tag's cost.

    >>> truth = np.array([[True, False], [False, True], [False, True], [False, True]])
    >>> balanced_weights(truth, np.ones((4, 1), bool), multilabel=False)[:, 0, 0].round(2)
    array([2.  , 0.67, 0.67, 0.67], dtype=float32)
    >>> balanced_weights(truth, np.ones((4, 1), bool), multilabel=False, costs=np.array([3, 1]))[:, 0, 0].round(2)
    array([3.  , 0.33, 0.33, 0.33], dtype=float32)
    """
    rows = trained_on.sum(axis=0)[:, None]
    with_tag = trained_on.T.astype(np.intp) @ truth
    table = _unscaled(with_tag, rows[:, 0], multilabel=multilabel, costs=costs)
    if multilabel:
        weights = np.where(truth[:, None], table.carried, table.lacking) * trained_on[:, :, None]
    else:
        weights = (truth @ table.carried.T * trained_on)[:, :, None]
    return np.asarray(weights * rows / weights.sum(axis=0), np.float32)


def of_folds(
    truth: Bools, folds: NDArray[np.integer], *, multilabel: bool, costs: NDArray[np.floating] | None = None
) -> TagWeights:
    """The same weights as a table: of one head for each fold, which does not train on it, and of the final one."""
    counts = [np.count_nonzero(folds == fold) for fold in range(folds.max(initial=-1) + 1)]
    carriers = [np.count_nonzero(truth[folds == fold], axis=0) for fold in range(len(counts))]
    rows = len(truth) - np.array([*counts, 0])
    with_tag = np.count_nonzero(truth, axis=0) - np.array([*carriers, np.zeros(truth.shape[1], np.int64)])
    weights = _unscaled(with_tag, rows, multilabel=multilabel, costs=costs)
    totals = with_tag * weights.carried
    absences = (rows[:, None] - with_tag) * weights.lacking
    totals = totals + absences if multilabel else totals.sum(axis=1, keepdims=True)
    scale = rows[:, None] / totals
    return TagWeights(weights.carried * scale, weights.lacking * scale, multilabel)


def _unscaled(
    with_tag: Integers, rows: Integers, *, multilabel: bool, costs: NDArray[np.floating] | None = None
) -> TagWeights:
    """Weights by which every tag counts by its cost, from the rows (heads, tags) with it, and all of a head, (heads,).

    In Multilabel a tag counts as much as its absence, times its cost.
    """
    carried = np.asarray((1.0 if costs is None else costs) / np.maximum(with_tag, 1))
    return TagWeights(carried, 1 / np.maximum(rows[:, None] - with_tag, 1), multilabel)
