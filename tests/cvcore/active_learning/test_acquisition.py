"""What would teach a classifier most comes first, by numbers that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.active_learning import acquisition


def test_either_reason_will_do() -> None:
    """Unsure or new is useful, both is more so, and neither is of no use."""
    neither, unsure, new, both = (acquisition.usefulness(u, n) for u, n in ((0, 0), (0.8, 0), (0, 0.8), (0.8, 0.8)))
    assert unsure == pytest.approx(new)
    assert 0 == neither < unsure < both < 1


def test_without_a_novelty_the_order_is_by_uncertainty() -> None:
    """Images whose embedding is not known stand as if they were as new as training images are to each other."""
    values = [acquisition.usefulness(each, None) for each in (0, 0.3, 0.6, 1)]
    assert values == sorted(values)
    assert values == [acquisition.usefulness(each, acquisition.UNKNOWN_NOVELTY) for each in (0, 0.3, 0.6, 1)]


@pytest.mark.parametrize(("tags", "multilabel", "bits"), [(2, False, 1), (8, False, 3), (5, True, 5), (1, True, 1)])
def test_the_largest_entropy_is_one(tags: int, multilabel: bool, bits: float) -> None:
    """However many tags there are, nothing is more unsure than 1."""
    assert 1 == acquisition.uncertainty(bits, tags, multilabel=multilabel)
    assert 0 == acquisition.uncertainty(0, tags, multilabel=multilabel)


def test_no_tags_at_all() -> None:
    """Where nothing was asked nothing is unsure."""
    assert 0 == acquisition.uncertainty(0, 0, multilabel=True)


def test_nearest_by_definition() -> None:
    """Distances are those of a loop over all pairs, also where images come in several blocks."""
    rng = np.random.default_rng(0)
    ours, theirs = rng.random((1500, 4), np.float32), rng.random((7, 4), np.float32)

    def distance(one: np.ndarray, other: np.ndarray) -> float:
        return float(1 - one @ other / np.linalg.norm(one) / np.linalg.norm(other))

    expected = [min(distance(one, other) for other in theirs) for one in ours]
    np.testing.assert_allclose(acquisition.nearest_distances(ours, theirs), expected, atol=1e-6)


def test_none_is_its_own_neighbour() -> None:
    """Among themselves two equal images are near, and a third one is as far as it is from them."""
    three = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    assert [0, 0, 1] == acquisition.nearest_distances(three, three, are_same=True).tolist()


def test_an_empty_embedding_is_far_from_all() -> None:
    """Zeros, which have no direction, neither divide by zero nor are like anything."""
    assert [1] == acquisition.nearest_distances(np.zeros((1, 2), np.float32), np.eye(2, dtype=np.float32)).tolist()
    assert [0] == acquisition.novelty(np.zeros(1, np.float32), 0).tolist()
