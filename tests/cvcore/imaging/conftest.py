"""Images drawn by Pillow for the tests of `cvcore.imaging`, and small PNG files put together by hand."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cvcore import imaging
from cvcore.errors import ImageRefused
from cvcore.settings import Limits

LIMITS = Limits()


def drawn(width: int = 96, height: int = 64) -> Image.Image:
    """An image unlike any turn or mirror image of itself."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 2, height // 2), fill="red")
    draw.rectangle((width // 2, height // 2, width, height), fill="blue")
    draw.ellipse((0, height // 2, width // 4, height), fill="green")
    return image


def encoded(image: Image.Image, file_format: str = "PNG", **options: Any) -> bytes:
    """The image as a file of that format."""
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def decoded(data: bytes) -> Image.Image:
    """The image in a file, by Pillow alone."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """One piece of a PNG file, its length and checksum right."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *extra: bytes) -> bytes:
    """A PNG whose header promises that size and whose data hold 8 rows, with more chunks before them."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = png_chunk(b"IDAT", zlib.compress(bytes(8 * (8 + 1))))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + rows + png_chunk(b"IEND", b"")


def difference(one: Image.Image, other: Image.Image) -> float:
    """How far two images of one size are apart, in levels of 255 a channel."""
    assert one.size == other.size
    return float(np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16)).mean())


def refusal(data: bytes, limits: Limits = LIMITS) -> tuple[str, str]:
    """The reason and the sentence with which a file is refused."""
    with pytest.raises(ImageRefused) as caught:
        imaging.read(data, limits)
    return caught.value.reason, str(caught.value)
