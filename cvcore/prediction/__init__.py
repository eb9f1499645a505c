"""Predicts tags for new images, one or many, by an iteration's number or published name.

Keeps predictions for 30 days and explains them.

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
