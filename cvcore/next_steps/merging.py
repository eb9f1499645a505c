"""Which two tags cannot be told apart, and what one tag in their place would bring.

Merging always raises the share of right answers, so that alone says nothing. Of two images, one of each tag, the
model finds which is which with a certain probability: the area under the ROC curve, where 50 % is chance. Two tags are
named only if even the upper end of its interval is at most 70 %, and if each is taken for the other. Few images have
a wide interval, so rare tags are not named; and it is as wide as all pairs that are taken for each other ask for
(Bonferroni).
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from cvcore import metrics
from cvcore.array_types import Bools, Float64s, Integers
from cvcore.metrics.probabilities import logits
from cvcore.next_steps import evidence
from cvcore.next_steps.evidence import Evidence
from cvcore.next_steps.steps import Gain, Merge

APART_MOST = 0.7
# Both tags must be taken for each other: the least share of the rarer direction among all confusions of the two.
LESSER_LEAST = 0.2


def merge(shown: Evidence) -> Merge | None:
    """The step for the pair whose merging brings most at the lower end of its interval; None if all are told apart."""
    confused = _confused(shown)
    both = np.minimum(confused, confused.T) >= np.maximum(1, LESSER_LEAST * (confused + confused.T))
    pairs = [(one, other) for one, other in np.argwhere(np.triu(both, 1)).tolist()]
    if shown.truth.shape[1] < 3:
        return None
    steps = [step for pair in pairs if (step := _step(shown, confused, *pair, looks=len(pairs)))]
    return max(steps, key=lambda step: step.gain.low, default=None)


def _confused(shown: Evidence) -> Integers:
    """How many images of each tag (row) got another in its place (column), (k, k)."""
    missed = (shown.truth & ~shown.answered).astype(np.float32)
    wrong = (shown.answered & ~shown.truth).astype(np.float32)
    return np.asarray(missed.T @ wrong, np.int64)


def _step(shown: Evidence, confused: Integers, one: int, other: int, *, looks: int) -> Merge | None:
    own = shown.truth[:, [one, other]]
    rows = np.flatnonzero(own[:, 0] != own[:, 1])
    if not own[rows].any(axis=0).all():
        return None
    scores = logits(shown.probabilities[rows][:, [one, other]], multilabel=shown.multilabel)
    apart, high = told_apart(scores[:, 0] - scores[:, 1], own[rows, 0], shown.groups[rows], looks)
    if high > APART_MOST:
        return None
    there, back = int(confused[one, other]), int(confused[other, one])
    return Merge(_gain(shown, one, other), one, other, len(rows), apart, (there, back))


def told_apart(scores: Float64s, is_first: Bools, groups: Integers, looks: int = 1) -> tuple[float, float]:
    """The area under the ROC curve, and the upper end of its 95 % interval if it is one of so many.

    The variance is Hanley & McNeil's 1982, https://doi.org/10.1148/radiology.143.1.7063747; near duplicates count as
    one image.

    >>> told_apart(np.array([3.0, 1, 2, 0]), np.array([True, True, False, False]), np.arange(4))[0]
    0.75
    """
    order = np.sort(scores[~is_first])
    below = np.searchsorted(order, scores[is_first], "left") + np.searchsorted(order, scores[is_first], "right")
    area = float(below.mean() / (2 * len(order)))
    firsts, others = (len(np.unique(groups[chosen])) for chosen in (is_first, ~is_first))
    one, two = area / (2 - area) - area**2, 2 * area**2 / (1 + area) - area**2
    variance = (area * (1 - area) + (firsts - 1) * one + (others - 1) * two) / (firsts * others)
    return area, area + NormalDist().inv_cdf(1 - 0.025 / looks) * variance**0.5


def _gain(shown: Evidence, one: int, other: int) -> Gain:
    """The change of the mean F1 with one tag in place of two, computed from the same probabilities.

    Before, the two count as one tag with the mean of their F1: otherwise the mean would rise only because there is one
    low F1 less. Multiclass: the probabilities of the two are added. Multilabel: the image gets the tag if either does.
    """
    kept = [tag for tag in range(shown.truth.shape[1]) if tag not in (one, other)]

    def merged(each: np.ndarray) -> Bools:
        return np.column_stack([each[:, kept], each[:, one] | each[:, other]])

    if shown.multilabel:
        answered = merged(shown.answered)
    else:
        summed = shown.probabilities[:, [one]] + shown.probabilities[:, [other]]
        limits = np.broadcast_to(np.asarray(shown.thresholds, np.float64), (shown.truth.shape[1],))
        answered = metrics.answers(
            np.column_stack([shown.probabilities[:, kept], np.minimum(summed, 1)]),
            np.append(limits[kept], limits[[one, other]].mean()),
            multilabel=False,
        )
    order = [*kept, one, other]
    before = shown.counts(shown.truth[:, order], shown.answered[:, order])
    return evidence.gain(before, shown.counts(merged(shown.truth), answered), _mean_of_pair_as_one, evidence.mean_f1)


def _mean_of_pair_as_one(counts: Float64s) -> float:
    """The mean F1 in which the last two tags count as one."""
    right, wrong, missed = counts.T
    f1 = metrics.ratio(2 * right, 2 * right + wrong + missed)
    return float(metrics.macro(np.append(f1[:-2], metrics.macro(f1[-2:]))))
