"""Makes files that come in fit the limits: photos that are too large are stored smaller, HEIC as JPEG.

Phones take photos of 12 to 100 million pixels, and networks look at 224 of each side. The same file always gives the
same bytes, with the same Pillow, so that a photo that comes twice is recognised as a duplicate.
"""

from __future__ import annotations

import dataclasses
import io
import threading
from dataclasses import dataclass

from PIL import Image, ImageFile

from cvcore.errors import ImageRefused
from cvcore.imaging import decoding, formats
from cvcore.languages import number, t
from cvcore.settings import MEBIBYTE, Limits

SHORTER_PX = 1024
QUALITY = 90

# Tried in this order until the file is small enough; only noise, or a very small limit, needs more than the first.
_SHORTER_SIDES_PX = (SHORTER_PX, 724, 512, 362, 256)

# A large PNG or HEIC takes 400 MB while it is decoded, and a whole class uploads at the same time.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Arrival:
    """The bytes to store, and how they differ from the file that came, or an empty text."""

    data: bytes
    note: str = ""


def fitted(data: bytes, limits: Limits, *, shrinks: bool = True) -> Arrival:
    """The file as it is stored: unchanged if it is not HEIC and within the limits, else an upright JPEG in sRGB.

    Also a JPEG if the limits say so and the camera noted the place.

    An image above the limits gets a shorter side of at most 1,024 pixels or, without `shrinks`, is refused. An
    unchanged file is not checked: it may still be damaged. A changed one has no metadata.

    Raises:
        ImageRefused: as `imaging.read`; with `shrinks` only above `photo_bytes` or `photo_pixels`.
    """
    with _opened(data, limits, shrinks=shrinks) as image:
        return _fitted(image, data, limits, shrinks=shrinks)


def arrived(data: bytes, limits: Limits) -> tuple[Arrival, decoding.ImageInfo]:
    """The file as it is stored, `fitted`, and what `imaging.read` says of that; an unchanged file is opened once.

    Raises:
        ImageRefused: as `fitted` and `imaging.read`.
    """
    with _opened(data, limits, shrinks=True) as image:
        arrival = _fitted(image, data, limits, shrinks=True)
        if arrival.data is data:
            formats.check_shape(*image.size, limits)
            return arrival, decoding.info(image, data)
    return arrival, decoding.read(arrival.data, limits)


def _opened(data: bytes, limits: Limits, *, shrinks: bool) -> ImageFile.ImageFile:
    if shrinks and len(data) > limits.image_bytes:
        _check_bytes(len(data), limits)
    else:
        formats.check_size(len(data), limits)
    return formats.open_header(data, limits.photo_pixels if shrinks else limits.pixels)


def _fitted(image: ImageFile.ImageFile, data: bytes, limits: Limits, *, shrinks: bool) -> Arrival:
    width, height = image.size
    is_large = shrinks and not _is_within(len(data), width, height, limits)
    if not is_large and not formats.is_heic(data):
        return Arrival(decoding.without_location(data) if limits.drops_location else data)
    outer = dataclasses.replace(limits, side_max_px=max(width, height), pixels=limits.photo_pixels)
    formats.check_shape(width, height, outer if shrinks else limits)
    with _one_at_a_time:
        upright = decoding.load_upright(image, data, SHORTER_PX if is_large else None)
    came = (width, height) if (width > height) == (upright.width > upright.height) else (height, width)
    return _converted(data, upright, came, limits, is_large=is_large)


def _converted(data: bytes, upright: Image.Image, size: tuple[int, int], limits: Limits, *, is_large: bool) -> Arrival:
    notes = [t("converted from HEIC")] if formats.is_heic(data) else []
    stored = b"" if is_large else _jpeg(upright)
    if is_large or len(stored) > limits.image_bytes:
        upright, stored = _smaller(upright, limits)
        notes.append(_told(len(data), size, len(stored), upright.size, limits))
    return Arrival(stored, "; ".join(notes))


def _smaller(image: Image.Image, limits: Limits) -> tuple[Image.Image, bytes]:
    for shorter_px in _SHORTER_SIDES_PX:
        shorter, longer = sorted(image.size)
        scale = min(1.0, shorter_px / shorter, limits.side_max_px / longer)
        width, height = (max(limits.side_min_px, round(scale * side)) for side in image.size)
        small = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        stored = _jpeg(small)
        if len(stored) <= limits.image_bytes:
            return small, stored
    raise ImageRefused(
        "bytes",
        t(
            "an image must be at most {megabytes} MB, this one cannot be made small enough: set TAGWISE_MAX_IMAGE_MB "
            "higher",
            megabytes=formats.megabytes(limits.image_bytes),
        ),
    )


def _jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def _is_within(size_bytes: int, width: int, height: int, limits: Limits) -> bool:
    return (
        size_bytes <= limits.image_bytes
        and max(width, height) <= limits.side_max_px
        and width * height <= limits.pixels
    )


def _check_bytes(size_bytes: int, limits: Limits) -> None:
    if size_bytes > limits.photo_bytes:
        raise ImageRefused(
            "bytes",
            t(
                "an image must be at most {allowed} MB, this one is {size} MB: save it smaller, or set "
                "TAGWISE_MAX_PHOTO_MB higher",
                allowed=f"{limits.photo_bytes / MEBIBYTE:g}",
                size=formats.megabytes(size_bytes),
            ),
        )


def _told(came_bytes: int, came: tuple[int, int], stored_bytes: int, stored: tuple[int, int], limits: Limits) -> str:
    """How much smaller the file became, as the rule that it broke counts it."""
    if came_bytes > limits.image_bytes:
        return t(
            "stored smaller: {before} MB to {after} MB (TAGWISE_MAX_IMAGE_MB is {allowed})",
            before=formats.megabytes(came_bytes),
            after=formats.megabytes(stored_bytes),
            allowed=f"{limits.image_bytes / MEBIBYTE:g}",
        )
    before, after = (f"{number(width)} × {number(height)}" for width, height in (came, stored))
    return t("stored smaller: {before} to {after} pixels", before=before, after=after)
