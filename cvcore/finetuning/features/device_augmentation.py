"""The changes of `augmentation` to a batch of images on the device, in one program instead of one image after another.

Like Pillow, it rounds down after every change; single pixels differ by a level or two of 255.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.domains import Border
from cvcore.finetuning.features.augmentation import GREY, Changes

# The shares of red, green and blue in a pixel's grey, as in Pillow (ITU-R 601-2).
GREYS = (0.299, 0.587, 0.114)

UNMOVED = (1.0, 0.0, 0.0, 0.0)

Tensor = Any  # TensorFlow's own


def as_rows(changes: Sequence[Changes]) -> NDArray[np.float32]:
    """One row of numbers an image, (n, 13), that `augment` takes."""
    return np.array(
        [
            (
                drawn.is_mirrored,
                drawn.quarters,
                *(drawn.moved or UNMOVED),
                *(drawn.light or (1, 1)),
                drawn.colour or 1,
                *(drawn.cover or (0, 0, 0, 0)),
            )
            for drawn in changes
        ],
        np.float32,
    )


def augment(pixels: Tensor, rows: Tensor, border: Border) -> Tensor:
    """Changed copies of images uint8 (n, side, side, 3), as float32 of the same shape; compiled by the caller."""
    import tensorflow as tf

    columns = [column[:, None, None] for column in tf.unstack(rows, axis=1)]
    mirrored, quarters, cos, sin, across, down = columns[:6]
    brightness, contrast, colour = (column[..., None] for column in columns[6:9])
    side = pixels.shape[1]
    x, y = _sources(side, cos, sin, across, down)
    images = _sampled(pixels, x, y, lambda i, j: _before_spin(i, j, side, mirrored, quarters), border)
    images = _levels(images * brightness)
    mean = tf.round(tf.reduce_mean(_grey(images), axis=(1, 2, 3), keepdims=True))
    images = _levels(mean + contrast * (images - mean))
    grey = _grey(images)
    images = _levels(grey + colour * (images - grey))
    return tf.where(_is_covered(side, *columns[9:])[..., None], tf.constant(GREY, tf.float32), images)


def _sources(side: int, cos: Tensor, sin: Tensor, across: Tensor, down: Tensor) -> tuple[Tensor, Tensor]:
    """Where each pixel of the result comes from, x and y (n, side, side): 0 is the middle of the first pixel."""
    import tensorflow as tf

    middle = side / 2
    offsets = tf.range(side, dtype=tf.float32) + 0.5 - middle
    x, y = offsets[None, None, :], offsets[None, :, None]
    return cos * x + sin * y + middle + across - 0.5, cos * y - sin * x + middle + down - 0.5


def _sampled(pixels: Tensor, x: Tensor, y: Tensor, source: Any, border: Border) -> Tensor:
    """The images at x and y, each between four pixels; `source` maps rows and columns to those in `pixels`."""
    import tensorflow as tf

    count, side = tf.shape(pixels)[0], pixels.shape[1]
    flat = tf.reshape(tf.cast(pixels, tf.float32), (count, side * side, 3))
    left, top = tf.floor(x), tf.floor(y)

    def at(row: Tensor, column: Tensor) -> Tensor:
        i, j = source(_inside(row, side, border), _inside(column, side, border))
        places = tf.reshape(tf.cast(i * side + j, tf.int32), (count, side * side))
        return tf.reshape(tf.gather(flat, places, batch_dims=1), (count, side, side, 3))

    right, below = (x - left)[..., None], (y - top)[..., None]
    upper = at(top, left) * (1 - right) + at(top, left + 1) * right
    lower = at(top + 1, left) * (1 - right) + at(top + 1, left + 1) * right
    return _levels(upper * (1 - below) + lower * below)


def _inside(place: Tensor, side: int, border: Border) -> Tensor:
    """A row or column beyond the edge as the one inside that fills it."""
    import tensorflow as tf

    if border == "reflect":
        place = tf.abs(place)
        place = tf.minimum(place, 2 * (side - 1) - place)
    return tf.clip_by_value(place, 0, side - 1)


def _before_spin(i: Tensor, j: Tensor, side: int, mirrored: Tensor, quarters: Tensor) -> tuple[Tensor, Tensor]:
    """Where a pixel of the spun image was before the spin and before the mirror."""
    import tensorflow as tf

    far_i, far_j = side - 1 - i, side - 1 - j
    row = tf.where(quarters == 0, i, tf.where(quarters == 1, j, tf.where(quarters == 2, far_i, far_j)))
    column = tf.where(quarters == 0, j, tf.where(quarters == 1, far_i, tf.where(quarters == 2, far_j, i)))
    return row, tf.where(mirrored > 0, side - 1 - column, column)


def _grey(images: Tensor) -> Tensor:
    import tensorflow as tf

    return tf.round(tf.reduce_sum(images * tf.constant(GREYS), axis=-1, keepdims=True))


def _levels(images: Tensor) -> Tensor:
    import tensorflow as tf

    return tf.floor(tf.clip_by_value(images, 0, 255))


def _is_covered(side: int, top: Tensor, left: Tensor, height: Tensor, width: Tensor) -> Tensor:
    import tensorflow as tf

    places = tf.range(side, dtype=tf.float32)
    row, column = places[None, :, None], places[None, None, :]
    return (row >= top) & (row < top + height) & (column >= left) & (column < left + width)
