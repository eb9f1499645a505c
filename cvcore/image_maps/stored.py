"""The file of a map in the iteration's folder."""

from __future__ import annotations

import numpy as np

from cvcore import analyses
from cvcore.analyses import KeptFile, Size, arrays_file
from cvcore.image_maps.image_map import ImageMap
from cvcore.records import Iteration
from cvcore.store import Store


def load(store: Store, iteration: Iteration) -> ImageMap | None:
    """The iteration's map; None if there is none, or if its file is damaged.

    Raises:
        NotTrained: the iteration is not trained.
    """
    return analyses.load(store, iteration, FILE)


def _is_whole(image_map: ImageMap, size: Size) -> bool:
    arrays = (image_map.features, image_map.centre, image_map.axes, image_map.head_centre, image_map.head_axes)
    columns = image_map.axes.shape[1] + image_map.head_axes.shape[1]
    return bool(
        (np.abs(image_map.positions) <= 1 + 1e-3).all()
        and not any(np.isnan(each).any() for each in arrays)
        and image_map.features.shape[1] == columns
        and (np.isnan(image_map.trust) or -1 <= image_map.trust <= 1)
    )


# Increase the number when the layout changes: older maps are ignored and made again.
FILE: KeptFile[ImageMap] = arrays_file(
    "map-1.npz",
    ImageMap,
    {
        "positions": ("f", ("images", 2)),
        "features": ("f", ("images", "parts")),
        "centre": ("f", ("dimension",)),
        "axes": ("f", ("dimension", "embedding parts")),
        "head_centre": ("f", ("tags",)),
        "head_axes": ("f", ("tags", "head parts")),
        "trust": ("f", ()),
        "fingerprint": ("U", ()),
    },
    _is_whole,
)
