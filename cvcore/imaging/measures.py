"""Measures of an image's pixels: how light, colourful, sharp and varied it is, and how light and colourful its border.

They say nothing of what is shown. Too dark or blurred images are found by them, and tags that could be told apart by
them alone. They are measured on the upright image made small, `imaging.read`'s, so the same file gives the same numbers
at upload and later.
"""

from __future__ import annotations

import bisect
import itertools
import math
import operator
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageChops

from cvcore.array_types import Float32s

# Increase it when a measure changes: what was stored by another version is measured again.
VERSION = 3

NAMES = (
    "brightness",
    "contrast",
    "darkest",
    "lightest",
    "highlights",
    "clipped_dark",
    "clipped_bright",
    "saturation",
    "red_green",
    "yellow_blue",
    "colourfulness",
    "entropy",
    "sharpness",
    "step_1",
    "step_4",
    "edges",
    "border_brightness",
    "border_contrast",
    "border_saturation",
    "border_red_green",
    "border_yellow_blue",
    "border_texture",
    "edge_1",
    "edge_4",
)

SIDE_PX = 64  # colours are measured at this size, whatever the image's shape
BORDER_PX = 6  # of SIDE_PX: about a tenth of the width and of the height at each side
CLIPPED = 8  # levels, of 0..255, that count as black; and as white from 255 - 8
STEP_PERCENT = 99  # the strongest hundredth of the steps between pixels: also images that are mostly sky have edges
# The very strongest: also a small thing in focus has such an edge. Four times as many pairs of pixels lie across an
# edge if they are 4 apart, so that the percentiles of both are as far up where the edge is sharp.
EDGE_PERCENT = {1: 99.98, 4: 99.92}
LEAST_PX = 8  # images narrower or lower have no sharpness

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # Rec. 601, as Pillow's mode L

# The border's pixels, and pairs of neighbours in it, in a column and in a row.
_IS_BORDER = np.ones((SIDE_PX, SIDE_PX), bool)
_IS_BORDER[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] = False
# Each pixel's share in the mean of the image, and in that of the border: (4096, 2).
_SHARES = np.stack((np.full(SIDE_PX**2, SIDE_PX**-2), _IS_BORDER.ravel() / _IS_BORDER.sum()), axis=1)
_DOWN = (_IS_BORDER[1:] & _IS_BORDER[:-1]).ravel().astype(np.float32)
_ACROSS = (_IS_BORDER[:, 1:] & _IS_BORDER[:, :-1]).ravel().astype(np.float32)
_PAIRS = float(_DOWN.sum() + _ACROSS.sum())


def measures(image: Image.Image) -> Float32s:
    """The numbers of an upright RGB image, in the order of `NAMES`: float32, (24,).

    `image` is the thumbnail before it is compressed, its longer side at most `imaging.THUMBNAIL_PX`.

    brightness: the mean luma, 0 (black) to 1; contrast: its standard deviation, 0..0.5. darkest, lightest, highlights:
    the luma below which 5, 95 and 99 % of the image are. clipped_dark, clipped_bright: the shares that are black or
    white. saturation: the mean of the highest minus the lowest channel, 0..1. red_green, yellow_blue: the means of
    R - G and (R + G) / 2 - B, -1..1, and colourfulness from their deviations, 0 for grey (Hasler & Süsstrunk 2003,
    https://doi.org/10.1117/12.477378). entropy: of the luma's histogram, 0 for one flat colour to 1.

    sharpness: the variance of the Laplacian of the luma (Pech-Pacheco et al. 2000,
    https://doi.org/10.1109/ICPR.2000.903548). step_1, step_4: the 99th percentile of the luma's differences between
    pixels 1 and 4 apart, 0..1: at a sharp edge they are about equal, at one that is blurred the first is a fraction of
    the second, however strong the edge is. edges: the mean difference between neighbours. edge_1, edge_4: the steps at
    the strongest edges (`EDGE_PERCENT`), however few they are. All six are nan below 8 pixels width or height.

    The six of the border are the same measures of the outer tenth at each side; border_texture is the mean difference
    between its neighbours.

    >>> grey = measures(Image.new("RGB", (320, 200), (51, 51, 51)))
    >>> {name: round(float(number), 2) for name, number in zip(NAMES, grey, strict=True) if number > 0.001}
    {'brightness': 0.2, 'darkest': 0.2, 'lightest': 0.2, 'highlights': 0.2, 'border_brightness': 0.2}
    """
    small = np.asarray(image.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX))
    colours = small.reshape(-1, 3).T.astype(np.float32, order="C") / np.float32(255)
    luma = np.dot(_LUMA[None], colours)[0]
    grey = image.convert("L")
    *sharpness, edge_1, edge_4 = _sharpness(grey)
    (brightness, contrast, *chroma, colourfulness), (*border, _) = _colours(colours, luma)
    numbers = (
        brightness,
        contrast,
        *_percentiles(luma, (5, 95, 99)),
        np.count_nonzero(luma <= CLIPPED / 255) / luma.size,
        np.count_nonzero(luma >= 1 - CLIPPED / 255) / luma.size,
        *chroma,
        colourfulness,
        _entropy(grey),
        *sharpness,
        *border,
        _texture(luma.reshape(SIDE_PX, SIDE_PX)),
        edge_1,
        edge_4,
    )
    return np.array(numbers, np.float32)


def _percentiles(values: Float32s, percents: Sequence[float]) -> list[float]:
    """As `np.percentile`, for few values in a tenth of its time."""
    ordered = np.sort(values)
    found = []
    for percent in percents:
        below, part = divmod(percent / 100 * (values.size - 1), 1)
        low, high = ordered[int(below) : int(below) + 2].tolist()
        found.append(low + part * (high - low))
    return found


def _colours(colours: Float32s, luma: Float32s) -> Iterator[tuple[float, ...]]:
    """The luma's mean and deviation, saturation, red_green, yellow_blue and colourfulness: of the image, of its border.

    The colours are channels, (3, 4096), 0..1.
    """
    red, green, blue = colours
    # In float64: deviations are differences of means, and that of one flat colour is 0.
    rows = np.empty((7, luma.size))
    rows[0] = luma
    np.subtract(red, green, out=rows[1])
    np.subtract((red + green) * np.float32(0.5), blue, out=rows[2])
    np.square(rows[:3], out=rows[3:6])
    highest, lowest = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    np.subtract(highest, lowest, out=rows[6])
    for *means, saturation in (rows @ _SHARES).T.tolist():
        (brightness, red_green, yellow_blue), squares = means[:3], means[3:]
        contrast, *strayed = (math.sqrt(max(0.0, b - a**2)) for a, b in zip(means[:3], squares, strict=True))
        colourfulness = math.hypot(*strayed) + 0.3 * math.hypot(red_green, yellow_blue)
        yield brightness, contrast, saturation, red_green, yellow_blue, colourfulness


def _entropy(grey: Image.Image) -> float:
    """The entropy of the levels in units of 8 bits, which is the most that 256 levels can have."""
    counts = [count for count in grey.histogram() if count]
    pixels = sum(counts)
    return (math.log2(pixels) - math.fsum(map(operator.mul, counts, map(math.log2, counts))) / pixels) / 8


def _sharpness(grey: Image.Image) -> tuple[float, ...]:
    """sharpness, step_1, step_4, edges, edge_1 and edge_4."""
    if min(grey.size) < LEAST_PX:
        return (math.nan,) * 6
    near, far = _steps(grey, 1), _steps(grey, 4)
    step_1, edge_1 = _reached(near, (STEP_PERCENT, EDGE_PERCENT[1]))
    step_4, edge_4 = _reached(far, (STEP_PERCENT, EDGE_PERCENT[4]))
    # The mean step: each pair counts once for each level that it does not reach.
    edges = 1 - sum(near[:-1]) / near[-1] / 255
    return _laplacian_variance(grey), step_1, step_4, edges, edge_1, edge_4


def _laplacian_variance(grey: Image.Image) -> float:
    levels = np.asarray(grey).astype(np.int16)
    laplacian = levels[:-2, 1:-1] + levels[2:, 1:-1] + levels[1:-1, :-2] + levels[1:-1, 2:] - 4 * levels[1:-1, 1:-1]
    values = laplacian.astype(np.float32)
    mean = float(np.add.reduce(values, axis=None)) / values.size
    values *= values
    return (float(np.add.reduce(values, axis=None)) / values.size - mean**2) / 255**2


def _steps(grey: Image.Image, apart: int) -> list[int]:
    """How many pairs of pixels so far apart, in a row or a column, differ by no more than 0 to 255 levels: 256."""
    width, height = grey.size
    # A difference is as large as the smaller image: what has no pixel opposite is left out.
    across = ImageChops.difference(grey, grey.crop((apart, 0, width, height)))
    down = ImageChops.difference(grey, grey.crop((0, apart, width, height)))
    # Lists of so few numbers are faster than arrays.
    return list(itertools.accumulate(map(operator.add, across.histogram(), down.histogram())))


def _reached(so_far: Sequence[int], percents: Sequence[float]) -> list[float]:
    """The steps, 0..1, that so many per cent of the counted steps do not exceed."""
    return [bisect.bisect_left(so_far, percent / 100 * so_far[-1]) / 255 for percent in percents]


def _texture(luma: Float32s) -> float:
    down, across = np.abs(luma[1:] - luma[:-1]), np.abs(luma[:, 1:] - luma[:, :-1])
    return float(down.ravel() @ _DOWN + across.ravel() @ _ACROSS) / _PAIRS
