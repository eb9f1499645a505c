"""Check a file's format, size and shape before any pixel is decoded.

A file is recognised by its bytes, never by its name. Its width and height are read from the header, so that a
decompression bomb is refused before a pixel is unpacked. Pillow's own limits stay on, no setting of Pillow's is
changed, and all functions are safe in any thread. HEIC is read by pi-heif, which plugs into Pillow.

TIFF is refused, as in Custom Vision: its 12-bit, floating-point and multi-page variants cannot all be shown correctly.
"""

from __future__ import annotations

import functools
import io
import math
import re
import warnings
from collections.abc import Mapping

from PIL import Image, ImageFile

from cvcore.errors import ImageRefused
from cvcore.imaging import repairs
from cvcore.languages import decimal, marked, number, t
from cvcore.settings import MEBIBYTE, Limits

HEIF = "HEIF"
_PILLOW_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "AVIF")

# How files begin (https://en.wikipedia.org/wiki/List_of_file_signatures); the first that matches names the format.
_READABLE_FORMATS = {
    "JPEG": rb"\xff\xd8\xff",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "GIF": rb"GIF8[79]a",
    "BMP": rb"BM.{4}\x00{4}",
    "WebP": rb"RIFF.{4}WEBP",
    "AVIF": rb".{4}ftyp(.{4}){0,8}?avi[fs]",
    "HEIC": rb".{4}ftyp(.{4}){0,8}?(hei[cmsx]|hev[cmsx]|mif1)",
}
_OTHER_FORMATS = {
    marked("video"): rb".{4}ftyp",
    "TIFF": rb"II\*\x00|MM\x00\*",
    "Photoshop": rb"8BPS",
    "ICO": rb"\x00\x00\x01\x00",
    "PDF": rb"%PDF",
    "zip": rb"PK\x03\x04",
    "SVG": rb"(\xef\xbb\xbf)?\s*(<.{0,1000})?<svg\b",
}

# Pillow unpacks up to 1 MiB for each of these chunks of a PNG: 6 MB of them keep a CPU core busy for 4 s.
_PACKED_CHUNKS = (b"iCCP", b"iTXt", b"zTXt")
_PACKED_CHUNKS_MAX = 64

# The filter that `_silence_pillow` sets, as `warnings.filters` stores it.
_PILLOW_IS_SILENT = ("ignore", None, Warning, re.compile(r"PIL\."), 0)

_SAVE_AGAIN = marked("open it in an image editor and save it again")


def check(data: bytes, limits: Limits) -> None:
    """Check only a file's size and header: after this check `imaging.pixels` is safe.

    Raises:
        ImageRefused: with the reason `bytes` (empty or too large), `format` (an unsupported format), `pixels` (too few
            or too many), `aspect` (too long and thin) or `damaged` (a corrupt header).
    """
    with open_checked(data, limits):
        pass


def open_checked(data: bytes, limits: Limits) -> ImageFile.ImageFile:
    """Open an image file after checking its size and header; no pixel is decoded. Raises the errors of `check`."""
    check_size(len(data), limits)
    image = open_header(data, limits.pixels)
    try:
        check_shape(*image.size, limits)
    except ImageRefused:
        image.close()
        raise
    return image


def open_header(data: bytes, pixels_max: int = Limits.pixels) -> ImageFile.ImageFile:
    """Open an image file and read its header; no pixel is decoded. `pixels_max` is used only in a message.

    Raises:
        ImageRefused: `format`, `pixels` or `damaged`.
    """
    _silence_pillow()
    pillow_formats = (*_PILLOW_FORMATS, HEIF) if is_heic(data) and _register_heif() else _PILLOW_FORMATS
    if data.startswith(b"\x89PNG") and sum(map(data.count, _PACKED_CHUNKS)) > _PACKED_CHUNKS_MAX:
        rule = t(
            "a PNG may hold at most {number} colour profiles and packed texts, this one holds more: {cure}",
            number=_PACKED_CHUNKS_MAX,
            cure=t(_SAVE_AGAIN),
        )
        raise ImageRefused("damaged", rule)
    try:
        return Image.open(io.BytesIO(repairs.readable(data)), formats=pillow_formats)
    except Image.DecompressionBombError:
        pillow_max = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        rule = t(
            "an image must have at most {allowed} million pixels, this one has more than {number} million: save it "
            "smaller",
            allowed=f"{pixels_max / 1e6:g}",
            number=pillow_max // 10**6,
        )
        raise ImageRefused("pixels", rule) from None
    except Exception as error:  # Pillow raises many kinds of errors for crafted bytes
        raise _not_opened(data) from error


def media_type(data: bytes) -> str:
    """The HTTP media type of a stored image, by its first bytes.

    >>> media_type(b"GIF89a"), media_type(b"?")
    ('image/gif', 'application/octet-stream')
    """
    name = _format_name(data, _READABLE_FORMATS)
    return f"image/{name.casefold()}" if name else "application/octet-stream"


def type_name(data: bytes) -> str:
    """The name of the format by a file's first bytes, as people write it: "JPEG", "WebP"; empty if it is none we read.

    >>> type_name(b"GIF89a"), type_name(b"?")
    ('GIF', '')
    """
    return _format_name(data, _READABLE_FORMATS) or ""


def is_heic(data: bytes) -> bool:
    """Whether the file begins like a HEIC file, which no browser but Safari shows."""
    return _format_name(data, _READABLE_FORMATS) == "HEIC"


def damaged(format_name: str) -> ImageRefused:
    """The error for an image of that format that cannot be decoded."""
    rule = t(
        "an image must be readable to its end, this {format} is damaged or of a rare kind: {cure}",
        format=format_name,
        cure=t(_SAVE_AGAIN),
    )
    return ImageRefused("damaged", rule)


def check_size(size_bytes: int, limits: Limits) -> None:
    """Check a file's size; raises ImageRefused with the reason `bytes`."""
    if size_bytes == 0:
        raise ImageRefused("bytes", t("an image must have at least 1 byte, this file is empty: choose another"))
    if size_bytes > limits.image_bytes:
        rule = t(
            "an image must be at most {allowed} MB, this one is {size} MB: save it smaller",
            allowed=f"{limits.image_bytes / MEBIBYTE:g}",
            size=_tenths_up(size_bytes / MEBIBYTE),
        )
        raise ImageRefused("bytes", rule)


def check_shape(width: int, height: int, limits: Limits) -> None:
    """Check an image's width and height; raises ImageRefused with the reason `pixels` or `aspect`."""
    shorter, longer = sorted((width, height))
    size = {"width": number(width), "height": number(height)}
    if shorter < limits.side_min_px:
        rule = t(
            "an image must be at least {pixels} pixels wide and high, this one is {width} × {height}: choose a larger "
            "one",
            pixels=limits.side_min_px,
            **size,
        )
        raise ImageRefused("pixels", rule)
    if longer > limits.side_max_px:
        rule = t(
            "an image must be at most {pixels} pixels wide and high, this one is {width} × {height}: save it smaller",
            pixels=number(limits.side_max_px),
            **size,
        )
        raise ImageRefused("pixels", rule)
    if width * height > limits.pixels:
        rule = t(
            "an image must have at most {allowed} million pixels, this one is {width} × {height}, {number} million: "
            "save it smaller",
            allowed=f"{limits.pixels / 1e6:g}",
            number=_tenths_up(width * height / 1e6),
            **size,
        )
        raise ImageRefused("pixels", rule)
    if longer > limits.aspect * shorter:
        rule = t(
            "an image's longer side must be at most {allowed} times its shorter, this one is {width} × {height}, "
            "{number} times: crop it",
            allowed=f"{limits.aspect:g}",
            number=_tenths_up(longer / shorter),
            **size,
        )
        raise ImageRefused("aspect", rule)


@functools.cache
def _register_heif() -> bool:
    """Let Pillow read HEIC; False where the library for it is not installed. It takes part only in files named HEIC."""
    try:
        import pi_heif
    except ImportError:  # there is no wheel of it for some platforms
        return False
    # Pillow calls the format HEIF. Thumbnails, depth maps and masks in a file are left out.
    pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
    return True


def _silence_pillow() -> None:
    """Ignore Pillow's warnings about odd metadata and many pixels: this module checks what matters.

    `warnings.catch_warnings` is unsafe in threads, so the filter stays; each call checks that it is the first, because
    other code, such as pytest, restores earlier filters, and puts its own before them.
    """
    if warnings.filters[:1] != [_PILLOW_IS_SILENT]:
        warnings.filterwarnings("ignore", module=r"PIL\.")


def _not_opened(data: bytes) -> ImageRefused:
    name = _format_name(data, _READABLE_FORMATS)
    if name and (name != "HEIC" or _register_heif()):
        return damaged(name)
    *several, last = _READABLE_FORMATS
    formats = t("{formats} or {last}", formats=", ".join(several), last=last)
    other = name or t(_format_name(data, _OTHER_FORMATS) or marked("none of them"))
    rule = t("an image must be {formats}, this one is {other}: save it as JPEG or PNG", formats=formats, other=other)
    return ImageRefused("format", rule)


def _format_name(data: bytes, formats: Mapping[str, bytes]) -> str | None:
    return next((name for name, beginning in formats.items() if re.match(beginning, data, re.DOTALL)), None)


def megabytes(size_bytes: int) -> str:
    """A size in MB, as 2 ** 20 bytes, rounded up to a tenth.

    >>> megabytes(6 * 2**20), megabytes(100)
    ('6', '0.1')
    """
    return _tenths_up(size_bytes / MEBIBYTE)


def _tenths_up(value: float) -> str:
    tenths = math.ceil(value * 10) / 10
    return number(int(tenths)) if tenths.is_integer() else decimal(tenths)
