"""Quick Test: an image at a web address is taken as an upload is."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from cvcore.errors import ImageRefused
from cvcore.settings import Limits
from pages.parts.quick_test import image_source

LIMITS = Limits(image_bytes=60_000, photo_bytes=400_000)


def photo(side: int) -> bytes:
    """A photo of that many pixels a side, which cannot be packed well."""
    file = io.BytesIO()
    noise = np.random.default_rng(side).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Pillow.fromarray(noise).save(file, "JPEG", quality=90)
    return file.getvalue()


def test_a_large_photo_at_an_address_is_made_smaller() -> None:
    """As large a photo is fetched as can be uploaded, and it is made as small as it would be stored."""
    data = photo(400)
    assert LIMITS.image_bytes < len(data) <= LIMITS.photo_bytes
    asked = []

    def fetch(address: str, limit_bytes: int) -> bytes:
        asked.append((address, limit_bytes))
        return data

    chosen = image_source.at_address("https://example.org/1.jpg", LIMITS, fetch=fetch)
    assert len(chosen.data) <= LIMITS.image_bytes
    assert [("https://example.org/1.jpg", LIMITS.photo_bytes + 1)] == asked


def test_a_larger_one_is_refused_with_the_setting() -> None:
    """The refusal names the limit on photos, and how to move it."""
    with pytest.raises(ImageRefused, match="set TAGWISE_MAX_PHOTO_MB higher"):
        image_source.at_address(
            "https://example.org/2.jpg", LIMITS, fetch=lambda _, limit_bytes: photo(900)[:limit_bytes]
        )
