"""Where the network looked: how much each tag's probability falls when a part of the picture is covered.

Occlusion (Zeiler & Fergus 2014, https://arxiv.org/abs/1311.2901) asks the model itself, so it holds for every
backbone alike, and what it shows can be said in a sentence: with this part covered, so much is left.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cvcore import evaluation, imaging
from cvcore.array_types import Float32s
from cvcore.evaluation import OutOfFold
from cvcore.networks import heads
from cvcore.networks.feature_extraction import Extractor
from cvcore.prediction import predictor
from cvcore.records import Iteration
from cvcore.settings import Limits
from cvcore.store import Store

# The picture is laid out in CELLS x CELLS; a cover hides COVER x COVER of them, and stands at every place it fits.
# On 25 photos of flowers the most telling cover of 3 cells took 21 points from the answer, the median, of 2 cells 10.
CELLS = 8
COVER = 3
PLACES = CELLS - COVER + 1

# Below this a fall is what any smudge does.
TELLING = 0.02

SHOWN_PX = 512
HEAT_RGB = (255, 120, 0)
HEAT_OPACITY_MOST = 0.72


@dataclass(frozen=True, eq=False)
class Explanation:
    """What covering does to each tag; columns are the iteration's tags, by `names`.

    probabilities: float32 (tags,), of the picture as it is. covered: float32 (places, places, tags), with the cover
    at each place, rows from the top, columns from the left.
    """

    names: tuple[str, ...]
    probabilities: Float32s
    covered: Float32s

    def heat(self, tag: int) -> Float32s:
        """The mean fall of the tag's probability over all covers that hide a cell, float32 (8, 8); rises are 0."""
        falls = np.maximum(self.probabilities[tag] - self.covered[..., tag], 0)
        sums, times = np.zeros((CELLS, CELLS)), np.zeros((CELLS, CELLS))
        for row, column in np.ndindex(PLACES, PLACES):
            hidden = np.s_[row : row + COVER, column : column + COVER]
            sums[hidden] += falls[row, column]
            times[hidden] += 1
        return np.asarray(sums / times, np.float32)

    def telling_place(self, tag: int) -> tuple[int, int] | None:
        """Row and column of the cover that costs the tag most, None where none costs it two points in a hundred."""
        left = self.covered[..., tag]
        if self.probabilities[tag] - left.min() < TELLING:
            return None
        row, column = divmod(int(left.argmin()), PLACES)
        return row, column


def explain(store: Store, iteration: Iteration, picture: bytes, *, limits: Limits) -> Explanation:
    """Ask the iteration about a picture 37 times: as it is, and with three eighths of each side covered in each place.

    The last few asked for are kept.

    Raises:
        ImageRefused: the bytes are no picture within the limits.
        Conflict, ModelDamaged: the iteration is not trained, or a file of it is missing or damaged.
    """
    imaging.check(picture, limits)
    judged = evaluation.load(store, iteration)
    tags = evaluation.tags(store, iteration)
    prepared, embed = predictor.extractor(store, iteration)
    told = _told(judged, embed, prepared.side, imaging.pixels(picture, prepared.side).tobytes())
    return Explanation(tuple(tag.name for tag in tags), told[0], told[1:].reshape(PLACES, PLACES, -1))


def overlay(picture: bytes, heat: Float32s, place: tuple[int, int] | None) -> Image.Image:
    """The upright picture in grey with its heat over it, and a frame around the place, at most 512 pixels a side.

    The most telling cell is the most opaque; where no place tells, the picture stays as it is.

    Raises:
        ImageRefused: the bytes are no picture.
    """
    shown = imaging.upright(picture, at_least_px=SHOWN_PX)
    shown.thumbnail((SHOWN_PX, SHOWN_PX))
    if place is None or not heat.max() > 0:
        return shown
    # On grey, so that heat is not taken for a colour of the picture's own, be it orange too.
    shown = shown.convert("L").convert("RGB")
    opacity = Image.fromarray((255 * HEAT_OPACITY_MOST * heat / heat.max()).astype(np.uint8))
    shown.paste(Image.new("RGB", shown.size, HEAT_RGB), mask=opacity.resize(shown.size, Image.Resampling.BICUBIC))
    _frame(shown, place)
    return shown


def covers(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture (side, side, 3) as it is, then with each place covered by its mean colour: (1 + places², …).

    >>> covers(np.zeros((16, 16, 3), np.uint8)).shape
    (37, 16, 16, 3)
    """
    side = len(pixels)
    edges = np.arange(CELLS + 1) * side // CELLS
    many = np.repeat(pixels[None], 1 + PLACES**2, axis=0)
    colour = pixels.mean(axis=(0, 1)).astype(np.uint8)
    for number, (row, column) in enumerate(np.ndindex(PLACES, PLACES), start=1):
        many[number, edges[row] : edges[row + COVER], edges[column] : edges[column + COVER]] = colour
    return many


@functools.lru_cache(maxsize=32)
def _told(judged: OutOfFold, embed: Extractor, side: int, pixels: bytes) -> Float32s:
    """Every cover's probabilities, float32 (1 + places², tags). By its pixels a picture is kept in 150 kB."""
    embeddings = embed(covers(np.frombuffer(pixels, np.uint8).reshape(side, side, 3)))
    return heads.probabilities(embeddings, judged.kernel, judged.bias, multilabel=judged.multilabel)


def _frame(shown: Image.Image, place: tuple[int, int]) -> None:
    """A white line with a dark one around it, seen on any ground."""
    top, left = (start * length / CELLS for start, length in zip(place, (shown.height, shown.width), strict=True))
    bottom, right = top + COVER * shown.height / CELLS - 1, left + COVER * shown.width / CELLS - 1
    draw = ImageDraw.Draw(shown)
    draw.rectangle((left, top, right, bottom), outline="#1c2326", width=4)
    draw.rectangle((left + 1, top + 1, right - 1, bottom - 1), outline="white", width=2)
