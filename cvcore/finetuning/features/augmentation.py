"""Augmentation: random changes to training images, so that a network learns what does not matter for the tags.

A domain's policy names the transforms that do not change its tags: a plate can be turned any way, a façade cannot.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from cvcore.domains import TURN_DEGREES, Border, Policy

ZOOM = 1.3
SHIFT = 0.1
LIGHT = 0.25
COLOUR = 0.4
COVER = 0.35


def augmented(pixels: NDArray[np.uint8], policy: Policy, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A randomly changed copy of an image: uint8 (side, side, 3) in and out, drawn from `rng`.

    >>> image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    >>> np.array_equal(augmented(image, Policy(()), np.random.default_rng(0)), image)
    True
    """
    on = set(policy.transforms)
    if "mirror" in on and rng.random() < 0.5:
        pixels = pixels[:, ::-1]
    if "spin" in on:
        pixels = np.rot90(pixels, int(rng.integers(4)))
    if on & {"turn", "zoom", "shift"}:
        pixels = _moved(pixels, on, policy.border, rng)
    if on & {"light", "colour"}:
        pixels = _relit(pixels, on, rng)
    if "cover" in on and rng.random() < 0.5:
        pixels = _covered(pixels, rng)
    return np.ascontiguousarray(pixels)


def _moved(pixels: NDArray[np.uint8], on: set[str], border: Border, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The image turned, zoomed and shifted in one transform, so that it is resampled only once."""
    side = len(pixels)
    margin = side // 2
    angle = np.deg2rad(rng.uniform(-TURN_DEGREES, TURN_DEGREES)) if "turn" in on else 0.0
    scale = np.exp(rng.uniform(-1, 1) * np.log(ZOOM)) if "zoom" in on else 1.0
    across, down = rng.uniform(-SHIFT, SHIFT, 2) * side if "shift" in on else (0.0, 0.0)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    middle, start = margin + side / 2, side / 2
    # Pillow wants the inverse: where in the source each pixel of the result comes from.
    offset_x = middle + across - cos * start - sin * start
    offset_y = middle + down + sin * start - cos * start
    matrix = (cos, sin, offset_x, -sin, cos, offset_y)
    padded = np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), mode=border)
    image = Image.fromarray(padded)
    return np.asarray(image.transform((side, side), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR))


def _relit(pixels: NDArray[np.uint8], on: set[str], rng: np.random.Generator) -> NDArray[np.uint8]:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if "light" in on:
        image = ImageEnhance.Brightness(image).enhance(rng.uniform(1 - LIGHT, 1 + LIGHT))
        image = ImageEnhance.Contrast(image).enhance(rng.uniform(1 - LIGHT, 1 + LIGHT))
    if "colour" in on:
        image = ImageEnhance.Color(image).enhance(rng.uniform(1 - COLOUR, 1 + COLOUR))
    return np.asarray(image)


def _covered(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    side = len(pixels)
    height, width = (max(1, round(share * side)) for share in rng.uniform(COVER / 3, COVER, 2))
    top, left = rng.integers(side - height + 1), rng.integers(side - width + 1)
    pixels = pixels.copy()
    pixels[top : top + height, left : left + width] = 128
    return pixels
