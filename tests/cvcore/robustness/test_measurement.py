"""Changed images are judged one by one, each by the classifier that was not trained on it."""

from __future__ import annotations

from collections.abc import Generator, Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from cvcore.errors import NotFound, TagwiseError
from cvcore.robustness.changes import CONDITIONS, Pixels
from cvcore.robustness.measurement import Classifiers, Embed, Item, changed_levels, pixels_of

# Two classifiers of one number, an image's mean level: bright from 45 % on, and one that says the contrary.
STEEP = 100.0
KERNELS = np.array([[[-STEEP, STEEP]], [[STEEP, -STEEP]]], np.float32)
BIASES = np.array([[45.0, -45.0], [-45.0, 45.0]], np.float32)
DARK, BRIGHT = 0, 1


def brightness(items: Iterable[Item]) -> Generator[tuple[Item, NDArray[np.float32] | TagwiseError], None, None]:
    """In place of a network: the mean level of the changed pixels, 0..1."""
    for item in items:
        yield item, np.float32([pixels_of(item).mean() / 255])


def grey(row: int) -> Pixels:
    """Half of the light of white."""
    return np.full((32, 32, 3), 188, np.uint8)


def answers(levels: NDArray[np.uint8]) -> dict[tuple[str, float], int]:
    """The tag that is answered under each condition."""
    return {
        (change.name, strength): int(each.argmax()) for (change, strength), each in zip(CONDITIONS, levels, strict=True)
    }


def judged(judges: list[int], embed: Embed = brightness) -> list[NDArray[np.uint8]]:
    """The levels of one grey image for each judge."""
    rows = np.arange(len(judges))
    classifiers = Classifiers(KERNELS, BIASES, np.array(judges), multilabel=False)
    return list(changed_levels(rows, grey, embed, classifiers))


def test_by_hand() -> None:
    """A grey of 188 is 137 one stop darker and 99 two stops darker: the answer turns between, and only there."""
    (levels,) = judged([0])
    found = answers(levels)
    assert [BRIGHT, DARK, DARK, DARK, DARK] == [found["darker", stops] for stops in (1, 2, 3, 4, 5)]
    others = {condition: answer for condition, answer in found.items() if condition[0] not in ("darker", "covered")}
    assert {BRIGHT} == set(others.values())


def test_each_image_has_its_own_judge() -> None:
    """The classifier of another fold is not asked."""
    first, second = judged([0, 1])
    turned = ("turned", 10)
    assert (BRIGHT, DARK) == (answers(first)[turned], answers(second)[turned])


def test_an_unreadable_image_ends_it() -> None:
    """What cannot be read is raised, not left out."""

    def failing(items: Iterable[Item]) -> Generator[tuple[Item, NDArray[np.float32] | TagwiseError], None, None]:
        for item in items:
            yield item, NotFound("gone")

    with pytest.raises(NotFound, match="gone"):
        judged([0], failing)


def test_probabilities_of_all_rows() -> None:
    """Every row's come from its judge; rows without one have none."""
    classifiers = Classifiers(KERNELS, BIASES, np.array([0, 1, -1]), multilabel=False)
    found = classifiers.of_all(np.full((3, 1), 0.9, np.float32))
    assert [BRIGHT, DARK] == found[:2].argmax(axis=1).tolist()
    assert np.isnan(found[2]).all()
