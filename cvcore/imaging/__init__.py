"""Which bytes are images, and the one way each is decoded, turned upright and resized; images drawn for samples.

Pillow and numpy; knows no home folder. Imports the modules beside the packages only.
"""

from cvcore.imaging.decoding import THUMBNAIL_PX, ImageInfo, pixels, read, rendition, upright, without_location
from cvcore.imaging.formats import check, media_type

__all__ = [
    "THUMBNAIL_PX",
    "ImageInfo",
    "check",
    "media_type",
    "pixels",
    "read",
    "rendition",
    "upright",
    "without_location",
]
