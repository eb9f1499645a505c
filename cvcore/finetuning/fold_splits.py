"""The fits of an advanced training: one for each fold and one for what is shipped, with the rows of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvcore import validation
from cvcore.array_types import Bools, Integers

# One picture in so many is kept aside by each attempt.
PARTS = 6
SEED = 0


@dataclass(frozen=True, eq=False)
class FoldSplit:
    """The rows that one fit trains on, each with the part that it belongs to, and those that it is judged on."""

    number: int
    trains: Integers
    parts: Integers
    judged: Integers

    def learns(self, attempt: int) -> Integers:
        """What an attempt learns from: the rows of all parts but its own."""
        rows: Integers = self.trains[self.parts != attempt]
        return rows

    def kept_aside(self, attempt: int) -> Integers:
        """The rows of its own part."""
        rows: Integers = self.trains[self.parts == attempt]
        return rows


def make_splits(
    folds: Integers, trains: Bools, truth: Bools, groups: Integers, *, is_cross_validated: bool
) -> list[FoldSplit]:
    """The fits of a training: where it is cross-validated one a fold, and the one that is shipped, which is the last.

    `folds` (n,) and `trains` (n,) are those of an `assessment.Plan`.
    """
    rows = np.arange(len(folds))
    apart = [(rows[trains], rows[folds >= 0])]
    if is_cross_validated:
        apart = [(rows[folds != fold], rows[folds == fold]) for fold in range(folds.max() + 1)] + [(rows, rows[:0])]
    found = []
    for number, (mine, judged) in enumerate(apart):
        found.append(
            FoldSplit(number, mine, validation.folds(truth[mine], groups[mine], seed=SEED, most=PARTS), judged)
        )
    return found
