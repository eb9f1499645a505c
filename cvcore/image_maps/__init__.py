"""A map of an iteration's images: places in the plane, where images that look alike to the classifier lie together.

Imports `analyses`, `evaluation`, `networks`, `store`, `files`, `metrics` and the modules beside the packages.
"""

from cvcore.image_maps.image_map import ImageMap, make, placed
from cvcore.image_maps.kept_points import kept_points
from cvcore.image_maps.points import KINDS, OUTCOMES, Points, points, rows_json
from cvcore.image_maps.stored import FILE, MapOutline, load, load_outline
from cvcore.image_maps.trustworthiness import trustworthiness

__all__ = [
    "FILE",
    "KINDS",
    "OUTCOMES",
    "ImageMap",
    "MapOutline",
    "Points",
    "kept_points",
    "load",
    "load_outline",
    "make",
    "placed",
    "points",
    "rows_json",
    "trustworthiness",
]
