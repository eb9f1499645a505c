"""Changes that images can undergo after training: turned, darker, blurred and so on, each in five strengths.

They are made to an image as the network gets it, a square of pixels, with the transforms of Advanced where it has them.
What is left to chance, such as the place of a patch, depends on the image alone: it is the same at every strength.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from cvcore import languages
from cvcore.array_types import Float64s
from cvcore.finetuning.features.augmentation import GREY, move
from cvcore.languages import marked, t

Pixels = NDArray[np.uint8]  # (side, side, 3)

# A random number for each image, from which the sign of a turn, the place of a patch and noise are drawn.
SEED = 0


@dataclass(frozen=True)
class Change:
    """A kind of change.

    name: for scripts. title: for people, in English. strengths: five numbers, growing; 0 changes nothing. said: how a
    changed image is described, with a place for the strength. unit: the strength as text, in the language spoken.
    apply: the changed copy of an image.
    """

    name: str
    title: str
    strengths: tuple[float, ...]
    said: str
    unit: Callable[[float], str]
    apply: Callable[[Pixels, float, np.random.Generator], Pixels]

    def in_words(self, strength: float) -> str:
        """An image at a strength, as it is said.

        >>> BY_NAME["turned"].in_words(20), BY_NAME["shrunk"].in_words(4)
        ('turned by 20°', 'shrunk to 1/4 of its size')
        """
        return t(self.said, strength=self.unit(strength)) if strength else t("unchanged")


def changed(pixels: Pixels, change: Change, strength: float, image: int) -> Pixels:
    """The image, uint8 (side, side, 3), changed at a strength; `image` is its number, from which chance is drawn.

    >>> grey = np.full((8, 8, 3), 200, np.uint8)
    >>> changed(grey, BY_NAME["darker"], 1, 0)[0, 0].tolist(), changed(grey, BY_NAME["darker"], 0, 0)[0, 0].tolist()
    ([146, 146, 146], [200, 200, 200])
    """
    if strength == 0:
        return pixels
    return change.apply(pixels, strength, np.random.default_rng((SEED, image)))


def _turn(pixels: Pixels, degrees: float, rng: np.random.Generator) -> Pixels:
    """Turned to either side; its mirror image fills the corners, as in Advanced."""
    angle = np.deg2rad(degrees % 360) * rng.choice((-1, 1))
    return move(pixels, (float(np.cos(angle)), float(np.sin(angle)), 0.0, 0.0), "reflect") if angle else pixels


def _darken(pixels: Pixels, stops: float, rng: np.random.Generator) -> Pixels:
    return _exposed(-stops)[pixels]


def _brighten(pixels: Pixels, stops: float, rng: np.random.Generator) -> Pixels:
    return _exposed(stops)[pixels]


def _exposed(stops: float) -> NDArray[np.uint8]:
    """The new level of each of the 256 levels if so many stops more light falls on the sensor, (256,)."""
    levels = np.arange(256) / 255
    light = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4) * 2.0**stops
    encoded: Float64s = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(255 * np.clip(encoded, 0, 1)).astype(np.uint8)


def _blur(pixels: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    radius = percent / 100 * len(pixels)
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def _shrink(pixels: Pixels, times: float, rng: np.random.Generator) -> Pixels:
    side = len(pixels)
    small = max(1, round(side / times))
    image = Image.fromarray(pixels).resize((small, small), Image.Resampling.BOX)
    return np.asarray(image.resize((side, side), Image.Resampling.BILINEAR))


def _cover(pixels: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    side = len(pixels)
    width = min(side, round(side * float(np.sqrt(percent / 100))))
    top, left = (int(share * (side - width + 1)) for share in rng.random(2))
    covered = pixels.copy()
    covered[top : top + width, left : left + width] = GREY
    return covered


def _add_noise(pixels: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    noise = rng.standard_normal(pixels.shape, np.float32) * np.float32(2.55 * percent)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def _compress(pixels: Pixels, loss: float, rng: np.random.Generator) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=round(100 - loss))
    return np.asarray(Image.open(file).convert("RGB"))


def _stops(number: float) -> str:
    return t("1 stop") if number == 1 else t("{number} stops", number=_digits(number))


def _quality(loss: float) -> str:
    return t("quality {number}", number=_digits(100 - loss))


def _percent(number: float) -> str:
    return languages.percent(_digits(number))


def _digits(number: float) -> str:
    """A strength, which has a decimal only where it needs one."""
    return languages.decimal(number, 0 if number == round(number) else 1)


# In this order in a stored measurement: see `stored.FILE`.
CHANGES = (
    Change(
        "turned",
        marked("Turned"),
        (10, 20, 45, 90, 180),
        marked("turned by {strength}"),
        lambda degrees: f"{degrees:g}°",
        _turn,
    ),
    Change("darker", marked("Darker"), (1, 2, 3, 4, 5), marked("darkened by {strength}"), _stops, _darken),
    Change("brighter", marked("Brighter"), (0.5, 1, 1.5, 2, 3), marked("brightened by {strength}"), _stops, _brighten),
    Change(
        "blurred", marked("Blurred"), (0.5, 1, 2, 3, 5), marked("blurred by {strength} of its width"), _percent, _blur
    ),
    Change(
        "shrunk",
        marked("Small"),
        (2, 4, 6, 8, 12),
        marked("shrunk to {strength} of its size"),
        lambda times: f"1/{times:g}",
        _shrink,
    ),
    Change("covered", marked("Covered"), (10, 20, 30, 50, 70), marked("covered by {strength}"), _percent, _cover),
    Change("noisy", marked("Noisy"), (4, 8, 16, 24, 40), marked("with noise of {strength}"), _percent, _add_noise),
    Change(
        "compressed",
        marked("Compressed"),
        (70, 80, 90, 95, 98),
        marked("saved as JPEG of {strength}"),
        _quality,
        _compress,
    ),
)
BY_NAME = {change.name: change for change in CHANGES}

# Every change at every strength, in the order of a measurement.
CONDITIONS = tuple((change, strength) for change in CHANGES for strength in change.strengths)
