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
