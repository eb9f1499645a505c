"""Augmentation: random changes to training images, so that a network learns what does not matter for the tags.

A domain's policy names the transforms that do not change its tags: a plate can be turned any way, a façade cannot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from cvcore.domains import TURN_DEGREES, Border, Policy

ZOOM = 1.3
SHIFT = 0.1
LIGHT = 0.25
COLOUR = 0.4
COVER = 0.35
GREY = 128


@dataclass(frozen=True)
class Changes:
    """The random changes to one image, in the order in which they are made; None where a transform is off.

    `quarters` are turns by 90 degrees. `moved` is zoom x cosine and zoom x sine of the angle, and the pixels that the
    image moves across and down. `light` is brightness and contrast, `cover` the patch's top, left, height and width.
    """

    is_mirrored: bool = False
    quarters: int = 0
    moved: tuple[float, float, float, float] | None = None
    light: tuple[float, float] | None = None
    colour: float | None = None
    cover: tuple[int, int, int, int] | None = None


def augmented(pixels: NDArray[np.uint8], policy: Policy, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A randomly changed copy of an image: uint8 (side, side, 3) in and out, drawn from `rng`.

    >>> image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    >>> np.array_equal(augmented(image, Policy(()), np.random.default_rng(0)), image)
    True
    """
    changes = draw(policy, len(pixels), rng)
    if changes.is_mirrored:
        pixels = pixels[:, ::-1]
    pixels = np.rot90(pixels, changes.quarters)
    if changes.moved:
        pixels = move(pixels, changes.moved, policy.border)
    if changes.light or changes.colour:
        pixels = _relit(pixels, changes)
    if changes.cover:
        top, left, height, width = changes.cover
        pixels = pixels.copy()
        pixels[top : top + height, left : left + width] = GREY
    return np.ascontiguousarray(pixels)


def draw(policy: Policy, side: int, rng: np.random.Generator) -> Changes:
    """The changes to an image of `side` x `side` pixels, drawn from `rng`."""
    on = set(policy.transforms)
    return Changes(
        is_mirrored=bool("mirror" in on and rng.random() < 0.5),
        quarters=int(rng.integers(4)) if "spin" in on else 0,
        moved=_draw_move(on, side, rng) if on & {"turn", "zoom", "shift"} else None,
        light=(rng.uniform(1 - LIGHT, 1 + LIGHT), rng.uniform(1 - LIGHT, 1 + LIGHT)) if "light" in on else None,
        colour=rng.uniform(1 - COLOUR, 1 + COLOUR) if "colour" in on else None,
        cover=_draw_cover(side, rng) if "cover" in on and rng.random() < 0.5 else None,
    )


def _draw_move(on: set[str], side: int, rng: np.random.Generator) -> tuple[float, float, float, float]:
    angle = np.deg2rad(rng.uniform(-TURN_DEGREES, TURN_DEGREES)) if "turn" in on else 0.0
    scale = np.exp(rng.uniform(-1, 1) * np.log(ZOOM)) if "zoom" in on else 1.0
    across, down = rng.uniform(-SHIFT, SHIFT, 2) * side if "shift" in on else (0.0, 0.0)
    return scale * np.cos(angle), scale * np.sin(angle), across, down


def _draw_cover(side: int, rng: np.random.Generator) -> tuple[int, int, int, int]:
    height, width = (max(1, round(share * side)) for share in rng.uniform(COVER / 3, COVER, 2))
    return int(rng.integers(side - height + 1)), int(rng.integers(side - width + 1)), height, width


def move(pixels: NDArray[np.uint8], moved: tuple[float, float, float, float], border: Border) -> NDArray[np.uint8]:
    """The image turned, zoomed and shifted in one transform, so that it is resampled only once."""
    side = len(pixels)
    margin = side // 2
    cos, sin, across, down = moved
    middle, start = margin + side / 2, side / 2
    # Pillow wants the inverse: where in the source each pixel of the result comes from.
    offset_x = middle + across - cos * start - sin * start
    offset_y = middle + down + sin * start - cos * start
    matrix = (cos, sin, offset_x, -sin, cos, offset_y)
    padded = np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), mode=border)
    image = Image.fromarray(padded)
    return np.asarray(image.transform((side, side), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR))


def _relit(pixels: NDArray[np.uint8], changes: Changes) -> NDArray[np.uint8]:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if changes.light:
        brightness, contrast = changes.light
        image = ImageEnhance.Contrast(ImageEnhance.Brightness(image).enhance(brightness)).enhance(contrast)
    if changes.colour:
        image = ImageEnhance.Color(image).enhance(changes.colour)
    return np.asarray(image)
