"""Draws smaller training sets: stratified by tag, near duplicates together, each inside the next larger one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float64s, Integers


def ranks(truth: Bools, groups: NDArray[np.integer], random: np.random.Generator) -> Float64s:
    """A number in 0..1 for each image, (n,): those below a share are a random subset of about that share.

    `truth` is (n, k), `groups` (n,). Of each tag's images about the same share is below; an image of several tags
    counts for its rarest. A group of near duplicates has one number.

    >>> truth = np.repeat(np.eye(2, dtype=bool), 4, axis=0)
    >>> below = ranks(truth, np.arange(8), np.random.default_rng(0)) < 0.5
    >>> truth[below].sum(axis=0).tolist()
    [2, 2]
    """
    numbers, first, group = np.unique(groups, return_index=True, return_inverse=True)
    strata = _rarest_tags(truth)[first]
    result = np.empty(len(numbers))
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        result[members] = (random.permutation(len(members)) + random.random()) / len(members)
    return result[group]


def _rarest_tags(truth: Bools) -> Integers:
    """The column of each image's rarest tag, (n,); -1 for an image without a tag."""
    counts = truth.sum(axis=0)
    rarest = np.where(truth, counts, len(truth) + 1).argmin(axis=1)
    return np.where(truth.any(axis=1), rarest, -1)
