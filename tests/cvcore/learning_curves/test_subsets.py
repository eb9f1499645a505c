"""Smaller training sets are stratified, keep near duplicates together and lie inside larger ones."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cvcore.learning_curves import subsets


@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.floats(0.1, 0.9), st.integers(0, 9))
def test_each_tag_has_its_share(counts: list[int], share: float, seed: int) -> None:
    """Of every tag the subset has its share of images, to one image."""
    truth = np.repeat(np.eye(len(counts), dtype=bool), counts, axis=0)
    below = subsets.ranks(truth, np.arange(len(truth)), np.random.default_rng(seed)) < share
    assert (np.abs(truth[below].sum(axis=0) - share * np.array(counts)) <= 1).all()


def test_near_duplicates_stay_together() -> None:
    """A group of near duplicates is in a subset as a whole or not at all."""
    truth = np.repeat(np.eye(2, dtype=bool), 10, axis=0)
    groups = np.repeat(np.arange(10), 2)
    ranks = subsets.ranks(truth, groups, np.random.default_rng(0))
    assert (ranks[::2] == ranks[1::2]).all()
    assert 10 == np.unique(ranks).size


def test_images_without_a_tag_have_their_share_too() -> None:
    """Images without a tag, which Multilabel trains on as examples of none, are a kind of their own."""
    truth = np.zeros((20, 2), bool)
    truth[:10, 0] = True
    below = subsets.ranks(truth, np.arange(20), np.random.default_rng(0)) < 0.5
    assert 5 == below[:10].sum() == below[10:].sum()
