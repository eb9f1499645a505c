"""Groups of images that training keeps together: near duplicates, and images with the same value of a key."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Integers


def joined(groups: NDArray[Any], codes: NDArray[Any]) -> Integers:
    """Groups in which near duplicates, and images with the same code, are together: (n,), numbered from 0.

    `groups` and `codes` are (n,); a code of -1 joins an image with none. A near duplicate joins the groups of two
    codes.

    >>> joined(np.array([0, 1, 1, 2, 3]), np.array([7, 7, 8, 8, -1])).tolist()
    [0, 0, 0, 0, 1]
    """
    _, current = np.unique(groups, return_inverse=True)
    known = codes >= 0
    while True:
        # Each group takes the lowest number among the images of its codes, then each code that among its groups.
        lowest = np.full(int(codes.max(initial=-1)) + 1, len(current), np.int64)
        np.minimum.at(lowest, codes[known], current[known])
        moved = np.where(known, lowest[codes] if lowest.size else current, current)
        least = np.full(int(current.max(initial=-1)) + 1, len(current), np.int64)
        np.minimum.at(least, current, moved)
        following = least[current]
        if np.array_equal(following, current):
            return np.asarray(np.unique(current, return_inverse=True)[1])
        current = following
