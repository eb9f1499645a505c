"""Each row's nearest rows: exactly among few, among many only in the clusters that are nearest to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from cvcore.array_types import Float32s, Integers

EXACT_MOST = 8000

_BLOCK = 1024
_TURNS, _SAMPLE_EACH = 6, 60
_CLUSTERS_SEARCHED = 10


def nearest(
    features: Float32s, count: int, on_progress: Callable[[float], None] = lambda fraction: None
) -> tuple[Integers, Float32s]:
    """The rows nearest to each row, without itself, and their squared distances: both (rows, at most `count`).

    The nearest stand first. Among more than `EXACT_MOST` rows about one in twenty of the nearest is missed.

    >>> nearest(np.array([[0.0], [1.0], [3.0]], np.float32), 1)[0].tolist()
    [[1], [0], [1]]
    """
    rows = len(features)
    count = min(count, rows - 1)
    found, distances = np.zeros((rows, max(count, 0)), np.int64), np.zeros((rows, max(count, 0)), np.float32)
    if count < 1:
        return found, distances
    done = 0
    for asked, searched in _blocks(rows) if rows <= EXACT_MOST else _clusters(features, count):
        squares = _squares(features[asked], features[searched])
        squares[searched[None] == asked[:, None]] = np.inf
        places = np.argpartition(squares, count - 1, axis=1)[:, :count]
        chosen = np.take_along_axis(squares, places, axis=1)
        order = np.argsort(chosen, axis=1, kind="stable")
        found[asked] = searched[np.take_along_axis(places, order, axis=1)]
        distances[asked] = np.take_along_axis(chosen, order, axis=1)
        done += len(asked)
        on_progress(done / rows)
    return found, distances


def _squares(first: Float32s, second: Float32s) -> Float32s:
    """The squared distances of rows, (first, second)."""
    lengths = np.square(first).sum(axis=1)[:, None] + np.square(second).sum(axis=1)
    squares: Float32s = np.maximum(lengths - 2 * (first @ second.T), 0)
    return squares


def _blocks(rows: int) -> Iterator[tuple[Integers, Integers]]:
    every = np.arange(rows)
    for start in range(0, rows, _BLOCK):
        yield every[start : start + _BLOCK], every


def _clusters(features: Float32s, count: int) -> Iterator[tuple[Integers, Integers]]:
    """The rows of each cluster, and those of the clusters nearest to it."""
    centres, of_cluster = _k_means(features, round(len(features) ** 0.5))
    order = np.argsort(of_cluster, kind="stable")
    members = np.split(order, np.searchsorted(of_cluster[order], np.arange(1, len(centres))))
    near = np.argsort(_squares(centres, centres), axis=1, kind="stable")
    for cluster, asked in enumerate(members):
        if len(asked):
            taken = _CLUSTERS_SEARCHED
            searched = np.concatenate([members[each] for each in near[cluster, :taken]])
            while len(searched) <= count:
                taken *= 2
                searched = np.concatenate([members[each] for each in near[cluster, :taken]])
            for start in range(0, len(asked), _BLOCK):
                yield asked[start : start + _BLOCK], searched


def _k_means(features: Float32s, clusters: int) -> tuple[Float32s, Integers]:
    """The clusters' centres, and each row's cluster, from fixed random numbers."""
    random = np.random.default_rng(0)
    sample = features[random.permutation(len(features))[: _SAMPLE_EACH * clusters]]
    centres = sample[:clusters].copy()
    for _ in range(_TURNS):
        of_cluster = _assigned(sample, centres)
        sizes = np.bincount(of_cluster, minlength=clusters)
        order = np.argsort(of_cluster, kind="stable")
        filled = sizes > 0
        sums = np.add.reduceat(sample[order], np.concatenate([[0], np.cumsum(sizes[filled])[:-1]]), axis=0)
        centres[filled] = sums / sizes[filled, None]
    return centres, _assigned(features, centres)


def _assigned(features: Float32s, centres: Float32s) -> Integers:
    starts = range(0, len(features), _BLOCK)
    return np.concatenate([_squares(features[start : start + _BLOCK], centres).argmin(axis=1) for start in starts])
