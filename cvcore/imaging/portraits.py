"""Six small portraits, three in the style of Picasso and three of Rembrandt, drawn for the worked example."""

from __future__ import annotations

import functools
import io

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 120, 150
PICASSO, REMBRANDT = "Picasso", "Rembrandt"
PAINTERS = (PICASSO, PICASSO, PICASSO, REMBRANDT, REMBRANDT, REMBRANDT)

_FINE = 3  # drawn three times as large, then reduced, for smooth edges
_SCHEMES = (
    ("#2f6f9f", "#f0c75e", "#d9534f", "#f4e9d8", "#3a7d5c"),
    ("#7a4b8c", "#f2a65a", "#4fa3a5", "#fbeedb", "#c63d4f"),
    ("#c8553d", "#588b8b", "#f28f3b", "#ffe3c9", "#2d3047"),
)
_OILS = (("#1b120b", "#c9965b", "#3d2817"), ("#150f0d", "#b9814e", "#4a2420"), ("#1d1710", "#d2a46d", "#2c3026"))


@functools.cache
def portraits() -> tuple[bytes, ...]:
    """The portraits as PNG files, 120 x 150, in the order of `PAINTERS`; always the same.

    >>> len(portraits()) == len(PAINTERS)
    True
    """
    drawn = []
    for number, painter in enumerate(PAINTERS):
        rng = np.random.default_rng(number)
        image = _cubist(number % 3, rng) if painter == PICASSO else _in_lamplight(number % 3, rng)
        file = io.BytesIO()
        image.save(file, "PNG")
        drawn.append(file.getvalue())
    return tuple(drawn)


def _cubist(scheme: int, rng: Generator) -> Image.Image:
    """A face of flat planes in bright colours, from the front and from the side at once."""
    ground, light, shade, skin, cloth = _SCHEMES[scheme]
    image = Image.new("RGB", (WIDTH * _FINE, HEIGHT * _FINE), ground)
    draw = ImageDraw.Draw(image)

    def plane(points: list[tuple[float, float]], fill: str) -> None:
        moved = [(_FINE * (x + rng.uniform(-3, 3)), _FINE * (y + rng.uniform(-3, 3))) for x, y in points]
        draw.polygon(moved, fill)
        draw.line([*moved, moved[0]], "#15130f", 2 * _FINE, joint="curve")

    plane([(0, 0), (50, 0), (20, 70), (0, 80)], light)
    plane([(10, 150), (25, 112), (95, 110), (112, 150)], cloth)
    plane([(48, 95), (74, 95), (78, 122), (44, 122)], shade)
    plane([(30, 30), (62, 14), (62, 108), (36, 88)], skin)
    plane([(62, 14), (94, 34), (90, 84), (62, 108)], shade)
    plane([(26, 34), (44, 8), (82, 8), (98, 40), (66, 22)], cloth)
    plane([(58, 42), (74, 72), (58, 76)], light)
    for x, y in ((44, 48), (78, 44)):
        _eye(draw, x + rng.uniform(-2, 2), y + rng.uniform(-3, 3))
    plane([(46, 88), (64, 84), (80, 90), (62, 96)], ground)
    return image.reduce(_FINE)


def _eye(draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
    box = tuple(_FINE * edge for edge in (x - 8, y - 5, x + 8, y + 5))
    draw.ellipse(box, "#fbf7ee", "#15130f", 2 * _FINE)
    draw.circle((_FINE * x, _FINE * y), 3 * _FINE, "#15130f")


def _in_lamplight(scheme: int, rng: Generator) -> Image.Image:
    """A face on a dark background, lit from one side, with a hat and a white collar."""
    dark, skin, coat = _OILS[scheme]
    image = Image.new("RGB", (WIDTH * _FINE, HEIGHT * _FINE), dark)
    draw = ImageDraw.Draw(image)
    lean = rng.uniform(-4, 4)

    def oval(left: float, top: float, right: float, bottom: float, fill: str) -> None:
        draw.ellipse([_FINE * edge for edge in (left + lean, top, right + lean, bottom)], fill)

    oval(8, 104, 112, 190, coat)
    oval(38, 96, 82, 116, "#d8cdb8")
    oval(40, 40, 82, 104, skin)
    oval(30, 26, 92, 54, "#0d0907")
    oval(42, 12, 80, 46, "#0d0907")
    for x in (53, 70):
        oval(x - 4, 62, x + 4, 67, "#2a190f")
    oval(58, 66, 65, 84, "#a8713f")
    oval(53, 89, 70, 93, "#7a3a2a")
    soft = image.filter(ImageFilter.GaussianBlur(2.2 * _FINE)).reduce(_FINE)
    across, down = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    lamp = np.exp(-(((across - 44 - lean) / 38) ** 2 + ((down - 68) / 52) ** 2))
    lit = np.asarray(soft, np.float32) * (0.28 + 1.0 * lamp[..., None]) + rng.normal(0, 4, (HEIGHT, WIDTH, 1))
    return Image.fromarray(lit.clip(0, 255).astype(np.uint8))
