"""Pictures: which may be stored, and the one way each is turned upright, shown small and given to a network.

A file is judged by its bytes, never by its name. Its size in pixels is read from the header, so that a
decompression bomb is refused before a pixel is unpacked. Pillow's own guards stay as they are, nothing of
Pillow's is set here, and every function may run in any thread.

TIFF is left out, as in Custom Vision: its 12-bit, floating and many-page kinds cannot all be shown right.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile

from cvcore.errors import ImageRefused
from cvcore.settings import MEBIBYTE, Limits

THUMBNAIL_PX = 320
SIGNATURE_PX = 8
WEBP_QUALITY = 78
JPEG_QUALITY = 95

_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "AVIF")

# How files begin (https://en.wikipedia.org/wiki/List_of_file_signatures); the first that fits names the kind.
_READABLE_KINDS = {
    "JPEG": rb"\xff\xd8\xff",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "GIF": rb"GIF8[79]a",
    "BMP": rb"BM.{4}\x00{4}",
    "WebP": rb"RIFF.{4}WEBP",
    "AVIF": rb".{4}ftyp(.{4}){0,8}?avi[fs]",
}
_OTHER_KINDS = {
    "HEIC": rb".{4}ftyp(.{4}){0,8}?(hei[cmsx]|hev[cmsx]|mif1)",
    "video": rb".{4}ftyp",
    "TIFF": rb"II\*\x00|MM\x00\*",
    "Photoshop": rb"8BPS",
    "ICO": rb"\x00\x00\x01\x00",
    "PDF": rb"%PDF",
    "zip": rb"PK\x03\x04",
    "SVG": rb"(\xef\xbb\xbf)?\s*(<.{0,1000})?<svg\b",
}

# What brings a picture stored with that EXIF orientation upright; 5 and up lie on their side.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Pillow unpacks up to 1 MiB for each of these chunks of a PNG: 6 MB full of them keep a core busy for 4 s.
_PACKED_CHUNKS = (b"iCCP", b"iTXt", b"zTXt")
_PACKED_CHUNKS_MAX = 64

# The filter `_quieten_pillow` sets, in the shape in which `warnings` keeps it.
_PILLOW_IS_QUIET = ("ignore", None, Warning, re.compile(r"PIL\."), 0)


@dataclass(frozen=True)
class ImageInfo:
    """What is known of a file that may be stored.

    `format` is Pillow's name for it, `width` and `height` are in pixels once upright, `thumbnail` is a WebP
    file, and `signature` the upright picture squeezed to 8 x 8 RGB, 192 bytes: near-duplicates have near ones.
    """

    format: str
    width: int
    height: int
    thumbnail: bytes
    signature: bytes


def read(data: bytes, limits: Limits) -> ImageInfo:
    """The picture in a file, which is decoded once and to its end.

    Raises:
        ImageRefused: with the reason `bytes` (none or too many), `format` (not one that is read here),
            `pixels` (too few or too many), `aspect` (too long and thin) or `damaged` (cut short or corrupt).
    """
    _check_bytes(len(data), limits)
    with _open(data, limits.pixels) as image:
        width, height = image.size
        _check_shape(width, height, limits)
        small = _upright(image, THUMBNAIL_PX)
        small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
        if _orientation(image) >= 5:
            width, height = height, width
        signature = small.resize((SIGNATURE_PX, SIGNATURE_PX), Image.Resampling.BOX).tobytes()
        return ImageInfo(str(image.format), width, height, _webp(small), signature)


def check(data: bytes, limits: Limits) -> None:
    """Look at a file's size and header only, which is all that `pixels` needs to be safe.

    Raises:
        ImageRefused: as `read`, but `damaged` only where the header is.
    """
    _check_bytes(len(data), limits)
    with _open(data, limits.pixels) as image:
        _check_shape(*image.size, limits)


def upright(data: bytes, *, at_least_px: int | None = None) -> Image.Image:
    """The picture as a person sees it: RGB, turned as its EXIF or XMP says, on white, without metadata.

    Of an animation the first frame; 16-bit grey is scaled to 8 bits. With `at_least_px` a JPEG may come 2, 4
    or 8 times smaller, which is faster, as long as both sides keep that many pixels.

    Raises:
        ImageRefused: `format` or `damaged`.

    >>> file = io.BytesIO()
    >>> Image.new("LA", (40, 20), (0, 0)).save(file, "PNG")
    >>> upright(file.getvalue()).getpixel((0, 0))
    (255, 255, 255)
    """
    with _open(data) as image:
        return _upright(image, at_least_px)


def pixels(data: bytes, side: int) -> NDArray[np.uint8]:
    """What networks are given: the whole upright picture squeezed to a square, (side, side, 3), RGB 0..255.

    Every backbone and every exported predict.py does just this, so that all see the same pixels.

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
    """A WebP file of the upright picture, its longer side at most `longest_px`, with no metadata such as GPS.

    Raises:
        ImageRefused: `format` or `damaged`.
    """
    image = upright(data, at_least_px=longest_px)
    image.thumbnail((longest_px, longest_px))
    return _webp(image)


def without_place(data: bytes) -> bytes:
    """The file as it is or, where it says at which place it was taken, an upright JPEG of it that does not.

    Raises:
        ImageRefused: `format` or `damaged`.
    """
    with _open(data) as image:
        try:
            tells_place = bool(image.getexif().get_ifd(ExifTags.IFD.GPSInfo))
        except Exception:  # nobody can read a place out of a broken block, but others may be less strict
            tells_place = True
    if not tells_place and b"GPSLatitude" not in data:
        return data
    file = io.BytesIO()
    upright(data).save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()


def media_type(data: bytes) -> str:
    """What a stored picture is called in HTTP, by how it begins.

    >>> media_type(b"GIF89a"), media_type(b"?")
    ('image/gif', 'application/octet-stream')
    """
    kind = _kind(data, _READABLE_KINDS)
    return f"image/{kind.casefold()}" if kind else "application/octet-stream"


def _check_bytes(size_bytes: int, limits: Limits) -> None:
    if size_bytes == 0:
        raise ImageRefused("bytes", "an image must have at least 1 byte, this file is empty: choose another")
    if size_bytes > limits.image_bytes:
        allowed, given = f"{limits.image_bytes / MEBIBYTE:g}", _tenths_up(size_bytes / MEBIBYTE)
        raise ImageRefused("bytes", f"an image must be at most {allowed} MB, this one is {given} MB: save it smaller")


def _check_shape(width: int, height: int, limits: Limits) -> None:
    shorter, longer = sorted((width, height))
    given = f"this one is {width:,} × {height:,}"
    if shorter < limits.side_min_px:
        rule = f"an image must be at least {limits.side_min_px} pixels wide and high"
        raise ImageRefused("pixels", f"{rule}, {given}: choose a larger one")
    if longer > limits.side_max_px:
        rule = f"an image must be at most {limits.side_max_px:,} pixels wide and high"
        raise ImageRefused("pixels", f"{rule}, {given}: save it smaller")
    if width * height > limits.pixels:
        raise _too_many_pixels(limits.pixels, f"{given}, {_tenths_up(width * height / 1e6)} million")
    if longer > limits.aspect * shorter:
        rule = f"an image's longer side must be at most {limits.aspect:g} times its shorter"
        raise ImageRefused("aspect", f"{rule}, {given}, {_tenths_up(longer / shorter)} times: crop it")


def _open(data: bytes, pixels_max: int = Limits.pixels) -> ImageFile.ImageFile:
    """The file with its header read and no pixel decoded; `pixels_max` only words Pillow's own refusal."""
    _quieten_pillow()
    if data.startswith(b"\x89PNG") and sum(map(data.count, _PACKED_CHUNKS)) > _PACKED_CHUNKS_MAX:
        rule = f"a PNG may hold at most {_PACKED_CHUNKS_MAX} colour profiles and packed texts"
        raise ImageRefused("damaged", f"{rule}, this one holds more: open it in a picture editor and save it again")
    try:
        return Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError:
        guard = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise _too_many_pixels(pixels_max, f"this one has more than {guard // 10**6} million") from None
    except Exception as error:  # on crafted bytes Pillow raises nearly anything
        raise _not_opened(data) from error


def _upright(image: ImageFile.ImageFile, at_least_px: int | None) -> Image.Image:
    if at_least_px is not None:
        image.draft(None, (at_least_px, at_least_px))
    try:
        image.load()
    except Exception as error:
        raise _damaged(str(image.format)) from error
    shown = _rgb(image)
    shown.info.clear()
    turn = _TURNS.get(_orientation(image))
    return shown if turn is None else shown.transpose(turn)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "I;16":  # `convert` would clip it at 255
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    see_through = image if image.mode == "RGBA" else image.convert("RGBA")
    ground = Image.new("RGB", image.size, "white")
    ground.paste(see_through, mask=see_through)
    return ground


def _orientation(image: Image.Image) -> int:
    """1..8 as in EXIF; 1, as it lies, where the metadata cannot be read."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
        return int(orientation) if orientation in _TURNS else 1
    except Exception:  # a broken EXIF block is no reason to refuse a picture
        return 1


def _webp(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "WEBP", quality=WEBP_QUALITY, method=2)
    return file.getvalue()


def _quieten_pillow() -> None:
    """Let Pillow's warnings of odd metadata and many pixels pass: what matters of them is dealt with here.

    `warnings.catch_warnings` is unsafe in threads, so the filter stays; it is looked for at each call because
    others, pytest among them, put back the filters they found.
    """
    if _PILLOW_IS_QUIET not in warnings.filters:
        warnings.filterwarnings("ignore", module=r"PIL\.")


def _not_opened(data: bytes) -> ImageRefused:
    if kind := _kind(data, _READABLE_KINDS):
        return _damaged(kind)
    readable = " or ".join(", ".join(_READABLE_KINDS).rsplit(", ", 1))
    given = _kind(data, _OTHER_KINDS) or "none of them"
    return ImageRefused("format", f"an image must be {readable}, this one is {given}: save it as JPEG or PNG")


def _kind(data: bytes, kinds: Mapping[str, bytes]) -> str | None:
    return next((kind for kind, beginning in kinds.items() if re.match(beginning, data, re.DOTALL)), None)


def _damaged(kind: str) -> ImageRefused:
    remedy = "open it in a picture editor and save it again"
    return ImageRefused(
        "damaged", f"an image must be readable to its end, this {kind} is damaged or of a rare kind: {remedy}"
    )


def _too_many_pixels(pixels_max: int, given: str) -> ImageRefused:
    rule = f"an image must have at most {pixels_max / 1e6:g} million pixels"
    return ImageRefused("pixels", f"{rule}, {given}: save it smaller")


def _tenths_up(value: float) -> str:
    return f"{math.ceil(value * 10) / 10:g}"
