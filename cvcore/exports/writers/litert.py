"""Writes a network for LiteRT, with 32-bit or 16-bit floats or with 8-bit integers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.exports.writers.network import Network


def write(network: Network, folder: Path) -> None:
    """Write model.tflite with 32-bit floats."""
    _convert(_converter(network), folder)


def write_float16(network: Network, folder: Path) -> None:
    """Write model.tflite with weights of 16 bits; input and output keep 32."""
    import tensorflow as tf

    converter = _converter(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    _convert(converter, folder)


def write_int8(network: Network, folder: Path) -> None:
    """Write model.tflite with 8-bit integers inside, fitted to the example images; input and output are floats."""
    import tensorflow as tf

    def samples() -> Iterator[list[NDArray[np.float32]]]:
        for image in network.pixels:
            yield [image[None].astype(np.float32)]

    converter = _converter(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    _convert(converter, folder)


def _converter(network: Network) -> Any:
    import tensorflow as tf

    return tf.lite.TFLiteConverter.from_concrete_functions([network.function])


def _convert(converter: Any, folder: Path) -> None:
    (folder / "model.tflite").write_bytes(converter.convert())
