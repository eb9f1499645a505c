"""A GPU's embeddings: few compiled programs, batches that fit into memory; here on a CPU, by the same code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cvcore.errors import NotFound
from cvcore.networks import feature_extraction, keras_backbones, keras_backend

pytestmark = pytest.mark.network

SIDE = 8


class Network:
    """A tiny Keras network of four numbers an image, which notes the batches that it is compiled for."""

    def __init__(self) -> None:
        keras_backend.prepare_backend()
        import keras

        layers = [keras.Input((SIDE, SIDE, 3)), keras.layers.Conv2D(4, 3), keras.layers.GlobalAveragePooling2D()]
        self.model = keras.Sequential(layers)
        self.output_shape = self.model.output_shape
        self.compiled_for: list[int] = []
        self.fits, self.refuses = 10**6, 0

    def __call__(self, pixels: Any, training: bool) -> Any:
        import tensorflow as tf

        self.compiled_for.append(pixels.shape[0])
        if pixels.shape[0] > self.fits:
            raise tf.errors.ResourceExhaustedError(None, None, "no memory")
        if self.refuses:
            self.refuses -= 1
            raise tf.errors.UnimplementedError(None, None, "not on this GPU")
        return self.model(pixels, training=training)

    def expected(self, images: np.ndarray) -> Any:
        return self.model.predict_on_batch(images.astype(np.float32))


@pytest.fixture
def network() -> Network:
    return Network()


def images_of(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, SIDE, SIDE, 3), np.uint8)


def test_two_programs_serve_all_batches(network: Network) -> None:
    """One is compiled for few images and one for many; each image gets its own embedding."""
    extract = keras_backbones.compile_extractor(network)
    for count in (0, 3, 64, 65, 600, 2):
        images = images_of(count)
        np.testing.assert_allclose(extract(images), network.expected(images).reshape(count, 4), rtol=1e-4, atol=1e-3)
    assert [keras_backbones.SMALL_BATCH, keras_backbones.LARGE_BATCH] == network.compiled_for


def test_a_batch_that_is_too_large_is_halved(network: Network) -> None:
    """It stays so for later calls; where not even one image fits, it is said."""
    network.fits = 200
    extract = keras_backbones.compile_extractor(network)
    for count in (300, 400):
        images = images_of(count)
        np.testing.assert_allclose(extract(images), network.expected(images), rtol=1e-4, atol=1e-3)
    assert [512, 256, 128] == network.compiled_for
    network.fits = 0
    with pytest.raises(MemoryError):
        keras_backbones.compile_extractor(network)(images_of(1))


def test_without_a_compiler_it_runs_as_it_is(network: Network) -> None:
    """A network that XLA cannot compile is embedded all the same; what fails without it too is raised."""
    import tensorflow as tf

    network.refuses = 1
    extract = keras_backbones.compile_extractor(network)
    images = images_of(5)
    np.testing.assert_allclose(extract(images), network.expected(images), rtol=1e-4, atol=1e-3)
    network.refuses = 2
    with pytest.raises(tf.errors.UnimplementedError):
        keras_backbones.compile_extractor(network)(images)


def test_a_stream_keeps_the_order(network: Network) -> None:
    """Items come in order, each with its own image's embedding or the reason why it cannot be read."""
    images = images_of(700)

    def read(item: int) -> np.ndarray:
        if item % 100 == 7:
            raise NotFound(f"image {item} must be in the home folder, it is missing: add it again")
        return np.asarray(images[item])

    extract = keras_backbones.compile_extractor(network)
    outcomes = dict(feature_extraction.stream_by_gpu(range(700), read, extract))
    assert list(range(700)) == list(outcomes)
    missing = [item for item, outcome in outcomes.items() if isinstance(outcome, NotFound)]
    assert list(range(7, 700, 100)) == missing
    present = [item for item in outcomes if item not in missing]
    embeddings = np.stack([outcomes[item] for item in present])
    np.testing.assert_allclose(embeddings, network.expected(images)[present], rtol=1e-4, atol=1e-3)
