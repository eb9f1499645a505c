"""One sentence says whether more images of a tag would help, and what to do if not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cvcore import learning_curves
from cvcore.learning_curves import Curve, Points


def made(precision: tuple[float, float], recall: tuple[float, float]) -> Curve:
    """A curve of one tag with 20 images: precision and recall today and at 40 images, two points around each."""
    today, then = (np.array([precision[at], recall[at], 0.5, 0.5]) for at in (0, 1))
    values = [np.repeat(each[:, None, None], 2, axis=2) for each in (today, then)]
    points = [
        Points(np.array([share]), np.full((1, 2), 20.0 * share), each, each - 0.02, each + 0.02)
        for share, each in zip((1, 2), values, strict=True)
    ]
    return Curve(*points)


@pytest.mark.parametrize(
    ("precision", "recall", "expected"),
    [
        (
            (0.9, 0.91),
            (0.85, 0.89),
            "20 more images of rose: recall 85.0 % to about 89 % (87 % to 91 %), if the other tags grow alike.",
        ),
        (
            (0.8, 0.86),
            (0.85, 0.86),
            "20 more images of rose: precision 80.0 % to about 86 % (84 % to 88 %), if the other tags grow alike.",
        ),
        ((0.99, 0.99), (0.97, 0.98), "More images of rose will hardly change anything: its recall is 97.0 % already."),
        (
            (0.7, 0.7),
            (0.6, 0.61),
            "20 more images of rose will hardly help, recall stays about 60.0 %: look at its tags, its mistakes and "
            "the threshold.",
        ),
        (
            (math.nan, math.nan),
            (math.nan, math.nan),
            "Too few images of rose to tell whether more would help: add some.",
        ),
    ],
)
def test_sentences(precision: tuple[float, float], recall: tuple[float, float], expected: str) -> None:
    """Gains from two points on are told with their band, smaller ones as what they are."""
    assert expected == learning_curves.sentence(made(precision, recall), 0, "rose")


def test_the_sentence_for_all_tags() -> None:
    """Overall it speaks of every tag."""
    found = learning_curves.sentence(made((0.9, 0.9), (0.8, 0.84)), -1, "all tags")
    assert "20 more images of each tag: recall 80.0 % to about 84 % (82 % to 86 %)." == found


def test_the_gain_is_of_f1() -> None:
    """Tags are ranked by how much their F1 is expected to gain."""
    assert 0.0 == learning_curves.gain(made((0.9, 0.9), (0.8, 0.84)), 0)
