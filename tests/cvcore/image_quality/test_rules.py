"""Tests of the rules by which images are called dark, pale, empty, blurred, tiny or long."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from cvcore.image_quality import rules
from cvcore.imaging import paintings, upright
from cvcore.imaging.measures import NAMES, measures


def called(*images: Image.Image, sizes: list[tuple[int, int]] | None = None) -> dict[str, int]:
    """How many images are of each kind."""
    numbers = np.stack([measures(image) for image in images])
    found = rules.kinds(numbers, np.array(sizes or [image.size for image in images]))
    return {kind: int(rows.sum()) for kind, rows in found.items() if rows.any()}


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    """Drawn photos of paintings with edges, as thumbnails."""
    drawn = [upright(each.data) for each in paintings.paintings(per_school=4) if each.tag != paintings.COLOUR_FIELD]
    for image in drawn:
        image.thumbnail((320, 320))
    return drawn


def test_good_photos_are_called_nothing(photos: list[Image.Image]) -> None:
    """No rule holds for photos that are neither dark nor blurred."""
    assert called(*photos) == {}


def test_dark_photos_are_found(photos: list[Image.Image]) -> None:
    """A quarter of the light of each level is dark, and a photo at night with one lamp is not."""
    assert called(*(image.point([level // 5 for level in range(256)] * 3) for image in photos)) == {"dark": len(photos)}
    lamp = Image.new("RGB", (200, 200), "#050505")
    lamp.paste("#ffe9b0", (80, 80, 110, 110))
    assert called(lamp) == {}


def test_washed_out_photos_are_found(photos: list[Image.Image]) -> None:
    """With a fifth of its contrast near white a photo is pale; a black line on white paper is not."""
    pale = [image.point([255 - (255 - level) // 5 for level in range(256)] * 3) for image in photos]
    assert called(*pale)["pale"] >= len(photos) - 1
    paper = Image.new("RGB", (200, 200), "white")
    paper.paste("black", (100, 20, 104, 180))
    assert called(paper) == {}


def test_blurred_photos_are_found(photos: list[Image.Image]) -> None:
    """A blur of 2 % of the shorter side is seen."""
    assert called(*(image.filter(ImageFilter.GaussianBlur(6)) for image in photos)) == {"blurred": len(photos)}


def test_a_small_thing_in_focus_is_enough() -> None:
    """A photo whose ground is out of focus by intention is not blurred."""
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    macro = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(20))
    macro.paste("#40100a", (130, 80, 170, 120))
    assert called(macro) == {}


def test_an_empty_image_is_called_nothing_else() -> None:
    """A grey wall is almost empty, and not blurred as well."""
    noise = np.random.default_rng(0).normal(150, 2, (200, 200, 3)).astype(np.uint8)
    assert called(Image.fromarray(noise)) == {"empty": 1}


def test_sizes_at_their_bounds(photos: list[Image.Image]) -> None:
    """Below 64 pixels is tiny; from three times as long as wide is long; an erased image of no size is neither."""
    sizes = [(64, 64), (63, 64), (300, 101), (300, 100), (0, 0)]
    numbers = np.stack([measures(photos[0])] * len(sizes))
    found = rules.kinds(numbers, np.array(sizes))
    assert np.flatnonzero(found["tiny"]).tolist() == [1]
    assert np.flatnonzero(found["long"]).tolist() == [3]


def test_what_is_not_measured_is_called_nothing() -> None:
    """An image whose measures are unknown has no kind but those of its size."""
    found = rules.kinds(np.full((1, len(NAMES)), np.nan, np.float32), np.array([[50, 500]]))
    assert [kind for kind, rows in found.items() if rows[0]] == ["tiny", "long"]
