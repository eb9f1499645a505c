"""See `cvcore.metrics.counting`."""

from cvcore.metrics.counting import defined_count, f1, macro, mean, precision, rates, ratio, recall

__all__ = ["defined_count", "f1", "macro", "mean", "precision", "rates", "ratio", "recall"]
