"""Pixels are brought to sRGB by the profile in the file, and a bad profile is no reason to refuse an image."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageCms

from cvcore import imaging
from cvcore.imaging import colour_profiles
from tests.cvcore.imaging.conftest import LIMITS, decoded, difference, drawn, encoded
from tests.cvcore.imaging.profiles import ADOBE_RGB, DISPLAY_P3, rgb_profile

P3 = rgb_profile("Display P3", DISPLAY_P3)

# Pure red of sRGB, as each wider space writes it.
RED = {"Display P3": (DISPLAY_P3, (234, 51, 35)), "Adobe RGB (1998)": (ADOBE_RGB, (219, 0, 0))}


@pytest.mark.parametrize("name", RED)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_wide_colours_become_srgb(file_format: str, name: str) -> None:
    """A phone's red is the red that networks know, in the pixels, the thumbnail and the preview."""
    primaries, written = RED[name]
    data = encoded(Image.new("RGB", (64, 64), written), file_format, icc_profile=rgb_profile(name, primaries))
    expected = Image.new("RGB", (64, 64), "red")

    assert difference(expected, imaging.upright(data)) < 6
    assert difference(expected.resize((8, 8)), Image.fromarray(imaging.pixels(data, 8))) < 6
    assert difference(expected, decoded(imaging.read(data, LIMITS).thumbnail)) < 8
    preview = decoded(imaging.rendition(data, 64))
    assert difference(expected, preview) < 8
    assert "icc_profile" not in preview.info


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "I;16"])
def test_every_mode_with_a_profile(mode: str) -> None:
    """Grey, transparent, palette and 16-bit images with a profile for colours are decoded, on white."""
    image = (
        Image.new("I;16", (16, 16), 40_000) if mode == "I;16" else Image.new("RGBA", (16, 16), "white").convert(mode)
    )
    shown = imaging.upright(encoded(image, "PNG", icc_profile=P3))

    assert ("RGB", (16, 16)) == (shown.mode, shown.size)
    assert difference(Image.new("RGB", (16, 16), (156,) * 3 if mode == "I;16" else "white"), shown) < 2


def test_srgb_stays_as_it_is() -> None:
    """An image that is sRGB already keeps every pixel."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    assert 0 == difference(drawn(), imaging.upright(encoded(drawn(), icc_profile=profile)))


def test_cmyk() -> None:
    """A print without a profile, or with one of other colours, is converted by Pillow's own rule."""
    plain = imaging.upright(encoded(drawn().convert("CMYK"), "JPEG", quality=95))
    wrong = imaging.upright(encoded(drawn().convert("CMYK"), "JPEG", quality=95, icc_profile=P3))

    assert difference(drawn(), plain) < 12
    assert difference(drawn(), wrong) < 12


@pytest.mark.parametrize(
    "profile",
    [b"?" * 200, P3[:100], P3[:200] + bytes(len(P3) - 200), P3 + bytes(colour_profiles.PROFILE_BYTES)],
    ids=["no profile", "cut short", "emptied", "too large"],
)
def test_a_bad_profile_is_ignored(profile: bytes) -> None:
    """The image is shown as if the profile were not there."""
    plain = imaging.upright(encoded(drawn(), "JPEG"))

    assert 0 == difference(plain, imaging.upright(encoded(drawn(), "JPEG", icc_profile=profile)))


def test_in_threads_alike() -> None:
    """Many images that are converted at the same time come out as one does alone."""
    data = encoded(drawn(), icc_profile=P3)
    alone = imaging.pixels(data, 32)
    with ThreadPoolExecutor(8) as pool:
        for each in pool.map(lambda _: imaging.pixels(data, 32), range(64)):
            assert np.array_equal(alone, each)
