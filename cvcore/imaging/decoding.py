"""Decode images: upright and in sRGB, as pixels for networks, as thumbnails and as WebP files without metadata.

All images are decoded here, in the same way. All functions are safe in any thread.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field

import numpy as np
from PIL import ExifTags, Image, ImageFile

from cvcore.array_types import Float32s, Levels
from cvcore.imaging import formats, repairs
from cvcore.imaging.colour_profiles import converts
from cvcore.imaging.exif import FileOrigin, origin_of
from cvcore.imaging.measures import measures
from cvcore.imaging.upright_images import orientation, upright_image
from cvcore.settings import Limits

THUMBNAIL_PX = 320
SIGNATURE_PX = 8
WEBP_QUALITY = 78
JPEG_QUALITY = 95

# A small file with nothing but pixels is its own thumbnail. A JPEG of those begins with 20 bytes that name no
# thumbnail, and has no segments but those of pixels: no camera's notes, profile or comment, no code that browsers lack.
PLAIN_BYTES = 8 * 2**10
_PLAIN_JPEG = re.compile(rb"\xff\xd8\xff\xe0\0\x10JFIF\0.{7}\0\0", re.DOTALL)
_OTHER_JPEG_SEGMENT = re.compile(rb"\xff[^\0\xc0\xc2\xc4\xd0-\xd7\xda\xdb\xdd]")
_JFIF_BYTES = 20
_PIXEL_CHUNKS, _PNG_DEPTH_AT = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}, 24


@dataclass(frozen=True)
class ImageInfo:
    """The format, size, thumbnail, signature, measures and origin of a checked image file.

    `format` is Pillow's name for the format; `width` and `height` are those of the upright image, in pixels;
    `thumbnail` is a WebP file, or the file itself if it is as small and plain; `signature` is the upright image resized
    to 8 x 8 RGB, 192 bytes, which are similar for near duplicates; `measures` are those of `imaging.measures`.
    """

    format: str
    width: int
    height: int
    thumbnail: bytes
    signature: bytes
    measures: Float32s = field(compare=False)
    origin: FileOrigin


def read(data: bytes, limits: Limits) -> ImageInfo:
    """Decode an image file once, completely, and return what `ImageInfo` says of it.

    Raises:
        ImageRefused: as `imaging.check`; also `damaged` if the file is cut short or corrupt after its header.
    """
    with formats.open_checked(data, limits) as image:
        return info(image, data)


def info(image: ImageFile.ImageFile, data: bytes) -> ImageInfo:
    """As `read`, of a file that is open and was checked; it is decoded, maybe at a smaller size."""
    width, height = image.size
    origin = origin_of(image, data)
    small = load_upright(image, data, THUMBNAIL_PX)
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    if orientation(image) >= 5:
        width, height = height, width
    signature = small.resize((SIGNATURE_PX, SIGNATURE_PX), Image.Resampling.BOX).tobytes()
    thumbnail = data if _is_its_own_thumbnail(image, data) else _webp(small)
    return ImageInfo(str(image.format), width, height, thumbnail, signature, measures(small), origin)


def upright(data: bytes, *, at_least_px: int | None = None) -> Image.Image:
    """The image as a person sees it: sRGB, rotated as its EXIF says, on white, without metadata.

    For an animation, the first frame; 16-bit grey is scaled to 8 bits. With `at_least_px` a JPEG can be decoded 2, 4
    or 8 times smaller, which is faster, if both sides still have that many pixels.

    Raises:
        ImageRefused: `format` or `damaged`.

    >>> file = io.BytesIO()
    >>> Image.new("LA", (40, 20), (0, 0)).save(file, "PNG")
    >>> upright(file.getvalue()).getpixel((0, 0))
    (255, 255, 255)
    """
    with formats.open_header(data) as image:
        return load_upright(image, data, at_least_px)


def pixels(data: bytes, side: int) -> Levels:
    """The pixels for a network: the entire upright image resized to a square, (side, side, 3), sRGB 0..255.

    All backbones use this, and exported predict.py has the same code, so that all get the same pixels.

    Raises:
        ImageRefused: `format` or `damaged`.

    >>> file = io.BytesIO()
    >>> Image.new("RGB", (40, 20), "red").save(file, "PNG")
    >>> pixels(file.getvalue(), 2).tolist()
    [[[255, 0, 0], [255, 0, 0]], [[255, 0, 0], [255, 0, 0]]]
    """
    image = upright(data, at_least_px=2 * side)
    return np.asarray(image.resize((side, side), Image.Resampling.BILINEAR))


def rendition(data: bytes, longest_px: int) -> bytes:
    """A WebP file of the upright image, its longer side at most `longest_px`, without metadata such as GPS.

    Raises:
        ImageRefused: `format` or `damaged`.
    """
    image = upright(data, at_least_px=longest_px)
    image.thumbnail((longest_px, longest_px))
    return _webp(image)


def without_location(data: bytes) -> bytes:
    """The file unchanged; if its metadata contain a location, an upright JPEG of it without metadata instead.

    Raises:
        ImageRefused: `format` or `damaged`.
    """
    with formats.open_header(data) as image:
        try:
            has_location = bool(image.getexif().get_ifd(ExifTags.IFD.GPSInfo))
        except Exception:  # Pillow cannot read this broken block, but other programs may find a location in it
            has_location = True
    if not has_location and b"GPSLatitude" not in data:
        return data
    file = io.BytesIO()
    upright(data).save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()


def is_read_anew(data: bytes) -> bool:
    """Whether versions that knew no colour profiles read a file to other pixels than this one; no pixel is decoded.

    Raises:
        ImageRefused: as `upright`.
    """
    with formats.open_header(data) as image:
        is_clear_grey = image.format == "PNG" and image.mode in ("L", "I;16") and "transparency" in image.info
        try:
            turned = int(image.getexif().get(ExifTags.Base.Orientation, 1))
        except Exception:  # a broken EXIF block
            turned = 1
        return is_clear_grey or turned != orientation(image) or converts(image, data)


def load_upright(image: ImageFile.ImageFile, data: bytes, at_least_px: int | None) -> Image.Image:
    """As `upright`, for a file that is open."""
    try:
        return upright_image(image, data, at_least_px)
    except Exception as error:
        raise formats.damaged(str(image.format)) from error


def _is_its_own_thumbnail(image: Image.Image, data: bytes) -> bool:
    """Whether a file that can be decoded is small and holds nothing but pixels in sRGB that stand upright.

    What is not known to be harmless counts as not plain: other segments and chunks, other modes, and bytes at the end.
    """
    if len(data) > PLAIN_BYTES or max(image.size) > THUMBNAIL_PX:
        return False
    if image.format == "JPEG":
        has_head_and_end = _PLAIN_JPEG.match(data) and data.endswith(repairs.JPEG_END)
        has_more = _OTHER_JPEG_SEGMENT.search(data, _JFIF_BYTES, len(data) - len(repairs.JPEG_END))
        return bool(has_head_and_end) and not has_more and image.mode in ("L", "RGB")
    if image.format == "PNG" and data[_PNG_DEPTH_AT] <= 8 and image.mode in ("1", "L", "P", "RGB"):
        chunks = list(repairs.png_chunks(data))
        return (
            {kind for kind, _, _ in chunks} <= _PIXEL_CHUNKS and chunks[-1][0] == b"IEND" and chunks[-1][2] == len(data)
        )
    return False


def _webp(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "WEBP", quality=WEBP_QUALITY, method=2)
    return file.getvalue()
