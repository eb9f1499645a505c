"""Decodes an image as a person sees it: in sRGB, upright, on white. Every exported predict.py holds a copy of this."""

from __future__ import annotations

from PIL import ExifTags, Image, ImageFile

from cvcore.imaging.colour_profiles import srgb
from cvcore.imaging.repairs import load

# The transposition that turns an image with that EXIF orientation upright; 5 to 8 swap width and height.
TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright_image(image: ImageFile.ImageFile, data: bytes, at_least_px: int | None = None) -> Image.Image:
    """The pixels of an opened file, without metadata; `at_least_px`: see `load`, which raises the errors."""
    rgb = srgb(load(image, data, at_least_px), data)
    rgb.info.clear()
    transposition = TRANSPOSITIONS.get(orientation(image))
    return rgb if transposition is None else rgb.transpose(transposition)


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1..8; 1 (not rotated) if the metadata cannot be read.

    As in browsers, an orientation in other metadata, such as XMP, is ignored.
    """
    try:
        exif = Image.Exif()
        exif.load(image.info["exif"])
        found = exif.get(ExifTags.Base.Orientation)
        return int(found) if found in TRANSPOSITIONS else 1
    except Exception:  # there is no EXIF block, or it is broken, which is no reason to refuse an image
        return 1
