"""The changes that a tag does not stand: the mildest strength at which its recall or precision falls for certain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvcore.metrics.paired_comparison import adjusted
from cvcore.robustness.changes import CHANGES
from cvcore.robustness.numbers import Numbers, position

# A fall of less than ten points is no finding, nor one that chance explains, given how many numbers were looked at.
FALL_LEAST = 0.1
SIGNIFICANT = 0.05
MEASURES = ("recall", "precision")


@dataclass(frozen=True)
class Finding:
    """A tag's rate that falls under a change, at the mildest strength where it does.

    tag: the column; -1 is the mean over the tags. before, after: the rate of the unchanged and of the changed images.
    low, high: the 95 % interval of their difference, after - before. images: how many images carry the tag, of -1: in
    all. lost: how much is lost on average over the strengths, by which findings are ranked.
    """

    tag: int
    change: str
    strength: float
    measure: str
    before: float
    after: float
    low: float
    high: float
    images: int
    lost: float


def findings(numbers: Numbers, *, overall: bool = False) -> list[Finding]:
    """What falls, the worst first: at most one finding for each tag and change; or those of the mean over the tags."""
    columns = [-1] if overall else list(range(len(numbers.images)))
    rows = [position(measure) for measure in MEASURES]
    strengths = len(CHANGES[0].strengths)
    looked_at = np.ix_(rows, range(numbers.change.shape[1]), columns)
    falls = -numbers.change[looked_at]
    is_certain = (adjusted(numbers.p_values[looked_at]) <= SIGNIFICANT) & (falls >= FALL_LEAST)
    found = []
    for number in range(len(CHANGES)):
        conditions = slice(number * strengths, (number + 1) * strengths)
        for place, tag in enumerate(columns):
            certain = is_certain[:, conditions, place]
            if not certain.any():
                continue
            step = int(certain.any(axis=0).argmax())
            measure = int(np.where(certain[:, step], falls[:, conditions, place][:, step], -1).argmax())
            lost = float(np.nan_to_num(falls[measure, conditions, place]).mean())
            found.append(_finding(numbers, tag, number, step, MEASURES[measure], lost))
    return sorted(found, key=lambda finding: -finding.lost)


def _finding(numbers: Numbers, tag: int, number: int, step: int, measure: str, lost: float) -> Finding:
    change, row = CHANGES[number], position(measure)
    condition = number * len(change.strengths) + step
    return Finding(
        tag=tag,
        change=change.name,
        strength=change.strengths[step],
        measure=measure,
        before=float(numbers.values[row, 0, tag]),
        after=float(numbers.values[row, 1 + condition, tag]),
        low=float(numbers.change_low[row, condition, tag]),
        high=float(numbers.change_high[row, condition, tag]),
        images=int(numbers.images[tag]) if tag >= 0 else int(numbers.images.sum()),
        lost=lost,
    )
