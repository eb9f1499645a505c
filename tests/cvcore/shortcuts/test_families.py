"""Tests of the families of numbers."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.imaging import measures
from cvcore.shortcuts import families


def test_only_the_order_of_numbers_counts() -> None:
    """Any rising function of a number gives the same features, and each image's weights sum to 1."""
    numbers = np.random.default_rng(0).normal(size=(50, 2))
    features = families.of_numbers("x", numbers).features
    assert families.of_numbers("x", np.exp(3 * numbers)).features == pytest.approx(features)
    assert features.sum(axis=1) == pytest.approx(np.full(50, 2))


def test_equal_numbers_have_equal_features() -> None:
    """Ties share the middle of their ranks, whatever the order of the images."""
    features = families.of_numbers("x", np.array([[1.0], [5.0], [1.0], [9.0]])).features
    assert features[0].tolist() == features[2].tolist()


def test_unknown_numbers_have_no_weight() -> None:
    """An image whose number is nan says nothing, and changes nothing about the others."""
    with_nan = families.of_numbers("x", np.array([[1.0], [np.nan], [2.0]])).features
    assert not with_nan[1].any()
    assert with_nan[[0, 2]].tolist() == families.of_numbers("x", np.array([[1.0], [2.0]])).features.tolist()


def test_rare_values_count_as_one() -> None:
    """Cameras of a few images cannot be learned one by one."""
    features = families.of_values("camera", np.array([*range(4), *[9] * 5])).features
    assert features.sum(axis=0).tolist() == [5, 4]


def test_families_that_are_the_same_everywhere_are_left_out() -> None:
    """Images of one size and type cannot be told apart by them."""
    facts = np.random.default_rng(0).random((20, len(measures.NAMES))).astype(np.float32)
    sizes = np.full((20, 2), 64)
    found = families.of_images(facts, sizes, np.arange(20), {"file type": np.zeros(20, np.int64)})
    assert [family.name for family in found] == ["brightness", "colour", "background", "file size"]


@pytest.mark.parametrize(
    ("codes", "is_sorted"),
    [
        ([0] * 10 + [1] * 10, True),  # a folder for each tag
        ([0] * 5 + [2] * 5 + [1] * 10, True),  # two folders of one tag
        ([0, 1] * 10, False),
        ([0] * 20, False),
        ([0] * 8 + [1] * 12, False),  # a school with more images of one tag
        ([-1] * 20, False),
    ],
)
def test_folders_by_which_images_were_sorted_are_known(codes: list[int], *, is_sorted: bool) -> None:
    """A folder of one tag is how people sort images, and no trap."""
    truth = np.repeat(np.eye(2, dtype=bool), 10, axis=0)
    assert families.is_sorted_by_tag(np.array(codes), truth) is is_sorted
