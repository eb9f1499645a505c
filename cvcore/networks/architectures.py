"""Builds the networks in Keras, with ImageNet weights.

`keras.applications` downloads the weights, checks them and keeps them in `KERAS_HOME`. A network includes its
preprocessing: raw RGB 0..255 in, an embedding out. The built-in network's weights ship with Tagwise, in
`cvcore.networks.builtin`. No network ever embeds with random weights: without weights, `WeightsMissing` is raised.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cvcore.domains import BUILT_IN
from cvcore.errors import InvalidInput
from cvcore.languages import t
from cvcore.networks import builtin, pretrained_weights, views
from cvcore.networks.builtin import network as built_in_network
from cvcore.networks.builtin.network import Edition

# The one size that every backbone has weights for; they serve other sizes as well.
WEIGHTS_SIDE = 224

# The version of the preprocessing and of the built-in network's constants. When it changes, all backbones are prepared
# and all images embedded again.
PREPROCESSING = 1

NAME_BUILT_IN = BUILT_IN.backbone


@dataclass(frozen=True)
class Architecture:
    """A network by its name in `keras.applications`, and the file of its weights there.

    `scale` and `offset` bring 0..255 to the range of the network's input; 1 and 0 if the network does that itself.
    """

    name: str
    weights_file: str
    download_mb: int
    scale: float = 1.0
    offset: float = 0.0


ARCHITECTURES = (
    Architecture("MobileNetV2", "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5", 9, 1 / 127.5, -1),
    Architecture("MobileNetV3Small", "weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5", 4),
    Architecture("MobileNetV3Large", "weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5", 13),
    Architecture("EfficientNetV2B0", "efficientnetv2-b0_notop.h5", 24),
)


def find(name: str) -> Architecture:
    """The architecture with this name; the built-in one is not among them.

    Raises:
        InvalidInput: no architecture has this name.
    """
    for architecture in ARCHITECTURES:
        if architecture.name == name:
            return architecture
    raise InvalidInput(t("backbone must be one of {names}, got {name!r}", names=", ".join(names()), name=name))


def names() -> list[str]:
    """The names of all networks that can be built here, compositions left out."""
    return [*(architecture.name for architecture in ARCHITECTURES), NAME_BUILT_IN]


def are_known(name: str) -> bool:
    """Whether a network of this name, or all that it is composed of, can be built here.

    >>> are_known("MobileNetV2, 3 views"), are_known("MobileNetV2, 9 views")
    (True, False)
    """
    return set(names()).issuperset(views.networks_in(name))


def require_weights(name: str) -> None:
    """Check, without loading Keras, that a network's weights are on this machine or can perhaps be downloaded.

    Raises:
        InvalidInput: no network has this name.
        WeightsMissing: they are not on this machine, and their server does not answer.
    """
    for network in views.networks_in(name):
        if network != NAME_BUILT_IN:
            pretrained_weights.require(pretrained_weights.path_of(find(network).weights_file, os.environ), network)


def keras_model(name: str, side: int, on_stage: Callable[[str], None] = lambda stage: None) -> Any:
    """The Keras model with its weights, float32 (n, side, side, 3) RGB 0..255 to (n, dimension).

    `name` can also be that of a `views.Composition`. Otherwise the last layer is the network itself, called with
    `training=False`, so that it can be unfrozen.

    Raises:
        InvalidInput: no network has this name, or no edition of the built-in one this size.
        WeightsMissing: its weights are not on this machine and cannot be downloaded.
        ModelDamaged: the built-in network's weights, which ship with Tagwise, are missing or damaged.
        StorageFull: the disk is full.
    """
    if composition := views.parse(name):
        return views.build(composition, side, lambda name, side: keras_model(name, side, on_stage))
    if name == NAME_BUILT_IN:
        return _build_built_in(builtin.edition(side))
    architecture = find(name)
    path = pretrained_weights.path_of(architecture.weights_file, os.environ)
    try:
        return _build(architecture, side, str(path))
    except (OSError, ValueError):  # missing, cut short, or another network's
        on_stage(t("Downloading {network}, {size} MB (only once)", network=name, size=architecture.download_mb))
        with pretrained_weights.downloading(path, name):
            _build(architecture, WEIGHTS_SIDE, "imagenet")
            return _build(architecture, side, str(path))


def without_weights(name: str, side: int) -> Any:
    """The same model without its weights, for a caller who sets them."""
    if composition := views.parse(name):
        return views.build(composition, side, without_weights)
    return _build_built_in(builtin.edition(side)) if name == NAME_BUILT_IN else _build(find(name), side, None)


def fingerprint_of(model: Any, name: str, side: int) -> str:
    """16 hexadecimal digits that identify a Keras model's weights, input size and preprocessing."""
    digest = hashlib.sha256(f"{name} {side} {PREPROCESSING}".encode())
    for array in model.get_weights():
        digest.update(array.astype("<f4").tobytes())
    return digest.hexdigest()[:16]


def _build_built_in(edition: Edition) -> Any:
    import keras

    network = built_in_network.build(edition)
    try:
        built_in_network.set_weights(network, builtin.weights(edition))
    except (ValueError, KeyError) as error:
        raise builtin.damaged(edition, builtin.WEIGHTS, t("another network's")) from error
    pixels = keras.Input(network.input_shape[1:], name="pixels")
    return keras.Model(pixels, network(pixels, training=False), name="Built-in")


def _build(architecture: Architecture, side: int, weights_from: str | None) -> Any:
    import keras

    shape = (side, side, 3)
    network = getattr(keras.applications, architecture.name)(
        include_top=False, pooling="avg", input_shape=shape, weights=weights_from
    )
    pixels = keras.Input(shape, name="pixels")
    scaled = keras.layers.Rescaling(architecture.scale, architecture.offset)(pixels)
    return keras.Model(pixels, network(scaled, training=False), name=f"{architecture.name}-{side}")
