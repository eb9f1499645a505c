"""Files are recognised by their bytes, and those that are no images within the limits are refused."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from PIL import Image

from cvcore import imaging
from cvcore.errors import ImageRefused
from cvcore.settings import Limits
from tests.cvcore.imaging.conftest import encoded, png, png_chunk, refusal

SAVE_AGAIN = "open it in an image editor and save it again"
REFUSED = {
    "empty": (b"", "bytes", "an image must have at least 1 byte, this file is empty: choose another"),
    "heavy": (bytes(7_549_747), "bytes", "an image must be at most 6 MB, this one is 7.2 MB: save it smaller"),
    "a byte over": (
        bytes(6 * 2**20 + 1),
        "bytes",
        "an image must be at most 6 MB, this one is 6.1 MB: save it smaller",
    ),
    "a dot": (
        png(1, 1),
        "pixels",
        "an image must be at least 8 pixels wide and high, this one is 1 × 1: choose a larger one",
    ),
    "long": (
        png(10_241, 8),
        "pixels",
        "an image must be at most 10,240 pixels wide and high, this one is 10,241 × 8: save it smaller",
    ),
    "vast": (
        png(10_000, 9_500),
        "pixels",
        "an image must have at most 60 million pixels, this one is 10,000 × 9,500, 95 million: save it smaller",
    ),
    "bomb": (
        png(30_000, 30_000),
        "pixels",
        "an image must have at most 60 million pixels, this one has more than 178 million: save it smaller",
    ),
    "thin": (
        png(260, 10),
        "aspect",
        "an image's longer side must be at most 25 times its shorter, this one is 260 × 10, 26 times: crop it",
    ),
    "torn": (
        png(8, 8)[:-26],
        "damaged",
        f"an image must be readable to its end, this PNG is damaged or of a rare kind: {SAVE_AGAIN}",
    ),
    "full of profiles": (
        png(8, 8, *[png_chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(2**20)))] * 65),
        "damaged",
        f"a PNG may hold at most 64 colour profiles and packed texts, this one holds more: {SAVE_AGAIN}",
    ),
    "prose": (
        b"neither fish nor fowl",
        "format",
        "an image must be JPEG, PNG, GIF, BMP, WebP, AVIF or HEIC, this one is none of them: save it as JPEG or PNG",
    ),
}


@pytest.mark.parametrize(("data", "reason", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refusals(data: bytes, reason: str, message: str) -> None:
    """A refusal names its reason and says the rule, the value and what to do."""
    assert (reason, message) == refusal(data)


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        (b"\0\0\0\x20ftypisom\0\0\0\0mp42", "video"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"8BPS", "Photoshop"),
        (b"\0\0\1\0", "ICO"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\3\4", "zip"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">', "SVG"),
        (b"<svg>", "SVG"),
    ],
)
def test_other_formats_are_named(beginning: bytes, kind: str) -> None:
    """A format that cannot be read is named in the message, so that its owner knows what to convert."""
    reason, message = refusal(beginning + bytes(100))

    assert reason == "format"
    assert f"this one is {kind}: save it as JPEG or PNG" in message


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "AVIF"])
def test_cut_short(file_format: str) -> None:
    """A file that lost its second half on the way is refused, never shown half grey."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    data = encoded(Image.fromarray(noise), file_format)
    half = data[: len(data) // 2]

    assert refusal(half)[0] == "damaged"
    for show in (imaging.upright, lambda cut: imaging.pixels(cut, 8), lambda cut: imaging.rendition(cut, 8)):
        with pytest.raises(ImageRefused):
            show(half)


@pytest.mark.parametrize("late", [b"zTXt", b"iTXt"])
def test_text_bomb(late: bytes) -> None:
    """Text that unpacks to more than it should is refused, before and after the pixels."""
    flags = {b"zTXt": b"k\0\0", b"iTXt": b"k\0\1\0\0\0"}[late]
    bomb = png_chunk(late, flags + zlib.compress(bytes(50_000_000)))
    plain = png(8, 8)

    assert refusal(png(8, 8, bomb))[0] == "damaged"
    assert refusal(plain[:-12] + bomb + plain[-12:])[0] == "damaged"


def test_limits_are_inclusive() -> None:
    """An image exactly at a limit is accepted."""
    data = encoded(Image.new("RGB", (200, 8)))
    limits = Limits(image_bytes=len(data), side_min_px=8, side_max_px=200, pixels=1600, aspect=25)

    assert (imaging.read(data, limits).width, imaging.read(data, limits).height) == (200, 8)
