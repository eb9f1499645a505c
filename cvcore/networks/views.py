"""Networks composed of others: several views of an image in one embedding, and a second network beside the first.

The views are the image, its centre and its mirror image; the embedding is the mean of theirs. A network beside sees
the image alone; its embedding stands after the other. Views and resizing are layers of the model, so a composed
network is one Keras model with one LiteRT file and one fingerprint, like any other.

Its name says what it is composed of: `MobileNetV2 + Built-in network 160, 3 views`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cvcore.domains import BUILT_IN
from cvcore.records import PLAIN, VIEWS_AND_BUILT_IN, EmbeddingKind

# The share of the image's width and height that its centre has.
CENTRE = 5 / 8

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

    @property
    def networks(self) -> tuple[str, ...]:
        """The names of the networks."""
        return (self.first, self.second[0]) if self.second else (self.first,)


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
    embedding = keras.layers.Average(name="mean")(embeddings) if len(embeddings) > 1 else embeddings[0]
    if composition.second:
        name, own_side = composition.second
        resized = keras.layers.Resizing(own_side, own_side, name="resized")(pixels)
        second = model_of(name, own_side)(resized, training=False)
        embedding = keras.layers.Concatenate(name="embedding")([embedding, second])
    return keras.Model(pixels, embedding, name=re.sub(r"[^\w]+", "-", composition.name))


def views_of(pixels: Tensor, count: int) -> list[Tensor]:
    """The first `count` views of images (n, side, side, 3): the images, their centres enlarged, their mirror images."""
    from keras import layers, ops

    side = pixels.shape[1]
    margin = round(side * (1 - CENTRE) / 2)
    centre = layers.Resizing(side, side, name="centre")(layers.Cropping2D(margin, name="cropped")(pixels))
    return [pixels, centre, ops.flip(pixels, axis=2)][:count]
