"""A small classifier for families of numbers: naive Bayes, judged out of fold as the iteration is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvcore.array_types import Bools, Float32s, Integers

SMOOTHING = 5  # so many images like all others are added to each tag's, so that few images teach little


@dataclass(frozen=True, eq=False)
class Scores:
    """How likely each image's numbers are among the images with each tag, and among those without it.

    Logarithms, float32 (n, k), each by a head that was not trained on the image; nan where it was not evaluated. Only
    differences within a row mean something.
    """

    having: Float32s
    lacking: Float32s


def scores(features: Float32s, truth: Bools, folds: Integers) -> Scores:
    """The out-of-fold scores of features (n, d) for tags (n, k) in the iteration's folds (n,), -1 if not evaluated.

    >>> truth = np.eye(2, dtype=bool)[[0, 1, 0, 1]]
    >>> found = scores(truth.astype(np.float32), truth, np.array([0, 0, 1, 1]))
    >>> (found.having.argmax(axis=1) == truth.argmax(axis=1)).all()
    np.True_
    """
    having, lacking = (np.full(truth.shape, np.nan, np.float32) for _ in range(2))
    for fold in range(folds.max(initial=-1) + 1):
        trained, evaluated = folds != fold, folds == fold
        images, carried = features[trained], truth[trained].astype(np.float32)
        everywhere, with_tag = images.sum(axis=0), images.T @ carried
        tagged = carried.sum(axis=0)
        shares = everywhere / max(len(images), 1)
        having[evaluated] = features[evaluated] @ _log_ratios(with_tag, tagged, shares)
        without_tag = everywhere[:, None] - with_tag
        lacking[evaluated] = features[evaluated] @ _log_ratios(without_tag, len(images) - tagged, shares)
    return Scores(having, lacking)


def _log_ratios(sums: Float32s, images: Float32s, shares: Float32s) -> Float32s:
    """The logarithm of each feature's share among so many images, (k,), over its share among all: (d, k)."""
    among_all = shares[:, None]
    smoothed = (sums + SMOOTHING * among_all) / (images + SMOOTHING)
    ratios = np.divide(smoothed, among_all, out=np.ones_like(smoothed), where=among_all > 0)
    return np.asarray(np.log(np.maximum(ratios, 1e-6)), np.float32)
