"""Files that browsers show whole are whole, and files that lack pixels are refused."""

from __future__ import annotations

import dataclasses
import io
import struct

import numpy as np
import pytest
from PIL import Image

from cvcore import imaging
from cvcore.errors import ImageRefused
from cvcore.imaging import repairs
from tests.cvcore.imaging.conftest import LIMITS, difference, drawn, encoded, png, png_chunk, refusal

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8))
KINDS = {
    "plain": {},
    "progressive": {"progressive": True},
    "optimized": {"optimize": True},
    "full colour": {"subsampling": 0, "quality": 95},
    "restarts": {"restart_marker_rows": 1},
    "grey": {},
}


def known(data: bytes) -> imaging.ImageInfo:
    """What is read of a file, without its thumbnail: a plain file, and none other, is its own."""
    return dataclasses.replace(imaging.read(data, LIMITS), thumbnail=b"")


def jpeg(image: Image.Image, kind: str) -> bytes:
    """The image as a JPEG of that kind."""
    return encoded(image.convert("L") if kind == "grey" else image, "JPEG", **KINDS[kind])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("image", [drawn(), NOISE], ids=["drawn", "noise"])
def test_a_jpeg_without_its_end(image: Image.Image, kind: str) -> None:
    """Without one or both of its last two bytes every pixel is there; the image is the same in every size."""
    data = jpeg(image, kind)
    for cut in (1, 2):
        assert known(data) == known(data[:-cut])
        assert 0 == difference(imaging.upright(data), imaging.upright(data[:-cut]))
        assert np.array_equal(imaging.pixels(data, 16), imaging.pixels(data[:-cut], 16))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("image", [drawn(), NOISE], ids=["drawn", "noise"])
def test_a_jpeg_that_lacks_pixels(image: Image.Image, kind: str) -> None:
    """Cut shorter it is refused, or it is still the very same image: no pixel is made up."""
    data = jpeg(image, kind)
    for cut in (3, 4, 6, 10, 40, 200, len(data) // 2):
        try:
            shown = imaging.upright(data[:-cut])
        except ImageRefused:
            continue
        assert 0 == difference(imaging.upright(data), shown)
    assert refusal(data[: len(data) // 2])[0] == "damaged"


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"tIME", b"gAMA", b"iCCP", b"eXIf", b"prVt"])
def test_a_wrong_checksum_beside_the_pixels(kind: bytes) -> None:
    """A chunk that can be missing and has a wrong checksum is left out, before the pixels and after them."""
    body = struct.pack(">I", 100_000) if kind == b"gAMA" else b"Title\0Harbour at dawn"
    wrong = png_chunk(kind, body)[:-1] + b"?"
    plain = png(8, 8)
    for data in (png(8, 8, wrong), png(8, 8, *[wrong] * 9), plain[:-12] + wrong + plain[-12:]):
        assert 0 == difference(imaging.upright(plain), imaging.upright(data))
        assert known(plain) == known(data)


@pytest.mark.parametrize("kind", [b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"acTL", b"tRNS"])
def test_a_wrong_length_beside_the_pixels(kind: bytes) -> None:
    """A chunk that is too short is left out as well."""
    assert 0 == difference(imaging.upright(png(8, 8)), imaging.upright(png(8, 8, png_chunk(kind, b""))))


def test_a_wrong_checksum_of_what_is_needed() -> None:
    """A header with a wrong checksum is refused."""
    data = bytearray(png(8, 8))
    data[8 + 8 + 13] ^= 1
    assert refusal(bytes(data))[0] == "damaged"


def test_a_png_without_its_end() -> None:
    """Without its last chunk every pixel is there."""
    data = encoded(NOISE)
    assert 0 == difference(NOISE, imaging.upright(data[:-12]))


def test_whole_files_stay_as_they_are() -> None:
    """What needs no repair is the same object: nothing is copied."""
    for data in (
        encoded(NOISE),
        encoded(NOISE, "JPEG"),
        png(8, 8, png_chunk(b"tEXt", b"a\0b")),
        b"",
        b"\x89PNG\r\n\x1a\n?",
    ):
        assert repairs.readable(data) is data
    assert {} == repairs.small_png_chunks(encoded(NOISE, "JPEG"), (b"gAMA",))


def test_only_a_missing_end_is_decoded_again() -> None:
    """A damaged JPEG that has its end is not decoded with other bytes behind it."""
    assert "damaged" == refusal(b"\xff\xd8\xff\xe0" + bytes(100) + b"\xff\xd9")[0]
    with Image.open(io.BytesIO(encoded(NOISE, "GIF"))) as image:
        assert image.size == repairs.load(image, b"").size
