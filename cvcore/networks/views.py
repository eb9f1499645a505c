"""Networks composed of others: several views of an image in one embedding, and a second network beside the first.

The views are the image, its centre and its mirror image; the embedding is the mean of theirs. A network beside sees
the image alone; its embedding stands after the other, at a length that suits it. Views and resizing are layers of the
model, so a composed network is one Keras model with one LiteRT file and one fingerprint, like any other.

Its name says what it is composed of: `MobileNetV2 + Built-in network 160, 3 views`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cvcore.domains import BUILT_IN
from cvcore.records import PLAIN, VIEWS_AND_BUILT_IN, EmbeddingKind

# The share of the image's width and height that its centre has. Where a number here changes, so must
# `architectures.PREPROCESSING`.
CENTRE = 5 / 8

# The length of a second network's embedding, relative to the first one's. Of 0.35, 0.5, 0.7 and 1, 0.7 made the fewest
# mistakes on five sets with MobileNetV2: 222, with none beside 245.
SECOND_LENGTH = 0.7
LENGTH_FLOOR = 1e-6

# The layer whose output is a second network's embedding.
SECOND = "second"

_NAME = re.compile(r"(?P<first>.+?)(?: \+ (?P<second>.+) (?P<side>\d{1,4}))?(?:, (?P<views>[23]) views)?")

# A Keras model from the name and input size of a network.
ModelBuilder = Callable[[str, int], Any]
Tensor = Any  # Keras' own, symbolic


@dataclass(frozen=True)
class Composition:
    """What a network is composed of.

    `first` is the network that the project's domain uses; `second` is one beside it, with the size of its input, or
    None. `views` are 1, the image alone, 2, with its centre, or 3, with its mirror image too.
    """

    first: str
    second: tuple[str, int] | None = None
    views: int = 1

    @property
    def name(self) -> str:
        """The name, from which `parse` makes the composition again.

        >>> Composition("MobileNetV2", views=3).name, Composition("MobileNetV2").name
        ('MobileNetV2, 3 views', 'MobileNetV2')
        """
        second = f" + {self.second[0]} {self.second[1]}" if self.second else ""
        return f"{self.first}{second}" + (f", {self.views} views" if self.views > 1 else "")


def parse(name: str) -> Composition | None:
    """The composition with that name; None if it is the name of a single network that sees one view.

    >>> parse("MobileNetV2 + Built-in network 160, 2 views")
    Composition(first='MobileNetV2', second=('Built-in network', 160), views=2)
    >>> parse("MobileNetV2")
    """
    found = _NAME.fullmatch(name)
    if not found or (not found["second"] and not found["views"]):
        return None
    second = (found["second"], int(found["side"])) if found["second"] else None
    return Composition(found["first"], second, int(found["views"] or 1))


def networks_in(name: str) -> tuple[str, ...]:
    """The names of the networks that one with that name is composed of, the first one first; or the name itself.

    >>> networks_in("MobileNetV2 + Built-in network 160, 2 views"), networks_in("MobileNetV2")
    (('MobileNetV2', 'Built-in network'), ('MobileNetV2',))
    """
    composition = parse(name)
    if composition is None:
        return (name,)
    return (composition.first, composition.second[0]) if composition.second else (composition.first,)


def name_for(backbone: str, kind: EmbeddingKind, *, has_mirror: bool) -> str:
    """The name of the network that computes a kind of embedding with a backbone; the built-in one has none beside it.

    >>> from cvcore.records import VIEWS
    >>> name_for("MobileNetV2", VIEWS, has_mirror=True), name_for("MobileNetV2", VIEWS, has_mirror=False)
    ('MobileNetV2, 3 views', 'MobileNetV2, 2 views')
    >>> name_for("MobileNetV2", PLAIN, has_mirror=True)
    'MobileNetV2'
    """
    if kind == PLAIN:
        return backbone
    beside = kind == VIEWS_AND_BUILT_IN and backbone != BUILT_IN.backbone
    second = (BUILT_IN.backbone, BUILT_IN.side) if beside else None
    return Composition(backbone, second, 3 if has_mirror else 2).name


def build(composition: Composition, side: int, model_of: ModelBuilder) -> Any:
    """The Keras model, float32 (n, side, side, 3) RGB 0..255 to (n, dimension); `model_of` builds its networks."""
    import keras

    pixels = keras.Input((side, side, 3), name="pixels")
    first = model_of(composition.first, side)
    embeddings = [first(view, training=False) for view in views_of(pixels, composition.views)]
    if composition.second:
        name, own_side = composition.second
        resized = keras.layers.Resizing(own_side, own_side, name="resized")(pixels)
        second = keras.layers.Identity(name=SECOND)(model_of(name, own_side)(resized, training=False))
        embeddings = [beside(embedding, second) for embedding in embeddings]
    embedding = keras.layers.Average(name="mean")(embeddings) if len(embeddings) > 1 else embeddings[0]
    return keras.Model(pixels, embedding, name=re.sub(r"[^\w]+", "-", composition.name))


def beside(first: Tensor, second: Tensor) -> Tensor:
    """Two embeddings (n, …) as one, the second brought to `SECOND_LENGTH` of the first one's length, image by image."""
    from keras import layers, ops

    def length(embedding: Tensor) -> Tensor:
        return ops.sqrt(ops.sum(ops.square(embedding), axis=-1, keepdims=True) + LENGTH_FLOOR)

    return layers.Concatenate()([first, second * (SECOND_LENGTH * length(first) / length(second))])


def networks_of(model: Any, composition: Composition) -> tuple[Any, Tensor | None]:
    """The model of the first network in a model from `build`, and the tensor of the second's embedding or None."""
    import keras

    first = next(layer for layer in model.layers if isinstance(layer, keras.Model))
    return first, model.get_layer(SECOND).output if composition.second else None


def view_of(pixels: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """A view of an image, uint8 (side, side, 3) in and out, by its number from 0: as `views_of`, rounded."""
    if number == 0:
        return pixels
    if number == 2:
        return np.ascontiguousarray(pixels[:, ::-1])
    side, margin = len(pixels), _margin(len(pixels))
    centre = Image.fromarray(pixels[margin : side - margin, margin : side - margin])
    return np.asarray(centre.resize((side, side), Image.Resampling.BILINEAR))


def views_of(pixels: Tensor, count: int) -> list[Tensor]:
    """The first `count` views of images (n, side, side, 3): the images, their centres enlarged, their mirror images."""
    from keras import layers, ops

    side = pixels.shape[1]
    cropped = layers.Cropping2D(_margin(side), name="cropped")(pixels)
    centre = layers.Resizing(side, side, name="centre")(cropped)
    return [pixels, centre, ops.flip(pixels, axis=2)][:count]


def _margin(side: int) -> int:
    return round(side * (1 - CENTRE) / 2)
