"""The worst slices: exact tests by hand and from the definition, planted slices, and none where there are none."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cvcore.array_types import Bools, Integers
from cvcore.image_facts import Column
from cvcore.slices import exact_tests, worst_slices
from cvcore.slices.conditions import Condition
from cvcore.slices.strata import strata


def column(key: str, codes: Integers | Bools) -> Column:
    """A column whose values are the codes."""
    return Column(key, tuple(str(value) for value in range(int(codes.max()) + 1)), codes.astype(np.int32))


def by_lot(strata_of: list[list[bool]], inside: list[int], wrong: int) -> float:
    """The share of all ways to choose the images inside that have at least so many mistakes."""
    ways = [list(itertools.combinations(mistakes, count)) for mistakes, count in zip(strata_of, inside, strict=True)]
    sums = [sum(map(sum, choice)) for choice in itertools.product(*ways)]
    return sum(each >= wrong for each in sums) / len(sums)


@pytest.mark.parametrize(
    ("strata_of", "inside", "wrong"),
    [
        ([[True, True, False, False, False]], [2], 2),
        ([[True, True, False, False], [True, False, False, False, False]], [2, 3], 2),
        ([[True] * 3 + [False], [True, False, False], [False, False]], [2, 1, 1], 3),
        ([[True, True], [False, False]], [1, 1], 1),
    ],
)
def test_the_exact_test_counts_every_way(strata_of: list[list[bool]], inside: list[int], wrong: int) -> None:
    """The p-value is the share of all ways to deal mistakes, stratum by stratum, with at least as many inside."""
    inside_wrong = np.zeros(len(strata_of), np.int64)
    inside_wrong[0] = wrong
    arrays = np.array(inside), np.array([sum(each) for each in strata_of]), np.array([len(each) for each in strata_of])
    assert by_lot(strata_of, inside, wrong) == pytest.approx(exact_tests.exact_p(inside_wrong, *arrays))


def test_a_difference_between_tags_is_none_between_slices() -> None:
    """Where every stratum has equal shares inside and outside, the common difference is 0."""
    wrong, inside, wrong_of_all, images = np.array([[9, 1], [10, 40], [18, 2], [20, 80]])
    difference, low, high = exact_tests.common_difference(wrong, inside, wrong_of_all, images)
    assert difference == pytest.approx(0)
    assert low < 0 < high


def test_a_planted_slice_is_found_with_its_size() -> None:
    """A slice with 40 points more mistakes is the only finding among many keys, and its interval holds 40 points."""
    random = np.random.default_rng(5)
    truth = np.eye(3, dtype=bool)[random.integers(3, size=600)]
    columns = {f"k{number}": column(f"k{number}", random.integers(5, size=600)) for number in range(20)}
    is_wrong = random.random(600) < np.where(columns["k7"].codes == 2, 0.5, 0.1)
    found = worst_slices.worst(truth, is_wrong, np.arange(600), columns)
    assert [Condition("k7", "2")] == [each.condition for each in found.findings]
    finding = found.findings[0]
    assert finding.interval[0] < 0.4 < finding.interval[1]
    assert 100 == found.looked_at
    assert finding.images == (columns["k7"].codes == 2).sum()
    assert finding.wrong == is_wrong[columns["k7"].codes == 2].sum()
    assert finding.wrong + finding.rest_wrong == is_wrong.sum()


def test_a_slice_of_the_hard_tag_is_no_finding() -> None:
    """Images of a folder are wrong more often only because the folder holds the hard tag more often."""
    random = np.random.default_rng(2)
    tag = random.integers(2, size=2000)
    truth = np.eye(2, dtype=bool)[tag]
    is_wrong = random.random(2000) < np.where(tag == 1, 0.6, 0.05)
    folder = random.random(2000) < np.where(tag == 1, 0.9, 0.1)
    found = worst_slices.worst(truth, is_wrong, np.arange(2000), {"folder": column("folder", folder)})
    assert () == found.findings
    assert 2 == found.looked_at
    assert is_wrong[folder].mean() > 3 * is_wrong[~folder].mean()


def test_a_slice_with_one_tag_of_its_own_cannot_be_compared() -> None:
    """Where no image outside has the slice's tag, it is not looked at."""
    truth = np.eye(2, dtype=bool)[np.repeat([0, 1], 100)]
    found = worst_slices.worst(truth, np.arange(200) >= 100, np.arange(200), {"folder": column("folder", truth[:, 1])})
    assert (0, 2) == (found.looked_at, found.too_small)


def test_near_duplicates_count_once() -> None:
    """A hundred near duplicates of one wrong image are no finding."""
    is_wrong = np.arange(300) < 100
    groups = np.where(is_wrong, 0, np.arange(300))
    found = worst_slices.worst(np.ones((300, 1), bool), is_wrong, groups, {"day": column("day", is_wrong)})
    assert () == found.findings


@pytest.mark.parametrize(("images", "is_found"), [(19, False), (20, True)])
def test_few_images_are_never_a_finding(images: int, is_found: bool) -> None:
    """Below 20 images nothing is found, even if all of them are wrong."""
    here = np.arange(400) < images
    found = worst_slices.worst(np.ones((400, 1), bool), here, np.arange(400), {"day": column("day", here)})
    assert is_found == bool(found.findings)


def test_slices_of_the_same_images_are_one() -> None:
    """An upload that is a day is looked at once, and the finding names both."""
    here = np.arange(400) < 40
    columns = {"day": column("day", here), "upload": column("upload", here)}
    found = worst_slices.worst(np.ones((400, 1), bool), here, np.arange(400), columns)
    assert 2 == found.looked_at
    assert [(Condition("day", "1"), (Condition("upload", "1"),))] == [
        (each.condition, each.same) for each in found.findings
    ]


def test_labels_without_meaning_find_nothing() -> None:
    """With labels shuffled over images, at most 1 run in 20 finds anything: 3 of 60 at the most seen by this seed."""
    random = np.random.default_rng(0)
    lists = 0
    for _ in range(60):
        tag = random.integers(4, size=300)
        truth = np.eye(4, dtype=bool)[tag]
        is_wrong = random.random(300) < np.array([0.05, 0.1, 0.3, 0.6])[tag]
        columns = {f"k{number}": column(f"k{number}", random.integers(6, size=300)) for number in range(8)}
        lists += bool(worst_slices.worst(truth, is_wrong, random.integers(250, size=300), columns).findings)
    assert lists <= 3


def test_rare_sets_of_tags_count_as_their_hardest_tag() -> None:
    """In Multilabel, sets that 20 images have are strata of their own; of rarer ones the hardest tag decides."""
    truth = np.zeros((50, 3), bool)
    truth[:20, 0], truth[20:45, 1], truth[45:, 1] = True, True, True
    truth[45:, 2] = True
    is_wrong = truth[:, 2]
    found = strata(truth, is_wrong)
    assert 3 == len(set(found.tolist()))
    assert found[0] != found[20] != found[45]


def test_no_image_and_no_key() -> None:
    """Nothing to look at gives an empty list."""
    assert worst_slices.WorstSlices((), 0, 0) == worst_slices.worst(
        np.zeros((0, 2), bool), np.zeros(0, bool), np.arange(0), {}
    )
    whole = column("day", np.zeros(50, int))
    assert worst_slices.WorstSlices((), 0, 1) == worst_slices.worst(
        np.ones((50, 1), bool), np.ones(50, bool), np.arange(50), {"day": whole}
    )


@pytest.mark.parametrize("tags", [1, 7, 70, 140])
def test_strata_from_the_definition(tags: int) -> None:
    """Images are together that have the same common set of tags, or whose rare sets have the same hardest tag."""
    random = np.random.default_rng(tags)
    truth = random.random((3000, tags)) < 1.5 / (2 * tags)
    is_wrong, rows = random.random(3000) < 0.3, random.permutation(3000)[:2500]
    carried, wrong = truth[rows], is_wrong[rows]
    sets = [tuple(np.flatnonzero(each)) for each in carried]
    kinds = {each for each in sets if sets.count(each) >= 20}
    assert len(kinds) < 200
    shares = [wrong[has].mean() if has.any() else 0.0 for has in carried.T]
    names = [each if each in kinds else max(each, key=lambda tag: (shares[tag], -tag), default=-1) for each in sets]
    found = strata(truth, wrong, rows)
    pairs = set(zip(names, found.tolist(), strict=True))
    assert len(pairs) == len(set(names)) == len(set(found.tolist()))
