"""The file of a map in the iteration's folder, and the part of it that is needed where no image is placed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvcore import analyses
from cvcore.analyses import KeptFile, Size, arrays_file
from cvcore.array_types import Float32s, Float64s
from cvcore.image_maps.image_map import ImageMap
from cvcore.records import Iteration
from cvcore.store import Store


@dataclass(frozen=True, eq=False)
class MapOutline:
    """The fields of `ImageMap` with these names: a tenth of its memory."""

    positions: Float32s
    trust: Float64s
    fingerprint: NDArray[np.str_]


def load(store: Store, iteration: Iteration) -> ImageMap | None:
    """The iteration's map; None if there is none, or if its file is damaged.

    Raises:
        NotTrained: the iteration is not trained.
    """
    return analyses.load(store, iteration, FILE)


def load_outline(store: Store, iteration: Iteration) -> MapOutline | None:
    """As `load`, without what later images are placed by."""
    return analyses.load(store, iteration, _OUTLINE)


def _is_whole(image_map: ImageMap, size: Size) -> bool:
    arrays = (image_map.features, image_map.centre, image_map.axes, image_map.head_centre, image_map.head_axes)
    columns = image_map.axes.shape[1] + image_map.head_axes.shape[1]
    return bool(
        _is_in_frame(image_map, size)
        and not any(np.isnan(each).any() for each in arrays)
        and image_map.features.shape[1] == columns
    )


def _is_in_frame(image_map: ImageMap | MapOutline, size: Size) -> bool:
    is_known = np.isnan(image_map.trust) or -1 <= image_map.trust <= 1
    return bool(is_known and (np.abs(image_map.positions) <= 1 + 1e-3).all())


# Increase the number when the layout changes: older maps are ignored and made again.
_NAME = "map-1.npz"
_OUTLINE_ARRAYS: dict[str, tuple[str, tuple[int | str, ...]]] = {
    "positions": ("f", ("images", 2)),
    "trust": ("f", ()),
    "fingerprint": ("U", ()),
}
_OUTLINE: KeptFile[MapOutline] = arrays_file(_NAME, MapOutline, _OUTLINE_ARRAYS, _is_in_frame)
FILE: KeptFile[ImageMap] = arrays_file(
    _NAME,
    ImageMap,
    _OUTLINE_ARRAYS
    | {
        "features": ("f", ("images", "parts")),
        "centre": ("f", ("dimension",)),
        "axes": ("f", ("dimension", "embedding parts")),
        "head_centre": ("f", ("tags",)),
        "head_axes": ("f", ("tags", "head parts")),
    },
    _is_whole,
)
