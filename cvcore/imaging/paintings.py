"""Paintings in the styles of three schools, drawn by Pillow: sample images to try Tagwise without own images.

Grids of primary colours are easy to recognise. Every fifth drip painting has few drips, on a soft colour field, and
every fifth colour field has some drips on it, so that these two schools overlap, as real ones do.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageColor, ImageDraw

from cvcore.languages import marked

Size = tuple[int, int]
Box = tuple[int, int, int, int]
Light = tuple[float, float, float]
Plane = NDArray[np.float32]
Item = TypeVar("Item")

PRIMARY_GRID, DRIP_PAINTING, COLOUR_FIELD = TAGS = (
    marked("Primary grid"),
    marked("Drip painting"),
    marked("Colour field"),
)

# How much of red, green and blue there is.
DAYLIGHT: Light = (1.0, 1.0, 1.0)

_CROSSOVER = 5  # every fifth painting has parts of the other school
_FINE = 2  # lines are drawn twice as large, then reduced, for smooth edges

_GRID_WHITES = ("#f3efe2", "#e9e4d5", "#f6f3ea", "#ece9e4")
_GRID_COLOURS = ("#c4271b", "#d83a20", "#1f3f8f", "#1b3272", "#f0c419", "#e6b422", "#c9c6bc", "#1a1815")
_CANVASES = ("#d9c9a8", "#c6b28c", "#e9e2d0", "#b7a681", "#8f897c", "#23211f", "#5a3a2a", "#93a3a0")
_PAINTS = (
    ("#141210", "#f3efe4", "#8f2f22", "#c79a3a"),
    ("#141210", "#efe9dc", "#6d7f86", "#b8b6b0"),
    ("#1b1a18", "#f4efdf", "#2f6f73", "#d0552b", "#d9a733"),
    ("#0f1626", "#f1ece0", "#365c8d", "#a9b7b5", "#c23b2a"),
    ("#f2eee3", "#1d1c1a", "#6c7a3c", "#b58a3a"),
    ("#efe7d6", "#2a1712", "#a3332a", "#e0a04a", "#4f7f86"),
)
_FIELDS = (
    ("#7a1f1d", "#c8351f", "#e0662b", "#2b1412"),
    ("#e0962f", "#f4c64f", "#d9481c", "#f3e2b8"),
    ("#1d2b4f", "#2f5d8c", "#101a30", "#86abba"),
    ("#3b1c1e", "#27462f", "#6b8a4c", "#8a2b22"),
    ("#4a1518", "#1b0f12", "#8b2d26", "#5f1f2a"),
    ("#d8a08e", "#f0dcc8", "#c2504a", "#8f2d3f"),
    ("#2d1f3d", "#6a3d6e", "#b8688f", "#191326"),
    ("#8d8a83", "#262422", "#bdb7aa", "#55524d"),
    ("#cfae35", "#2e6f73", "#f0de86", "#1f4145"),
    ("#b8432f", "#ee9a74", "#f4c7a1", "#7c1f2e"),
    ("#1f3a34", "#4f9482", "#d8cf9c", "#122420"),
    ("#c9572b", "#33406f", "#e8b04f", "#1d2340"),
)
_WALLS = ("#e7e4de", "#d9d6d0", "#c9c4bb", "#efeae0", "#b9bdbd")
_FRAMES = ("#1c1a18", "#7a5a38", "#e8e4da", "#b08d4f")


@dataclass(frozen=True)
class Sample:
    """A painting: its file name, the tag of its school, and the JPEG file's bytes."""

    name: str
    tag: str
    data: bytes


def paintings(seed: int = 0, per_school: int = 40) -> Iterator[Sample]:
    """`per_school` paintings of each school, 320 to 420 pixels per side; the same seed gives the same bytes.

    >>> [sample.name for sample in paintings(per_school=1)]
    ['primary-grid-01.jpg', 'drip-painting-01.jpg', 'colour-field-01.jpg']
    """
    for school, tag in enumerate(TAGS):
        for number in range(1, per_school + 1):
            rng = np.random.default_rng((seed, school, number))
            name = f"{tag.lower().replace(' ', '-')}-{number:02}.jpg"
            yield Sample(name, tag, photograph(paint(tag, number % _CROSSOVER == 0, rng), rng))


def paint(tag: str, crossover: bool, rng: Generator) -> Image.Image:
    """A painting of a school; a crossover has parts of the other school, primary grids have none."""
    width, height = rng.integers(324, 399, 2).tolist()
    return _painted(tag, crossover, (width, height), rng)


def _painted(tag: str, crossover: bool, size: Size, rng: Generator) -> Image.Image:
    if tag == PRIMARY_GRID:
        return _grid(size, rng)
    if tag == COLOUR_FIELD:
        field = _field(size, rng)
        return _dripped(field, int(rng.integers(5, 16)), rng) if crossover else field
    if crossover:
        return _dripped(_field(size, rng), int(rng.integers(8, 20)), rng)
    canvas = Image.new("RGB", size, _shade(_one_of(_CANVASES, rng), rng))
    return _dripped(canvas, int(rng.integers(40, 80)), rng)


def _grid(size: Size, rng: Generator) -> Image.Image:
    """Black lines that split a white canvas, a few of its boxes in primary colours."""
    width, height = size[0] * _FINE, size[1] * _FINE
    image = Image.new("RGB", (width, height), _one_of(_GRID_WHITES, rng))
    draw = ImageDraw.Draw(image)
    boxes = _split((0, 0, width, height), int(rng.integers(6, 14)), rng)
    coloured = rng.permutation(len(boxes))[: int(rng.integers(2, 6))]
    for box, colour in zip(coloured, rng.permutation(len(_GRID_COLOURS)), strict=False):
        draw.rectangle(boxes[box], fill=_shade(_GRID_COLOURS[colour], rng))
    thin = int(rng.integers(5, 13))
    for left, top, right, bottom in boxes:
        line_px = thin + int(rng.integers(0, 5))
        if top > 0:
            draw.line((left, top, right, top), "#15130f", line_px)
        if left > 0:
            draw.line((left, top, left, bottom), "#15130f", line_px)
    return image.reduce(_FINE)


def _split(canvas: Box, cuts: int, rng: Generator) -> list[Box]:
    """Split a canvas into boxes with `cuts` cuts, large boxes first."""
    boxes = [canvas]
    for _ in range(cuts):
        boxes.sort(key=lambda box: (box[2] - box[0]) * (box[3] - box[1]) * rng.uniform(0.4, 1))
        left, top, right, bottom = boxes.pop()
        share = rng.choice((0.22, 0.34, 0.5, 0.66, 0.78)) + rng.uniform(-0.05, 0.05)
        if (right - left) * rng.uniform(0.6, 1.6) > bottom - top:
            cut = int(left + share * (right - left))
            boxes += [(left, top, cut, bottom), (cut, top, right, bottom)]
        else:
            cut = int(top + share * (bottom - top))
            boxes += [(left, top, right, cut), (left, cut, right, bottom)]
    return boxes


def _field(size: Size, rng: Generator) -> Image.Image:
    """Two to four soft-edged blocks of colour, one above the other, on a background."""
    width, height = size[0] // _FINE, size[1] // _FINE  # soft edges need no fine drawing
    background, *blocks = (_rgb(_shade(colour, rng)) for colour in _one_of(_FIELDS, rng))
    rng.shuffle(blocks)
    painted = np.broadcast_to(background, (height, width, 3)).copy()
    margin, gap, soft = width * rng.uniform(0.05, 0.11), height * rng.uniform(0.02, 0.05), rng.uniform(2, 5)
    cuts = np.sort(rng.uniform(0.2, 0.8, int(rng.integers(1, 4)))) * height
    edges = [height * 0.04, *cuts, height * 0.96]
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    ragged = _clouds((width, height), (24, 24), rng) + _clouds((width, height), (70, 12), rng)
    across = np.minimum(x, width - 1 - x) - margin
    for number, (top, bottom) in enumerate(pairwise(edges)):
        down = np.minimum(y - top, bottom - y) - gap / 2
        inside = np.minimum(across[None, :], down[:, None]) / soft + 0.6 * ragged
        cover = np.clip(0.5 + 0.3 * inside, 0, 1) * rng.uniform(0.8, 1)
        painted += cover[:, :, None].astype(np.float32) * (blocks[number % len(blocks)] - painted)
    return _image(painted).resize(size, Image.Resampling.BILINEAR)


def _dripped(image: Image.Image, threads: int, rng: Generator) -> Image.Image:
    """The image with drips of paint and their splashes drawn over it, one colour after the other."""
    fine = image.resize((image.width * _FINE, image.height * _FINE), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(fine)
    paints = _one_of(_PAINTS, rng)
    layers = np.sort(rng.integers(0, len(paints), threads))
    for layer, (left, right) in zip(layers, _throws(fine.size, threads, rng), strict=True):
        fill = _shade(paints[layer], rng)
        for start in range(0, len(left) - 1, 12):  # in pieces, because a polygon that crosses itself has holes
            outline = np.concatenate([left[start : start + 13], right[start : start + 13][::-1]])
            draw.polygon(outline.ravel().tolist(), fill)
        splashes = int(rng.integers(0, 9))
        for x, y in left[rng.integers(0, len(left), splashes)] + rng.normal(0, 30, (splashes, 2)):
            draw.circle((x, y), rng.gamma(1.3, 1.5) + 0.5, fill)
    return fine.reduce(_FINE)


def _throws(size: Size, threads: int, rng: Generator) -> NDArray[np.float64]:
    """The left and right edges of drips of paint that curl and change their width: (threads, 2, 49, 2), x and y."""
    bends = _smooth(rng.normal(0, 0.16, (threads, 9)))
    heading = rng.uniform(0, 2 * np.pi, (threads, 1)) + np.cumsum(bends, axis=1)
    ahead = np.stack([np.cos(heading), np.sin(heading)], axis=2)
    path = np.cumsum(ahead * rng.uniform(6, 26, (threads, 1, 1)), axis=1)
    path += rng.uniform(0, 1, (threads, 1, 2)) * np.array(size) - path.mean(axis=1, keepdims=True)
    half_px = rng.gamma(1.6, 0.8, (threads, 1)) * (0.3 + _smooth(rng.gamma(2, 0.5, (threads, 9))))
    aside = ahead[:, :, ::-1] * np.array([-1, 1]) * half_px[:, :, None]
    return np.stack([path - aside, path + aside], axis=1)


def _smooth(knots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of 9 values, interpolated to 49."""
    at = np.linspace(0, knots.shape[1] - 1, 49)
    return np.array([np.interp(at, np.arange(knots.shape[1]), row) for row in knots])


def photograph(painting: Image.Image, rng: Generator, light: Light = DAYLIGHT) -> bytes:
    """The painting on a wall, with or without a frame, straight or slightly rotated, as a JPEG file."""
    margin = int(rng.integers(4, 18))
    size = (painting.width + 2 * margin, painting.height + 2 * margin)
    wall = Image.new("RGB", size, _shade(_one_of(_WALLS, rng), rng))
    if rng.random() < 0.4:
        outside = margin - int(rng.integers(3, 8))
        box = (outside, outside, wall.width - outside - 1, wall.height - outside - 1)
        ImageDraw.Draw(wall).rectangle(box, fill=_shade(_one_of(_FRAMES, rng), rng))
    wall.paste(painting, (margin, margin))
    if rng.random() < 0.5:
        wall = wall.rotate(rng.uniform(-1.2, 1.2), Image.Resampling.BILINEAR)
    photo = _lit(wall.crop((6, 6, wall.width - 6, wall.height - 6)), light, rng)  # without the rotation's black edges
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=int(rng.integers(80, 93)))
    return file.getvalue()


def _lit(photo: Image.Image, colour: Light, rng: Generator) -> Image.Image:
    """The photo lit from one side, warm or cold, with the texture of canvas and brush."""
    across, down = (_slope(length, rng) + _threads(length, rng) for length in photo.size)
    strokes = _clouds(photo.size, (90, 7), rng) + _clouds(photo.size, (9, 9), rng)
    light = _image(232 * down[:, None] * across + 7 * strokes)
    warmth = rng.uniform(-0.04, 0.04)
    strength = rng.uniform(0.95, 1.12)
    tint = np.multiply((strength * (1 + warmth), strength, strength * (1 - warmth)), colour)
    bands = [light.point([min(255, round(level * band)) for level in range(256)]) for band in tint.tolist()]
    return ImageChops.multiply(photo, Image.merge("RGB", bands))


def _slope(length: int, rng: Generator) -> Plane:
    return np.linspace(1, 1 + rng.uniform(-0.2, 0.2), length, dtype=np.float32)


def _threads(length: int, rng: Generator) -> Plane:
    return rng.normal(0, 0.009, length).astype(np.float32)


def _clouds(size: Size, grains: Size, rng: Generator) -> Plane:
    """Smooth noise in about -1..1, (height, width), enlarged from random grains; `grains` is (rows, columns)."""
    grain = Image.fromarray(rng.integers(0, 256, grains, np.uint8))
    return np.asarray(grain.resize(size, Image.Resampling.BICUBIC), np.float32) / np.float32(127.5) - 1


def _image(pixels: Plane) -> Image.Image:
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _shade(colour: str, rng: Generator) -> str:
    """A random colour close to the given one."""
    red, green, blue = (_rgb(colour) * rng.uniform(0.9, 1.08) + rng.normal(0, 6, 3)).clip(0, 255).astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _rgb(colour: str) -> Plane:
    return np.array(ImageColor.getrgb(colour), np.float32)


def _one_of(items: Sequence[Item], rng: Generator) -> Item:
    return items[int(rng.integers(len(items)))]
