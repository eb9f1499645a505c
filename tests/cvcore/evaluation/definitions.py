"""The confusion matrix and the images behind its numbers, straight from the table of all answers."""

from __future__ import annotations

import numpy as np

from cvcore.array_types import Bools, Integers
from cvcore.metrics.confusion import Answers, Cell, Swap, TagOutcome


def first_tag(carried: Bools) -> Integers:
    """The column of each image's first tag; the number of columns for none."""
    return np.asarray([next(iter(np.flatnonzero(row)), len(row)) for row in carried])


def matrix(answers: Answers) -> Integers:
    """How many images of each tag were answered with each tag, the last row and column for none."""
    counts = np.zeros((answers.truth.shape[1] + 1,) * 2, np.int64)
    evaluated = answers.evaluated
    np.add.at(counts, (first_tag(answers.truth[evaluated]), first_tag(answers.predicted[evaluated])), 1)
    return counts


def rows(answers: Answers, selection: Cell | TagOutcome | Swap) -> Integers:
    """The images behind a number, the surest first: negatives by the lowest probability, all others by the highest."""
    truth, predicted = answers.truth, answers.predicted
    match selection:
        case Cell(actual, answered):
            is_listed = (first_tag(truth) == actual) & (first_tag(predicted) == answered)
            sureness = answers.probabilities.max(axis=1)
        case Swap(missed, wrong):
            is_listed = truth[:, missed] & ~predicted[:, missed] & predicted[:, wrong] & ~truth[:, wrong]
            sureness = answers.probabilities[:, wrong]
        case TagOutcome(tag, outcome):
            is_listed = (predicted[:, tag] == (outcome[1] == "p")) & (truth[:, tag] == (outcome in ("tp", "fn")))
            sureness = answers.probabilities[:, tag] * (1 if outcome[1] == "p" else -1)
    images = np.flatnonzero(answers.evaluated & is_listed)
    return np.asarray(sorted(images, key=lambda image: -sureness[image]), np.int64)
