"""Computes numbers from probabilities: the decision rule, counts, rates, average precision, intervals, calibration.

Pure numpy: rows are images, columns are tags. Imports `validation` and the modules beside the packages.
The decision rule is `answers`, in `decision_rule`.
"""

from cvcore.metrics.decision_rule import THRESHOLDS, answers, checked_thresholds, count_answers, counts, levels
from cvcore.metrics.ranking import (
    average_precision,
    fold_average_precision,
    positive_ranks,
)
from cvcore.metrics.ratios import defined_count, f1, macro, mean, precision, rates, ratio, recall

__all__ = [
    "THRESHOLDS",
    "answers",
    "average_precision",
    "checked_thresholds",
    "count_answers",
    "counts",
    "defined_count",
    "f1",
    "fold_average_precision",
    "levels",
    "macro",
    "mean",
    "positive_ranks",
    "precision",
    "rates",
    "ratio",
    "recall",
]
