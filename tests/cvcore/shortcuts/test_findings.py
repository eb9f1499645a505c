"""Tests of what is found, and of what is said about it."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.array_types import Bools, Integers
from cvcore.shortcuts import Family, Finding, findings, judge_families, sentence
from cvcore.shortcuts.families import of_numbers
from cvcore.shortcuts.findings import sorted_by_tags

NAMES = ["roses", "tulips", "daisies", "lilies"]


def tagged(images_each: int, tags: int) -> tuple[Bools, Integers, Integers]:
    """Truth, folds and groups of so many images of each tag."""
    images = images_each * tags
    return np.eye(tags, dtype=bool)[np.arange(images) % tags], np.arange(images) // tags % 5, np.arange(images)


def found(*families: Family, images_each: int = 40, tags: int = 4, multilabel: bool = False) -> list[Finding]:
    """The findings of families on images with one tag each."""
    truth, folds, groups = tagged(images_each, tags)
    return findings(judge_families(families, truth, folds, groups), multilabel=multilabel)


def light(of_tag: list[float], images_each: int = 40, name: str = "brightness") -> Family:
    """A family of one number whose mean is another for each tag."""
    noise = np.random.default_rng(0).normal(0, 0.1, images_each * len(of_tag))
    return of_numbers(name, (np.tile(of_tag, images_each) + noise)[:, None])


def pairs(listed: list[Finding]) -> list[tuple[int, int | None]]:
    """The tags of findings."""
    return [(each.tag, each.other) for each in listed]


def test_a_tag_in_dim_light_is_one_finding() -> None:
    """A tag that is told from all others is said once, not once for each other tag."""
    listed = found(light([0, 1, 1, 1]))
    assert pairs(listed) == [(0, None)]
    assert listed[0].share > 0.95
    assert (listed[0].images, listed[0].others) == (40, 120)


def test_pairs_are_found_where_no_tag_stands_alone() -> None:
    """Two dark and two light tags are four pairs."""
    assert sorted(pairs(found(light([0, 0, 1, 1])))) == [(0, 2), (0, 3), (1, 2), (1, 3)]


def test_two_tags_are_a_pair() -> None:
    """With two tags, the pair is said and not each tag alone."""
    assert pairs(found(light([0, 1]), tags=2)) == [(0, 1)]


def test_a_multilabel_tag_is_told_from_the_images_without_it() -> None:
    """In Multilabel every tag stands for itself."""
    assert pairs(found(light([0, 1, 1, 1]), multilabel=True)) == [(0, None)]


def test_nothing_is_found_of_a_few_images() -> None:
    """Nine images of each tag say nothing, however different they are; ten do."""
    assert found(light([0, 9], 9), images_each=9, tags=2) == []
    assert pairs(found(light([0, 9], 10), images_each=10, tags=2)) == [(0, 1)]


def test_nothing_is_found_in_noise() -> None:
    """Families that know nothing of the tags give no finding."""
    random = np.random.default_rng(0)
    families = [of_numbers(f"family {number}", random.normal(size=(160, 3))) for number in range(6)]
    assert found(*families) == []


def test_findings_of_the_same_tags_stand_together() -> None:
    """Of the same tags comes first what is hardly ever wanted; before them, tags that are told apart more surely."""

    def made(family: str, tag: int, low: float) -> Finding:
        return Finding(family, tag, None, 0.95, low, 0.99, 50, 50, 0.001)

    background, light, colour = made("background", 0, 0.9), made("brightness", 0, 0.8), made("colour", 1, 0.85)
    assert sorted_by_tags([background, light, colour]) == [light, background, colour]
    assert sorted_by_tags([light, colour]) == [colour, light]


def test_no_family_no_finding() -> None:
    """Where nothing is known of the images, nothing is found."""
    assert findings({}, multilabel=False) == []


@pytest.mark.parametrize(
    ("family", "other", "words"),
    [
        ("brightness", None, "roses can be told from the other images 91 % of the time (86 to 95 %) by brightness "
         "alone: take all tags in the same light."),
        ("colour", 1, "roses and tulips can be told apart 91 % of the time (86 to 95 %) by colour alone: if colour is "
         "what makes the difference, as with ripe and unripe fruit, all is well; if not, take both in the same light."),
        ("file type", 1, "roses and tulips can be told apart 91 % of the time (86 to 95 %) by the type of file alone: "
         "save both as the same type of file."),
        ("camera", 1, "roses and tulips can be told apart 91 % of the time (86 to 95 %) by the camera alone: take both "
         "with the same cameras."),
    ],
)  # fmt: skip
def test_sentences(family: str, other: int | None, words: str) -> None:
    """Each finding says how often, by what, and what to do; colour may be what one wants."""
    assert sentence(Finding(family, 0, other, 0.91, 0.86, 0.95, 60, 60, 0.001), NAMES) == words
