"""The six images of the worked example."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from cvcore.imaging import portraits


def test_they_are_six_images_of_two_kinds() -> None:
    """All differ, and any Picasso is brighter than any Rembrandt."""
    files = portraits.portraits()
    assert 6 == len(set(files))
    drawn = [Image.open(io.BytesIO(file)) for file in files]
    assert {(portraits.WIDTH, portraits.HEIGHT)} == {image.size for image in drawn}
    light = np.array([np.asarray(image.convert("L")).mean() for image in drawn])
    is_bright = np.array(portraits.PAINTERS) == portraits.PICASSO
    assert light[is_bright].min() > 2 * light[~is_bright].max()


def test_they_are_the_same_each_time() -> None:
    """Nothing is drawn by lot."""
    first = portraits.portraits()
    portraits.portraits.cache_clear()
    assert first == portraits.portraits()
