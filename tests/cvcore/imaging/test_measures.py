"""Tests of the measures of an image's pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from cvcore.array_types import Levels
from cvcore.imaging.measures import BORDER_PX, EDGE_PERCENT, NAMES, SIDE_PX, measures


def named(image: Image.Image) -> dict[str, float]:
    """The measures by name."""
    return dict(zip(NAMES, measures(image).tolist(), strict=True))


def photo(seed: int = 0, size: tuple[int, int] = (128, 128)) -> Image.Image:
    """Coloured squares with sharp edges."""
    squares = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), np.uint8)
    return Image.fromarray(squares).resize(size, Image.Resampling.NEAREST)


def test_a_chess_board_by_hand() -> None:
    """Half black and half white: every tone, the clipped shares and the entropy are known."""
    board = np.indices((64, 64)).sum(axis=0) // 32 % 2 * np.uint8(255)
    found = named(Image.fromarray(board.astype(np.uint8)).convert("RGB"))
    assert found["brightness"] == pytest.approx(0.5, abs=0.01)
    assert found["contrast"] == pytest.approx(0.5, abs=0.01)
    assert (found["darkest"], found["highlights"]) == pytest.approx((0, 1), abs=1e-6)
    assert found["clipped_dark"] + found["clipped_bright"] == pytest.approx(1)
    assert found["entropy"] == pytest.approx(1 / 8, abs=1e-3)
    assert (found["saturation"], found["colourfulness"]) == pytest.approx((0, 0), abs=1e-6)


def test_colours_by_hand() -> None:
    """Plain orange: what its channels are is in the measures, in the border too."""
    found = named(Image.new("RGB", (90, 40), (255, 102, 51)))
    assert found["saturation"] == pytest.approx(0.8, abs=1e-6)
    assert found["red_green"] == pytest.approx(0.6, abs=1e-6)
    assert found["yellow_blue"] == pytest.approx(0.5, abs=1e-6)
    assert found["border_red_green"] == pytest.approx(0.6, abs=1e-6)


def test_a_border_is_measured_alone() -> None:
    """What is in the middle of an image changes no measure of its border."""
    image, other = photo(size=(SIDE_PX, SIDE_PX)), photo(size=(SIDE_PX, SIDE_PX))
    inside = (BORDER_PX + 1, BORDER_PX + 1, SIDE_PX - BORDER_PX - 1, SIDE_PX - BORDER_PX - 1)
    other.paste("black", inside)
    before, after = named(image), named(other)
    assert {name for name in NAMES if before[name] == after[name]} >= {n for n in NAMES if n.startswith("border")}
    assert before["brightness"] > after["brightness"]


def plain_colours(pixels: Levels) -> dict[str, float]:
    """Measures of tones and colours from their definitions, of pixels (n, 3)."""
    red, green, blue = (pixels.astype(float) / 255).T
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    return {
        "brightness": luma.mean(),
        "contrast": luma.std(),
        "saturation": np.mean(np.ptp(pixels / 255, axis=1)),
        "red_green": red_green.mean(),
        "yellow_blue": yellow_blue.mean(),
        "colourfulness": np.hypot(red_green.std(), yellow_blue.std())
        + 0.3 * np.hypot(red_green.mean(), yellow_blue.mean()),
        **dict(zip(("darkest", "lightest", "highlights"), np.percentile(luma, (5, 95, 99)), strict=True)),
    }


@pytest.mark.parametrize("seed", [0, 1])
def test_colours_as_defined(seed: int) -> None:
    """The measures of tones and colours are those of a second implementation, of the image and of its border."""
    image = photo(seed, (SIDE_PX, SIDE_PX)).filter(ImageFilter.GaussianBlur(seed))
    found, pixels = named(image), np.asarray(image)
    inside = np.zeros((SIDE_PX, SIDE_PX), bool)
    inside[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] = True
    whole, border = plain_colours(pixels.reshape(-1, 3)), plain_colours(pixels[~inside])
    of_border = {f"border_{name}": border[name] for name in whole if f"border_{name}" in found}
    assert 5 == len(of_border)
    expected = whole | of_border
    assert expected == pytest.approx({name: found[name] for name in expected}, abs=1e-6)
    levels = np.bincount(np.asarray(image.convert("L")).ravel()) / SIDE_PX**2
    shares = levels[levels > 0]
    assert found["entropy"] == pytest.approx(-(shares * np.log2(shares)).sum() / 8, abs=1e-6)


def test_one_flat_colour_has_no_contrast() -> None:
    """Whatever the colour, nothing in it varies, to the last digit that counts."""
    found = named(Image.new("RGB", (40, 40), (13, 177, 91)))
    varying = ("contrast", "entropy", "sharpness", "edges", "border_contrast", "border_texture", "edge_1", "edge_4")
    assert dict.fromkeys(varying, 0) == pytest.approx({name: found[name] for name in varying}, abs=1e-6)


def laplacian_variance(grey: Levels) -> float:
    """The variance of the Laplacian from its definition, pixel by pixel."""
    at = grey.astype(float) / 255
    height, width = at.shape
    values = [
        at[y - 1, x] + at[y + 1, x] + at[y, x - 1] + at[y, x + 1] - 4 * at[y, x]
        for y in range(1, height - 1)
        for x in range(1, width - 1)
    ]
    return float(np.var(values))


def steps(grey: Levels, apart: int) -> list[float]:
    """Differences between pixels so far apart, from the definition."""
    at = grey.astype(float) / 255
    height, width = at.shape
    across = [abs(at[y, x + apart] - at[y, x]) for y in range(height) for x in range(width - apart)]
    down = [abs(at[y + apart, x] - at[y, x]) for y in range(height - apart) for x in range(width)]
    return [float(step) for step in (*across, *down)]


@pytest.mark.parametrize("seed", [0, 1])
def test_sharpness_as_defined(seed: int) -> None:
    """The measures of sharpness are those of a slow second implementation."""
    image = photo(seed, (40, 30)).filter(ImageFilter.GaussianBlur(1))
    found, grey = named(image), np.asarray(image.convert("L"))
    assert found["sharpness"] == pytest.approx(laplacian_variance(grey), rel=1e-4)
    assert found["edges"] == pytest.approx(np.mean(steps(grey, 1)), rel=1e-5)
    for apart in (1, 4):
        slow = np.percentile(steps(grey, apart), (99, EDGE_PERCENT[apart]), method="inverted_cdf")
        assert (found[f"step_{apart}"], found[f"edge_{apart}"]) == pytest.approx(slow.tolist())


def test_blur_shows_in_the_steps_and_contrast_does_not() -> None:
    """edge_1 / edge_4 falls with blur, and stays as it is when the contrast is halved."""
    image = photo()
    sharp, blurred = named(image), named(image.filter(ImageFilter.GaussianBlur(3)))
    pale = named(image.point([64 + level // 2 for level in range(256)] * 3))
    assert sharp["edge_1"] / sharp["edge_4"] > 0.8
    assert blurred["edge_1"] / blurred["edge_4"] < 0.5
    assert pale["edge_1"] / pale["edge_4"] == pytest.approx(sharp["edge_1"] / sharp["edge_4"], abs=0.03)


@pytest.mark.parametrize("size", [(1, 1), (320, 1), (7, 320), (3, 9)])
def test_an_image_of_few_pixels_has_no_sharpness(size: tuple[int, int]) -> None:
    """Below 8 pixels the six of sharpness are nan, and all others are numbers."""
    found = named(photo(size=size))
    assert {name for name in NAMES if np.isnan(found[name])} == {
        "sharpness",
        "step_1",
        "step_4",
        "edges",
        "edge_1",
        "edge_4",
    }


def test_turning_an_image_changes_no_measure() -> None:
    """An image on its head, or as in a mirror, has the same numbers."""
    image = photo().filter(ImageFilter.GaussianBlur(1))
    for turn in (Image.Transpose.ROTATE_180, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_90):
        assert measures(image.transpose(turn)) == pytest.approx(measures(image), abs=1e-4)
