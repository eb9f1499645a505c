"""Places rows in the plane so that near neighbours stay together: t-SNE, with forces by fast Fourier transforms.

t-SNE: van der Maaten and Hinton 2008, https://jmlr.org/papers/v9/vandermaaten08a.html. Repulsion on a grid: Linderman
and others 2019, https://arxiv.org/abs/1712.09005. Start from the first two principal components, and the learning rate:
Kobak and Berens 2019, https://arxiv.org/abs/1811.08180. Every neighbour has the same weight, which changes little:
Böhm and others 2022, https://arxiv.org/abs/2007.08902.

Nothing is drawn at random: the same rows give the same places.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Float64s, Integers

EARLY, TURNS, TURNS_OF_MANY = 200, 500, 300
MANY = 20_000
ROWS_LEAST = 16  # fewer stay where they start
EXAGGERATION = 12.0

_SPACING = 0.5
_NODES_LEAST, _NODES_MOST = 48, 700
_MOMENTUM = (0.5, 0.8)
_GAIN_MOST = 10.0
_STEP_MOST = 5.0  # no row moves further in one turn

Complexes = NDArray[np.complex128]


def placed(
    start: Float64s, neighbours: Integers, on_progress: Callable[[float], None] = lambda fraction: None
) -> Float64s:
    """Places of rows in the plane, float64 (rows, 2), from where they start and each one's neighbours (rows, k)."""
    rows = len(start)
    if rows < ROWS_LEAST:
        return start
    places: Float64s = 1e-2 * (start - start.mean(axis=0)) / max(float(start.std()), 1e-12)
    targets, weights = np.ascontiguousarray(neighbours), 1 / (2 * neighbours.size)
    turns = EARLY + (TURNS if rows < MANY else TURNS_OF_MANY)
    rate = rows / EXAGGERATION
    velocity, gains = np.zeros_like(places), np.ones_like(places)
    for turn in range(turns):
        is_early = turn < EARLY
        pull = EXAGGERATION if is_early else _late(rows)
        gradient = 4 * (pull * weights * attraction(places, targets) - repulsion(places))
        is_same_way = np.sign(gradient) == np.sign(velocity)
        gains = np.maximum(np.where(is_same_way, gains * 0.8, gains + 0.2), 0.01).clip(max=_GAIN_MOST)
        velocity = _MOMENTUM[not is_early] * velocity - rate * gains * gradient
        np.clip(velocity, -_STEP_MOST, _STEP_MOST, out=velocity)
        places = places + velocity
        places -= places.mean(axis=0)
        if turn % 5 == 0:
            on_progress(turn / turns)
    return places


def _late(rows: int) -> float:
    """How much stronger neighbours pull at the end: among many, gaps between groups would close otherwise."""
    return float(np.clip(np.log10(max(rows, 1) / 1000), 0, 2) * 1.5 + 1)


def attraction(places: Float64s, neighbours: Integers) -> Float64s:
    """The sum over each row's neighbours, and the rows whose neighbour it is, of (place - other) / (1 + distance²)."""
    x, y = (_pulled(places, neighbours, axis) for axis in (0, 1))
    scale = 1 / (1 + np.square(x) + np.square(y))
    flat = neighbours.ravel()
    sums = []
    for differences in (x, y):
        differences *= scale
        back = np.bincount(flat, weights=differences.ravel(), minlength=len(places))
        sums.append(differences.sum(axis=1) - back)
    return np.stack(sums, axis=1)


def _pulled(places: Float64s, neighbours: Integers, axis: int) -> Float64s:
    column = np.ascontiguousarray(places[:, axis])
    differences: Float64s = column[:, None] - column[neighbours]
    return differences


def repulsion(places: Float64s) -> Float64s:
    """The sum over all other rows of (place - other) / (1 + distance²)², divided by the sum of all 1 / (1 + distance²).

    Rows are spread over the nodes of a grid, so that a sum over all pairs is a convolution.
    """
    low = places.min(axis=0)
    span = max(float((places.max(axis=0) - low).max()), 1e-9)
    spacing = min(_SPACING, span / _NODES_LEAST)
    most = float(np.clip(10 * len(places) ** 0.5, _NODES_LEAST, _NODES_MOST))
    spacing = max(spacing, span / most)
    nodes = int(np.ceil(span / spacing)) + 4
    size = _fast(2 * nodes)
    at, shares = _shares((places - low) / spacing + 1)
    masses = np.zeros(nodes * nodes)
    cells = [(at[:, 0] + i) * nodes + at[:, 1] + j for i in range(3) for j in range(3)]
    parts = [shares[0][i] * shares[1][j] for i in range(3) for j in range(3)]
    for cell, part in zip(cells, parts, strict=True):
        masses += np.bincount(cell, weights=part, minlength=nodes * nodes)
    spectrum = np.fft.rfft2(masses.reshape(nodes, nodes), (size, size))
    kernels = _kernels(size, spacing)
    fields = [np.fft.irfft2(spectrum * kernel, (size, size))[:nodes, :nodes].ravel() for kernel in kernels]
    sums = [sum(field[cell] * part for cell, part in zip(cells, parts, strict=True)) for field in fields]
    total = float(np.sum(sums[0])) - len(places)
    return np.stack(sums[1:], axis=1) / max(total, 1e-12)


def _shares(scaled: Float64s) -> tuple[Integers, list[list[Float64s]]]:
    """The first of the three nodes around each row, and how much of the row each has, for both axes: quadratic."""
    nearest = np.rint(scaled)
    off = scaled - nearest
    both = [
        [off[:, axis] * (off[:, axis] - 1) / 2, 1 - off[:, axis] ** 2, off[:, axis] * (off[:, axis] + 1) / 2]
        for axis in (0, 1)
    ]
    return nearest.astype(np.int64) - 1, both


@functools.lru_cache(maxsize=4)
def _kernels(size: int, spacing: float) -> tuple[Complexes, Complexes, Complexes]:
    """The transforms of 1 / (1 + d²), and of x and y / (1 + d²)², on a grid that wraps around."""
    steps = np.fft.fftfreq(size, 1 / size) * spacing
    x, y = steps[:, None], steps[None]
    near = 1 / (1 + x**2 + y**2)
    return np.fft.rfft2(near), np.fft.rfft2(x * near**2), np.fft.rfft2(y * near**2)


def _fast(least: int) -> int:
    """The first size from `least` on with only the factors 2, 3 and 5, for which transforms are fast; not too many."""
    size = 96
    while size < least:
        size = next(each for each in range(size + 16, 4 * size, 16) if _is_smooth(each))
    return size


def _is_smooth(number: int) -> bool:
    for factor in (2, 3, 5):
        while number % factor == 0:
            number //= factor
    return number == 1
