"""What it would bring to tag near duplicates alike."""

from __future__ import annotations

import numpy as np

from cvcore.array_types import Float64s
from cvcore.evaluation import label_issues
from cvcore.next_steps import evidence
from cvcore.next_steps.evidence import Evidence
from cvcore.next_steps.steps import ROWS_MOST, DifferentDuplicates


def different_duplicates(shown: Evidence) -> DifferentDuplicates | None:
    """The step of tagging near duplicates alike that are tagged differently; None if there are none.

    Which of its tags a group should get is not known. So the gain is the mean over its images of tagging all as that
    one is, each with the answers that there are now: never the tags that suit the answers best.
    """
    duplicates = label_issues.duplicate_groups(shown.truth, shown.groups)
    differing = duplicates.numbers <= duplicates.differing
    if not differing.any():
        return None
    rows, numbers = duplicates.rows[differing], duplicates.numbers[differing]
    expected = _expected(shown, rows, numbers)
    gain = evidence.gain(shown.counts(shown.truth, shown.answered), shown.counts(expected, shown.answered))
    return DifferentDuplicates(
        gain,
        duplicates.differing,
        len(rows),
        tuple(shown.rows[rows][:ROWS_MOST].tolist()),
        tuple(numbers[:ROWS_MOST].tolist()),
    )


def _expected(shown: Evidence, rows: np.ndarray, numbers: np.ndarray) -> Float64s:
    """For every image the probability that it carries each tag, if its group is tagged as one of its images is."""
    expected = shown.truth.astype(np.float64)
    sums = np.zeros((numbers.max() + 1, expected.shape[1]))
    np.add.at(sums, numbers, expected[rows])
    expected[rows] = (sums / np.bincount(numbers)[:, None].clip(1))[numbers]
    return expected
