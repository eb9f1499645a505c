"""Makes a map, and places later images on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Float32s, Float64s
from cvcore.image_maps import features, layout, neighbours
from cvcore.image_maps.features import Projection
from cvcore.image_maps.trustworthiness import trustworthiness
from cvcore.networks import arrays

NEIGHBOURS = 15

_PLACED_BY = 5
_BLOCK = 256


@dataclass(frozen=True, eq=False)
class ImageMap:
    """Where an iteration's images lie, and what later ones are placed by.

    positions: float32 (images, 2), -1..1 along the longer axis, centred. features: float16 (images, parts + head
    parts), see `features`. The next four are the fields of `Projection`. trust: float64 (), how true the map is to the
    embeddings, see `trustworthiness`. fingerprint: str (), of the network that computed the embeddings.
    """

    positions: Float32s
    features: Float32s
    centre: Float32s
    axes: Float32s
    head_centre: Float32s
    head_axes: Float32s
    trust: Float64s
    fingerprint: NDArray[np.str_]

    @property
    def projection(self) -> Projection:
        """How features of later images are computed."""
        return Projection(self.centre, self.axes, self.head_centre, self.head_axes)


@arrays.one_thread()
def make(
    embeddings: Float32s,
    probabilities: Float32s,
    fingerprint: str = "",
    *,
    on_progress: Callable[[float], None] = lambda fraction: None,
) -> ImageMap:
    """The map of images from their embeddings (images, dimension), by one network, and probabilities (images, tags).

    Each image's probabilities come from a classifier that was not trained on it. The same images give the same map.
    """
    projection = features.fit(embeddings, probabilities)
    parts = features.of_embeddings(projection, embeddings), features.of_probabilities(projection, probabilities)
    compared = np.concatenate(parts, axis=1)
    near, _ = neighbours.nearest(
        compared, min(NEIGHBOURS, len(compared) // 3), lambda fraction: on_progress(0.2 * fraction)
    )
    positions = layout.placed(_start(compared), near, lambda fraction: on_progress(0.2 + 0.75 * fraction))
    positions = _framed(positions)
    trust = trustworthiness(features.units(embeddings), positions)
    return ImageMap(
        positions.astype(np.float32),
        compared.astype(np.float16),
        **vars(projection),
        trust=np.asarray(trust),
        fingerprint=np.asarray(fingerprint),
    )


@arrays.one_thread()
def placed(image_map: ImageMap, embeddings: Float32s, probabilities: Float32s | None) -> Float32s:
    """Where later images lie, float32 (images, 2): in the middle of the five images that they are most like.

    The images that are there do not move. Without probabilities only the embeddings are compared.
    """
    compared = features.of_embeddings(image_map.projection, embeddings)
    if probabilities is not None:
        compared = np.concatenate([compared, features.of_probabilities(image_map.projection, probabilities)], axis=1)
    known = image_map.features[:, : compared.shape[1]].astype(np.float32)
    if not len(known):
        return np.zeros((len(embeddings), 2), np.float32)
    count = min(_PLACED_BY, len(known))
    lengths = np.square(known).sum(axis=1)
    found = np.zeros((len(compared), 2), np.float32)
    for start in range(0, len(compared), _BLOCK):
        distances = lengths - 2 * (compared[start : start + _BLOCK] @ known.T)
        near = np.argpartition(distances, count - 1, axis=1)[:, :count]
        found[start : start + _BLOCK] = np.median(image_map.positions[near], axis=1)
    return found


def _start(compared: Float32s) -> Float64s:
    """The first two principal components; zeros where there are fewer."""
    centred = (compared - compared.mean(axis=0) if len(compared) else compared).astype(np.float64)
    start = np.zeros((len(compared), 2))
    found = centred @ features.components(centred, 2)
    start[:, : found.shape[1]] = found
    return start


def _framed(positions: Float64s) -> Float64s:
    """Turned so that it is widest from left to right, centred, and at most 1 from the centre along each axis."""
    if len(positions) < 2:
        return np.zeros_like(positions)
    turned = (positions - positions.mean(axis=0)) @ features.components(positions - positions.mean(axis=0), 2)
    middle = (turned.max(axis=0) + turned.min(axis=0)) / 2
    framed: Float64s = (turned - middle) / max(float(np.abs(turned - middle).max()), 1e-12)
    return framed
