"""Fewer numbers whose products are nearly the cosines."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.array_types import Float32s
from cvcore.similar_images import reduction


def clustered(rows: int, dimension: int = 256) -> Float32s:
    """Unit vectors as networks give them: a few directions explain most."""
    random = np.random.default_rng(1)
    directions = random.standard_normal((20, dimension))
    vectors = random.standard_normal((rows, 20)) @ directions + 0.3 * random.standard_normal((rows, dimension))
    return reduction.units(vectors.astype(np.float32))


def test_axes_by_hand() -> None:
    """Vectors in one direction have it as their first axis, and a byte has room for more than the largest."""
    axes = reduction.axes(np.array([[0, 1, 0], [0, -1, 0]], np.float32))
    assert [0, 1, 0] == np.abs(axes.directions[:, 0]).round(4).tolist()
    assert axes.scales[0] == pytest.approx(1.25 / 127)
    assert [102, -102] == (
        reduction.reduced(np.eye(3, dtype=np.float32)[[1, 1]] * [[1], [-1]], axes)[:, 0]
        * np.sign(axes.directions[1, 0])
    ).tolist()


def test_axes_are_those_of_a_full_decomposition() -> None:
    """They keep as much of the products as the first eigenvectors do."""
    vectors = clustered(300)
    axes = reduction.axes(vectors).directions
    exact = np.linalg.eigh(vectors.T @ vectors)[1][:, ::-1][:, : reduction.DIMENSIONS]
    kept, most = (np.square(vectors @ each).sum() for each in (axes, exact))
    assert kept > 0.995 * most
    assert np.eye(reduction.DIMENSIONS) == pytest.approx(axes.T @ axes, abs=1e-4)


def test_products_are_nearly_the_cosines() -> None:
    """What the index computes differs from the cosine by little, also for a vector that was not there."""
    vectors = clustered(300)
    axes = reduction.axes(vectors[:200])
    nearly = reduction.reduced(vectors, axes).astype(np.float32) @ reduction.query(vectors[250], axes)
    assert float(np.square(vectors @ vectors[250] - nearly).mean()) ** 0.5 < 0.03


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_few_vectors(rows: int) -> None:
    """One image, or a few, have axes too."""
    vectors = clustered(rows)
    axes = reduction.axes(vectors)
    assert vectors @ vectors.T == pytest.approx(
        reduction.reduced(vectors, axes).astype(np.float32)
        @ np.stack([reduction.query(each, axes) for each in vectors]).T,
        abs=0.05,
    )


def test_undefined_numbers_are_like_nothing() -> None:
    """An embedding with nan or infinite numbers becomes zeros rather than nan."""
    odd = np.array([[np.nan, 1], [np.inf, 1], [3e38, 3e38]], np.float32)
    assert not np.isnan(reduction.units(odd)).any()
