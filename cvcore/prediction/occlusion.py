"""Occlusion: how much each tag's probability falls when a part of the image is covered.

Occlusion (Zeiler & Fergus 2014, https://arxiv.org/abs/1311.2901) needs nothing but the model's predictions, so it
works for every backbone, and its result fits in a sentence: with this part covered, the probability falls to 12 %.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from cvcore import evaluation, imaging
from cvcore.array_types import Float32s, Levels
from cvcore.evaluation import OutOfFold
from cvcore.networks.feature_extraction import Extractor
from cvcore.prediction import predictor
from cvcore.records import Iteration
from cvcore.settings import Limits
from cvcore.store import Store

# The image is divided into CELLS x CELLS cells; a cover hides COVER x COVER of them, at every place where it fits. On
# 25 photos of flowers the strongest cover of 3 x 3 cells lowered the median probability by 21 points, of 2 x 2 by 10.
CELLS = 8
COVER = 3
PLACES = CELLS - COVER + 1

# Smaller falls are noise: any change of an image has such an effect.
SMALLEST_FALL = 0.02

SHOWN_PX = 512
HEAT_RGB = (255, 120, 0)
HEAT_OPACITY_MOST = 0.72


@dataclass(frozen=True, eq=False)
class Explanation:
    """Each tag's probability with parts of the image covered; the columns are the tags in `names`.

    probabilities: float32 (tags,), of the uncovered image. covered: float32 (places, places, tags), with the cover
    at each place, rows from the top, columns from the left.
    """

    names: tuple[str, ...]
    probabilities: Float32s
    covered: Float32s

    def heat(self, tag: int) -> Float32s:
        """The mean fall of the tag's probability over all covers that hide a cell, float32 (8, 8); rises are 0."""
        falls = np.maximum(self.probabilities[tag] - self.covered[..., tag], 0)
        sums, counts = np.zeros((CELLS, CELLS)), np.zeros((CELLS, CELLS))
        for row, column in np.ndindex(PLACES, PLACES):
            hidden = np.s_[row : row + COVER, column : column + COVER]
            sums[hidden] += falls[row, column]
            counts[hidden] += 1
        return np.asarray(sums / counts, np.float32)

    def strongest_place(self, tag: int) -> tuple[int, int] | None:
        """Row and column of the cover that lowers the tag's probability most; None if all falls are below 0.02."""
        covered = self.covered[..., tag]
        if self.probabilities[tag] - covered.min() < SMALLEST_FALL:
            return None
        row, column = divmod(int(covered.argmin()), PLACES)
        return row, column


def explain(store: Store, iteration: Iteration, data: bytes, *, limits: Limits) -> Explanation:
    """Predict an image 37 times: uncovered, and with a cover of 3/8 of the width and height at each place.

    The last few explanations are cached.

    Raises:
        ImageRefused: the bytes are not an image within the limits.
        Conflict, ModelDamaged: the iteration is not trained, or a file of it is missing or damaged.
    """
    imaging.check(data, limits)
    out_of_fold = evaluation.load(store, iteration)
    tags = evaluation.tags(store, iteration)
    backbone, embed = predictor.extractor(store, iteration)
    pixels = imaging.pixels(data, backbone.side)
    probabilities = _probabilities(out_of_fold, embed, backbone.side, pixels.tobytes())
    return Explanation(tuple(tag.name for tag in tags), probabilities[0], probabilities[1:].reshape(PLACES, PLACES, -1))


def overlay(data: bytes, heat: Float32s, place: tuple[int, int] | None) -> Image.Image:
    """The upright image in grey with its heat over it, and a frame around the place, at most 512 pixels wide and high.

    The cell with the most heat is the most opaque. If `place` is None, the image stays unchanged.

    Raises:
        ImageRefused: the bytes are not an image.
    """
    shown = imaging.upright(data, at_least_px=SHOWN_PX)
    shown.thumbnail((SHOWN_PX, SHOWN_PX))
    if place is None or not heat.max() > 0:
        return shown
    # On grey, so that heat cannot be confused with the image's own colours.
    shown = shown.convert("L").convert("RGB")
    opacity = Image.fromarray((255 * HEAT_OPACITY_MOST * heat / heat.max()).astype(np.uint8))
    shown.paste(Image.new("RGB", shown.size, HEAT_RGB), mask=opacity.resize(shown.size, Image.Resampling.BICUBIC))
    _frame(shown, place)
    return shown


def covers(pixels: Levels) -> Levels:
    """The image (side, side, 3), then copies with each place covered by its mean colour: (1 + places², …).

    >>> covers(np.zeros((16, 16, 3), np.uint8)).shape
    (37, 16, 16, 3)
    """
    side = len(pixels)
    edges = np.arange(CELLS + 1) * side // CELLS
    copies = np.repeat(pixels[None], 1 + PLACES**2, axis=0)
    colour = pixels.mean(axis=(0, 1)).astype(np.uint8)
    for number, (row, column) in enumerate(np.ndindex(PLACES, PLACES), start=1):
        copies[number, edges[row] : edges[row + COVER], edges[column] : edges[column + COVER]] = colour
    return copies


@functools.lru_cache(maxsize=32)
def _probabilities(out_of_fold: OutOfFold, embed: Extractor, side: int, pixels: bytes) -> Float32s:
    """The probabilities of the image and its covered copies, float32 (1 + places², tags); 150 kB each in the cache."""
    embeddings = embed(covers(np.frombuffer(pixels, np.uint8).reshape(side, side, 3)))
    return predictor.probabilities(out_of_fold, embeddings)


def _frame(shown: Image.Image, place: tuple[int, int]) -> None:
    """Draw a white line with a dark one around it, visible on any background."""
    top, left = (start * length / CELLS for start, length in zip(place, (shown.height, shown.width), strict=True))
    bottom, right = top + COVER * shown.height / CELLS - 1, left + COVER * shown.width / CELLS - 1
    draw = ImageDraw.Draw(shown)
    draw.rectangle((left, top, right, bottom), outline="#1c2326", width=4)
    draw.rectangle((left + 1, top + 1, right - 1, bottom - 1), outline="white", width=2)
