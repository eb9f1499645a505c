"""How sure a model is of what it suggests for a picture, and which pictures come first by that."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.metrics import Bools, Integers


def certainty(probabilities: NDArray[Any], suggested: Bools) -> NDArray[Any]:
    """The probability of each row's least sure yes or no, as (rows,).

    In Multiclass that is the probability of the tag suggested: no other can be less sure to be left out.

    Args:
        probabilities: (rows, tags), 0..1.
        suggested: of the same shape, which tags are suggested.

    >>> certainty(np.array([[0.9, 0.25], [0.1, 0.2]]), np.array([[True, False], [False, False]])).tolist()
    [0.75, 0.8]
    """
    return np.asarray(np.where(suggested, probabilities, 1 - probabilities).min(axis=1, initial=1.0))


def order(certain: NDArray[Any], suggested: Bools, *, surest_first: bool) -> Integers:
    """The rows as they are looked at, int (rows,); equals stay in the order given.

    Where the surest come first, those for which nothing is suggested come last: there is nothing to confirm.

    >>> some = np.array([[True], [True], [False]])
    >>> order(np.array([0.6, 0.9, 0.99]), some, surest_first=True).tolist()
    [1, 0, 2]
    >>> order(np.array([0.6, 0.9, 0.99]), some, surest_first=False).tolist()
    [0, 1, 2]
    """
    if surest_first:
        return np.lexsort((-certain, ~suggested.any(axis=1)))
    return np.argsort(certain, kind="stable")
