"""Photos as phones take them come in: too large ones smaller, HEIC as JPEG, and the result says so."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvcore import imaging
from cvcore.errors import ImageRefused
from cvcore.settings import Limits
from tests.conftest import ROOT
from tests.cvcore.imaging.conftest import LIMITS, decoded, difference, drawn, encoded, png
from tests.cvcore.imaging.profiles import DISPLAY_P3, rgb_profile

HEIC = ROOT / "tests" / "data"
ORIENTATION, MAKE = 0x0112, 0x010F


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


def refusal(data: bytes, limits: Limits = LIMITS, *, shrinks: bool = True) -> tuple[str, str]:
    with pytest.raises(ImageRefused) as caught:
        imaging.fitted(data, limits, shrinks=shrinks)
    return caught.value.reason, str(caught.value)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "AVIF", "MPO"])
def test_what_fits_stays_as_it_is(file_format: str) -> None:
    """Not a byte of an image within the limits is changed."""
    data = encoded(drawn(), file_format)

    assert imaging.Arrival(data) == imaging.fitted(data, LIMITS)


def test_a_heavy_photo_is_stored_smaller() -> None:
    """Above 6 MB: a JPEG of 1,024 pixels, upright, in sRGB, without metadata, and the sizes are said."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = 6, "A phone"
    photo = drawn(3200, 2400).transpose(Image.Transpose.ROTATE_90)
    data = encoded(photo, "JPEG", quality=90, exif=exif, icc_profile=rgb_profile("Display P3", DISPLAY_P3))
    data += bytes(11 * 2**20 - len(data))  # a motion photo has its film behind the image

    arrival = imaging.fitted(data, LIMITS)

    stored = decoded(arrival.data)
    assert ("JPEG", (1365, 1024)) == (stored.format, stored.size)
    assert {} == dict(stored.getexif())
    assert "icc_profile" not in stored.info
    assert difference(imaging.upright(data).resize(stored.size), stored) < 2
    assert "stored smaller: 11 MB to 0.1 MB (TAGWISE_MAX_IMAGE_MB is 6)" == arrival.note
    assert (1365, 1024) == (imaging.read(arrival.data, LIMITS).width, imaging.read(arrival.data, LIMITS).height)


@pytest.mark.parametrize(
    ("size", "stored"), [((9000, 7000), (1317, 1024)), ((12_000, 1000), (10_240, 853)), ((500, 10_300), (497, 10_240))]
)
def test_too_many_pixels(size: tuple[int, int], stored: tuple[int, int]) -> None:
    """More than 60 million pixels, or a side above 10,240: the image is made smaller, and the sizes are said."""
    arrival = imaging.fitted(encoded(Image.new("L", size), "JPEG"), LIMITS)

    assert stored == decoded(arrival.data).size
    rule = " to ".join(f"{width:,} × {height:,}" for width, height in (size, stored))
    assert f"stored smaller: {rule} pixels" == arrival.note


def test_a_small_limit_is_kept() -> None:
    """An image that does not fit at 1,024 pixels is made smaller still, and one that never fits is refused."""
    data = encoded(noise(2000, 1500), "PNG")
    limits = dataclasses.replace(LIMITS, image_bytes=150_000)

    arrival = imaging.fitted(data, limits)

    assert len(arrival.data) <= 150_000
    assert min(decoded(arrival.data).size) < 1024
    reason, message = refusal(data, dataclasses.replace(LIMITS, image_bytes=1000))
    assert "bytes" == reason
    assert message.endswith("this one cannot be made small enough: set TAGWISE_MAX_IMAGE_MB higher")


def test_the_same_photo_again_gives_the_same_bytes() -> None:
    """A duplicate is recognised by what is stored."""
    data = encoded(noise(1700, 1300), "PNG")

    assert imaging.fitted(data, LIMITS) == imaging.fitted(data, LIMITS)
    assert imaging.fitted(data, LIMITS).data != data


@pytest.mark.parametrize("name", ["drawn.heic", "turned.heic"])
def test_heic_becomes_jpeg(name: str) -> None:
    """A HEIC photo is stored as an upright JPEG of the same size, without metadata."""
    data = (HEIC / name).read_bytes()

    arrival = imaging.fitted(data, LIMITS)

    stored = decoded(arrival.data)
    assert ("JPEG", (96, 64), {}) == (stored.format, stored.size, dict(stored.getexif()))
    assert difference(drawn(), stored) < 8
    assert "converted from HEIC" == arrival.note
    assert ("HEIF", 96, 64) == (imaging.read(data, LIMITS).format, *imaging.upright(data).size)


def test_a_large_heic() -> None:
    """Both is said: converted, and stored smaller."""
    limits = dataclasses.replace(LIMITS, side_max_px=80)

    arrival = imaging.fitted((HEIC / "drawn.heic").read_bytes(), limits)

    assert (80, 53) == decoded(arrival.data).size
    assert "converted from HEIC; stored smaller: 96 × 64 to 80 × 53 pixels" == arrival.note


def test_a_heic_whose_jpeg_does_not_fit() -> None:
    """A HEIC within the limits whose JPEG is above them, and cannot be made smaller, is refused by the setting."""
    data = (HEIC / "drawn.heic").read_bytes()
    limits = dataclasses.replace(LIMITS, image_bytes=len(data) + 50)
    assert limits.image_bytes < len(imaging.fitted(data, LIMITS).data)
    with pytest.raises(ImageRefused, match="set TAGWISE_MAX_IMAGE_MB higher"):
        imaging.fitted(data, limits)


def test_heic_in_threads() -> None:
    """Many files that are converted at the same time come out as one does alone."""
    data = (HEIC / "turned.heic").read_bytes()
    alone = imaging.fitted(data, LIMITS)
    with ThreadPoolExecutor(8) as pool:
        assert {alone} == set(pool.map(lambda _: imaging.fitted(data, LIMITS), range(32)))


@pytest.mark.parametrize(
    ("data", "reason", "message"),
    [
        (
            bytes(50 * 2**20 + 1),
            "bytes",
            "an image must be at most 50 MB, this one is 50.1 MB: save it smaller, or set TAGWISE_MAX_PHOTO_MB higher",
        ),
        (
            png(12_000, 11_000),
            "pixels",
            "an image must have at most 120 million pixels, this one is 12,000 × 11,000, 132 million: save it smaller",
        ),
        (
            png(30_000, 30_000),
            "pixels",
            "an image must have at most 120 million pixels, this one has more than 178 million: save it smaller",
        ),
        (
            png(26_000, 1000),
            "aspect",
            "an image's longer side must be at most 25 times its shorter, this one is 26,000 × 1,000, 26 times: crop",
        ),
        (png(11_000, 4), "pixels", "an image must be at least 8 pixels wide and high, this one is 11,000 × 4: choose"),
        (b"", "bytes", "an image must have at least 1 byte"),
        (b"prose", "format", "an image must be JPEG, PNG, GIF, BMP, WebP, AVIF or HEIC, this one is none of them"),
        (png(11_000, 1000), "damaged", "an image must be readable to its end"),
    ],
)
def test_outer_limits(data: bytes, reason: str, message: str) -> None:
    """What no phone makes is refused before a pixel is unpacked, and the message names the setting."""
    told = refusal(data)

    assert reason == told[0]
    assert told[1].startswith(message)


@pytest.mark.parametrize("data", [bytes(7 * 2**20), png(11_000, 8)])
def test_where_nothing_is_shrunk(data: bytes) -> None:
    """The API keeps Custom Vision's limits: too large is refused, or left for `read` to refuse."""
    if len(data) > LIMITS.image_bytes:
        assert "bytes" == refusal(data, shrinks=False)[0]
    else:
        assert imaging.Arrival(data) == imaging.fitted(data, LIMITS, shrinks=False)
    with pytest.raises(ImageRefused):
        imaging.read(data, LIMITS)


def test_a_damaged_heic(shared: Path) -> None:
    """A HEIC file that cannot be decoded is refused."""
    data = (HEIC / "drawn.heic").read_bytes()

    assert "damaged" == refusal(data[: len(data) // 2])[0]
    assert "damaged" == refusal((shared / "odd" / "heic" / "corrupted.heic").read_bytes())[0]
