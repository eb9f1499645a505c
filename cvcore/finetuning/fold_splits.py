"""The fold splits of an Advanced training: one for each fold and one for the model that is shipped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvcore import validation
from cvcore.array_types import Bools, Integers
from cvcore.records import K_FOLD
from cvcore.validation import Plan

# Each run validates on one of so many parts of its split.
PARTS = 6
SEED = 0


@dataclass(frozen=True, eq=False)
class FoldSplit:
    """The rows that one model trains on, the part that each of these belongs to, and the rows it is evaluated on.

    All are row numbers of the task. Every run trains on all parts but one, and validates on that one.
    """

    number: int
    rows: Integers
    parts: Integers
    evaluated: Integers

    def training_rows(self, run: int) -> Integers:
        """The rows that a run trains on: those of all parts but its own."""
        rows: Integers = self.rows[self.parts != run]
        return rows

    def validation_rows(self, run: int) -> Integers:
        """The rows of a run's own part, which choose its best epoch."""
        rows: Integers = self.rows[self.parts == run]
        return rows

    @property
    def part_count(self) -> int:
        """How many parts the rows are in, which is as many as runs can be."""
        return int(self.parts.max(initial=0)) + 1


def make_splits(plan: Plan, truth: Bools, groups: Integers) -> list[FoldSplit]:
    """The fold splits of a training, that of the shipped model last.

    With k-fold cross-validation there is one for each fold, and the shipped model trains on all rows. Otherwise there
    is the shipped model's alone, evaluated on what it does not train on. `truth` is (n, tags), `groups` (n,).
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
