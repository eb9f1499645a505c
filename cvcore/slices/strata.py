"""Images that are alike in how hard they are: those of the same tags."""

from __future__ import annotations

import numpy as np

from cvcore.array_types import Bools, Integers
from cvcore.metrics.ratios import ratio

# A set of tags that so few images have counts as the hardest of its tags.
IMAGES_LEAST = 20
SETS_MOST = 200


def strata(truth: Bools, is_wrong: Bools) -> Integers:
    """The stratum of each image, (n,), numbered from 0: images with the same tags; `truth` is (n, k).

    Where fewer than 20 images have just these tags, or 200 other sets of tags are commoner, the tag of them that is
    answered wrongly most often decides.

    >>> strata(np.array([[True, False], [False, False], [True, False]]), np.zeros(3, bool)).tolist()
    [1, 0, 1]
    """
    if not truth.size:
        return np.zeros(len(truth), np.int64)
    _, tag_set, sizes = np.unique(np.packbits(truth, axis=1), axis=0, return_inverse=True, return_counts=True)
    shares = np.nan_to_num(ratio((truth & is_wrong[:, None]).sum(axis=0), truth.sum(axis=0)))
    hardest = np.where(truth, shares, -1).argmax(axis=1)
    hardest = np.where(truth.any(axis=1), hardest, -1)
    commonest = np.argsort(-sizes, kind="stable")[:SETS_MOST]
    is_rare = ~np.isin(np.arange(len(sizes)), commonest[sizes[commonest] >= IMAGES_LEAST])[tag_set.reshape(-1)]
    names = np.where(is_rare, hardest - truth.shape[1] - 1, tag_set.reshape(-1))
    return np.asarray(np.unique(names, return_inverse=True)[1])
