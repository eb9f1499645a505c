"""Groups of near duplicates joined with those of a key."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore import validation
from cvcore.array_types import Integers


def one_by_one(groups: Integers, codes: Integers) -> list[set[int]]:
    """The groups from the definition: images are put together pair by pair until nothing changes."""
    together = [{image} for image in range(len(groups))]
    for one in range(len(groups)):
        for other in range(one):
            if groups[one] == groups[other] or (codes[one] == codes[other] and codes[one] >= 0):
                first, second = (next(each for each in together if image in each) for image in (one, other))
                if first is not second:
                    together.remove(second)
                    first |= second
    return sorted(together, key=min)


@pytest.mark.parametrize("seed", range(6))
def test_joined_is_the_transitive_closure(seed: int) -> None:
    """Two images are in one group if a chain of near duplicates and equal values leads from one to the other."""
    random = np.random.default_rng(seed)
    groups, codes = random.integers(25, size=40), random.integers(-1, 12, 40)
    found = validation.joined(groups, codes)
    assert one_by_one(groups, codes) == sorted(
        ({*np.flatnonzero(found == number).tolist()} for number in np.unique(found)), key=min
    )


def test_no_image_has_the_key() -> None:
    """Without values the groups stay as they are; no image has no group."""
    assert [0, 1, 1] == validation.joined(np.array([5, 7, 7]), np.full(3, -1)).tolist()
    assert [] == validation.joined(np.zeros(0, int), np.zeros(0, int)).tolist()
