"""The fold splits of an Advanced training: one per fold, and one for the model that is shipped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvcore import validation
from cvcore.array_types import Bools, Integers
from cvcore.records import K_FOLD
from cvcore.validation import Plan

# The most validation parts that a split has; each run validates on another one.
PARTS = 6
SEED = 0


@dataclass(frozen=True, eq=False)
class FoldSplit:
    """The rows that one model trains on, the validation part of each of them, and the rows it is evaluated on.

    `rows` and `evaluated` are row numbers of the task. `validation_parts` (rows,) numbers the parts from 0; -1 is a
    row that every run trains on. Each run validates on the part of its own number and trains on all other rows.
    """

    number: int
    rows: Integers
    validation_parts: Integers
    evaluated: Integers

    def training_rows(self, run: int) -> Integers:
        """The rows that a run trains on: all but those of its validation part."""
        rows: Integers = self.rows[self.validation_parts != run]
        return rows

    def validation_rows(self, run: int) -> Integers:
        """The rows of a run's validation part, by which its best epoch is chosen."""
        rows: Integers = self.rows[self.validation_parts == run]
        return rows

    @property
    def part_count(self) -> int:
        """The number of validation parts, which is also the largest possible number of runs."""
        return int(self.validation_parts.max(initial=0)) + 1


def make_splits(plan: Plan, truth: Bools, groups: Integers) -> list[FoldSplit]:
    """The fold splits of a training; the last one is the shipped model's.

    With k-fold cross-validation there is one per fold, and the shipped model trains on all rows. Otherwise the only
    split is the shipped model's, which is evaluated on rows that it does not train on. `truth` is (n, tags), `groups`
    (n,).
    """
    rows = np.arange(len(plan.folds))
    pairs = [(rows[plan.trains], rows[plan.folds >= 0])]
    if plan.evaluation.method == K_FOLD:
        folds = range(plan.folds.max() + 1)
        pairs = [(rows[plan.folds != fold], rows[plan.folds == fold]) for fold in folds] + [(rows, rows[:0])]
    return [
        FoldSplit(number, trained, validation.folds(truth[trained], groups[trained], seed=SEED, most=PARTS), evaluated)
        for number, (trained, evaluated) in enumerate(pairs)
    ]
