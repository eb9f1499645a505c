"""An iteration's out-of-fold predictions, every number computed from them, and the images behind each number.

Imports `datasets`, `store`, `files`, `metrics`, `validation` and the modules beside the packages.
"""

from cvcore.evaluation.analysis import load, load_rows
from cvcore.evaluation.out_of_fold import ARRAYS, OutOfFold, tags, trained_tags
from cvcore.evaluation.performance import overview, report, save, suggest_thresholds
from cvcore.evaluation.saved_thresholds import DEFAULT_THRESHOLD, threshold_in_use, thresholds_by_tag

__all__ = [
    "ARRAYS",
    "DEFAULT_THRESHOLD",
    "OutOfFold",
    "load",
    "load_rows",
    "overview",
    "report",
    "save",
    "suggest_thresholds",
    "tags",
    "threshold_in_use",
    "thresholds_by_tag",
    "trained_tags",
]
