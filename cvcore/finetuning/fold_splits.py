"""The fold splits of an Advanced training: those that compare it with Quick, and the last one, which is shipped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvcore import validation
from cvcore.array_types import Bools, Integers
from cvcore.records import K_FOLD
from cvcore.validation import Plan

# How many folds of the training images compare Advanced with Quick where the evaluated images, a test set, must not.
COMPARED_FOLDS = 3
SEED = 0


@dataclass(frozen=True, eq=False)
class FoldSplit:
    """The rows that one model trains on, and other rows, which it predicts; both are row numbers of the task."""

    number: int
    rows: Integers
    evaluated: Integers


def make_splits(plan: Plan, truth: Bools, groups: Integers) -> list[FoldSplit]:
    """The fold splits of a training; `truth` is (n, tags), `groups` (n,).

    With k-fold cross-validation, its folds compare Advanced with Quick, and the shipped model predicts no rows.
    Otherwise folds of the training images do, and the shipped model predicts the evaluated images.
    """
    trained, folds = np.flatnonzero(plan.trains), plan.folds
    tested = trained[:0]
    if plan.evaluation.method != K_FOLD:
        tested = np.flatnonzero(folds >= 0)
        folds = np.full(len(folds), -1)
        folds[trained] = validation.folds(truth[trained], groups[trained], seed=SEED, most=COMPARED_FOLDS)
    pairs = [(trained[folds[trained] != fold], np.flatnonzero(folds == fold)) for fold in range(folds.max() + 1)]
    return [FoldSplit(number, *pair) for number, pair in enumerate([*pairs, (trained, tested)])]
