"""Checks that a file is an image; decodes, rotates and resizes it; draws sample images.

Uses Pillow and numpy, and no home folder. Imports the modules beside the packages only.
"""

from cvcore.imaging.arrivals import Arrival, arrived, fitted
from cvcore.imaging.decoding import (
    THUMBNAIL_PX,
    ImageInfo,
    is_read_anew,
    pixels,
    read,
    rendition,
    upright,
    without_location,
)
from cvcore.imaging.exif import FileOrigin, origin
from cvcore.imaging.formats import check, media_type

__all__ = [
    "THUMBNAIL_PX",
    "Arrival",
    "FileOrigin",
    "ImageInfo",
    "arrived",
    "check",
    "fitted",
    "is_read_anew",
    "media_type",
    "origin",
    "pixels",
    "read",
    "rendition",
    "upright",
    "without_location",
]
