"""Predict the tags of new images: one or many, under published names, kept for 30 days, explained.

Imports `projects`, `evaluation`, `networks`, `datasets`, `store`, `files`, `imaging`, `metrics` and the modules
beside the packages.
"""

from cvcore.prediction.predictor import answer, embedding, extractor, predict, predict_embedding, probabilities, ranked

__all__ = [
    "answer",
    "embedding",
    "extractor",
    "predict",
    "predict_embedding",
    "probabilities",
    "ranked",
]
