"""Measurements written by hand, of a classifier that answers as it is told."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cvcore import metrics
from cvcore.array_types import Bools
from cvcore.robustness import Measurement
from cvcore.robustness.changes import CONDITIONS

TRUTH = np.repeat(np.eye(2, dtype=bool), (10, 10), axis=0)  # ten roses, ten tulips
GROUPS = np.arange(20)


def scripted(wrong: Mapping[tuple[str, float], int], truth: Bools = TRUTH) -> Measurement:
    """Every image is answered rightly at 90 %, but under some conditions the first so many rows as the other tag."""
    levels = []
    for condition in [None, *((change.name, strength) for change, strength in CONDITIONS)]:
        probabilities = np.where(truth, 0.9, 0.1)
        missed = wrong.get(condition, 0) if condition else 0
        probabilities[:missed] = probabilities[:missed, ::-1]
        levels.append(metrics.levels(probabilities, truth, multilabel=False))
    return Measurement(np.arange(len(truth)), np.stack(levels), np.array(True))
