"""How images are split for training and evaluation: folds, hold-out, the user's own test set, near duplicates.

Pure: arrays in, arrays out. Imports the modules beside the packages only.
"""

from cvcore.validation.grouping import joined
from cvcore.validation.schemes import FOLDS, SEED, Plan, explained, named, plan, what_was_done
from cvcore.validation.splits import by_test_images, fold_count, folds, hold_out, parts

__all__ = [
    "FOLDS",
    "SEED",
    "Plan",
    "by_test_images",
    "explained",
    "fold_count",
    "folds",
    "hold_out",
    "joined",
    "named",
    "parts",
    "plan",
    "what_was_done",
]
