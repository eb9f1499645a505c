"""The sample project's paintings: always the same, all storable, and not too easy to tell apart."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cvcore import imaging
from cvcore.imaging import ImageInfo, paintings
from cvcore.imaging.paintings import Sample
from cvcore.settings import Limits


@pytest.fixture(scope="module")
def painted() -> list[Sample]:
    """The paintings of the sample project."""
    return list(paintings.paintings())


@pytest.fixture(scope="module")
def infos(painted: list[Sample]) -> list[ImageInfo]:
    """The same as an upload reads them."""
    return [imaging.read(sample.data, Limits()) for sample in painted]


def described(sample: Sample) -> np.ndarray:
    """A plain description of a painting: its colours, and the directions of its edges in 4 x 4 cells."""
    square = imaging.pixels(sample.data, 128).astype(float)
    colours = np.histogramdd(square.reshape(-1, 3), bins=4, range=[(0, 256)] * 3)[0].ravel()
    down, across = np.gradient(square.mean(axis=2))
    strength, direction = np.hypot(down, across), np.arctan2(down, across) % np.pi
    cells = [np.s_[row : row + 32, column : column + 32] for row in range(0, 128, 32) for column in range(0, 128, 32)]
    edges = [np.histogram(direction[cell], 9, (0, np.pi), weights=strength[cell])[0] for cell in cells]
    return np.concatenate([np.sqrt(colours), *(edge / (np.linalg.norm(edge) + 20) for edge in edges)])


def test_forty_of_each_school(painted: list[Sample]) -> None:
    """Three tags of forty paintings each, every one under its own name."""
    assert dict.fromkeys(paintings.TAGS, 40) == Counter(sample.tag for sample in painted)
    assert len({sample.name for sample in painted}) == len(painted)


def test_same_seed_same_bytes(painted: list[Sample]) -> None:
    """The same seed draws the same files to the byte, fewer of them the first ones, and another seed others."""
    few = list(paintings.paintings(per_school=2))

    assert few == [sample for sample in painted if sample.name.endswith(("-01.jpg", "-02.jpg"))]
    assert {sample.data for sample in few}.isdisjoint(
        sample.data for sample in paintings.paintings(seed=1, per_school=2)
    )


def test_each_can_be_stored(infos: list[ImageInfo]) -> None:
    """Each painting is a JPEG that is accepted, 320 to 420 pixels a side."""
    sides = [side for info in infos for side in (info.width, info.height)]

    assert {info.format for info in infos} == {"JPEG"}
    assert min(sides) >= 320
    assert max(sides) <= 420


def test_no_near_duplicates(infos: list[ImageInfo]) -> None:
    """No two paintings look alike, so each counts."""
    levels = np.array([np.frombuffer(info.signature, np.uint8) for info in infos], dtype=float)

    distances = np.abs(levels[:, None] - levels[None]).mean(axis=2)

    assert distances[~np.eye(len(infos), dtype=bool)].min() > 6


def test_two_schools_overlap(painted: list[Sample]) -> None:
    """Plain features tell most paintings right and some wrong: there is something to look at and to learn."""
    described_all = np.array([described(sample) for sample in painted])
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)

    accuracy = cross_val_score(classifier, described_all, [sample.tag for sample in painted], cv=folds).mean()

    assert 0.85 <= accuracy <= 0.97
