"""Writes a network for Keras, and for TensorFlow as a SavedModel or as one file with the graph and its weights."""

from __future__ import annotations

from pathlib import Path

from cvcore.exports.writers.network import Network


def write_keras(network: Network, folder: Path) -> None:
    """Write model.keras."""
    network.model.save(folder / "model.keras")


def write_savedmodel(network: Network, folder: Path) -> None:
    """Write a SavedModel straight into the folder, as Custom Vision does: saved_model.pb and variables/."""
    import tensorflow as tf

    module = tf.Module()
    module.serve = network.function
    # Gradients are not needed, and those of EfficientNet's activation cannot be saved beside constants.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(module, str(folder), signatures={"serving_default": network.function}, options=options)


def write_frozen_graph(network: Network, folder: Path) -> None:
    """Write model.pb: a frozen graph from `Placeholder` to `loss`."""
    (folder / "model.pb").write_bytes(network.graph.SerializeToString())
