"""See `cvcore.metrics.counting`."""

from cvcore.metrics.counting import (
    average_precision,
    fold_average_precision,
    fold_ranks,
    mean_over_folds,
    positive_ranks,
    precision_at_rank,
)

__all__ = [
    "average_precision",
    "fold_average_precision",
    "fold_ranks",
    "mean_over_folds",
    "positive_ranks",
    "precision_at_rank",
]
