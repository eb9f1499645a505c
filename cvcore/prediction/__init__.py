"""What iterations predict for new images: one, many, under published names, kept for 30 days, explained.

Imports `projects`, `evaluation`, `networks`, `datasets`, `store`, `files`, `imaging`, `metrics` and the modules
beside the packages.
"""

from cvcore.prediction.predictor import answer, embedding, extractor, judge, predict, ranked

__all__ = [
    "answer",
    "embedding",
    "extractor",
    "judge",
    "predict",
    "ranked",
]
