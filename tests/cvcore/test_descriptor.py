"""The plain descriptor sees colour, direction and texture, and each picture by itself."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore import descriptor

PARTS = {"colours": slice(0, 108), "edges": slice(108, 252), "patterns": slice(252, 488), "waves": slice(488, 812)}


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (11, 128, 128, 3), dtype=np.uint8)


def stripes(*, upright: bool) -> np.ndarray:
    """Black and white bars, 16 px wide: (1, 128, 128, 3)."""
    bars = np.tile(np.repeat(np.uint8([0, 255]), 16), 4)
    plane = np.broadcast_to(bars if upright else bars[:, None], (128, 128))
    return np.repeat(plane[None, ..., None], 3, axis=-1)


def plain(*rgb: int) -> np.ndarray:
    return np.broadcast_to(np.uint8(rgb), (1, 128, 128, 3))


def distance(one: np.ndarray, other: np.ndarray, part: str) -> float:
    """Between two pictures' embeddings, in one of the parts."""
    difference = descriptor.describe(one) - descriptor.describe(other)
    return float(np.linalg.norm(difference[:, PARTS[part]]))


def test_each_picture_is_described_by_itself(noise: np.ndarray) -> None:
    """Neighbours in a batch, and where it is cut, make no difference beyond rounding."""
    together = descriptor.describe(noise)
    assert (np.float32, (11, descriptor.DIMENSION)) == (together.dtype, together.shape)
    alone = np.concatenate([descriptor.describe(image[None]) for image in noise])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_no_pictures_have_no_embeddings() -> None:
    """An empty batch is fine."""
    assert (0, descriptor.DIMENSION) == descriptor.describe(np.zeros((0, 128, 128, 3), np.uint8)).shape


def test_colours_are_told_apart_by_colour_alone() -> None:
    """Red and green differ in colours and not in edges."""
    assert distance(plain(200, 0, 0), plain(0, 200, 0), "colours") > 1
    assert 0 == distance(plain(200, 0, 0), plain(0, 200, 0), "edges")


def test_directions_are_told_apart_by_edges_alone() -> None:
    """Upright and lying bars differ in edges and not in colours."""
    assert distance(stripes(upright=True), stripes(upright=False), "edges") > 0.3
    assert 0 == distance(stripes(upright=True), stripes(upright=False), "colours")


def test_grain_is_told_from_smoothness(noise: np.ndarray) -> None:
    """Noise and a plain ground differ in patterns and in waves."""
    assert distance(noise[:1], plain(127, 127, 127), "patterns") > 0.5
    assert distance(noise[:1], plain(127, 127, 127), "waves") > 0.5


@pytest.mark.parametrize("value", [0, 255])
def test_extremes_are_finite(value: int) -> None:
    """All black and all white have embeddings like any other picture."""
    assert np.isfinite(descriptor.describe(plain(value, value, value))).all()


def test_its_definition_is_fixed(noise: np.ndarray) -> None:
    """Embeddings kept under this fingerprint must be reproduced: change one number, change the fingerprint."""
    assert "plain-descriptor-1" == descriptor.FINGERPRINT
    told = descriptor.describe(noise[:1])[0, [0, 50, 107, 108, 200, 251, 252, 300, 487, 488, 700, 811]]
    np.testing.assert_allclose(told, EXPECTED, atol=1e-4)


EXPECTED = [0.0141, 0.1735, 0.2381, 0.2344, 0.2390, 0.2400, 0.5540, 0.0645, 1.1126, -0.2513, -0.1593, -0.1594]
