"""Backbones as Keras models, for a GPU and for Advanced training; saves and deletes fine-tuned ones.

Beside its LiteRT file and record, see `backbones`, a fine-tuned backbone has its weights for Keras in `tuned-….npz`.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.errors import ArraysDamaged, ModelDamaged
from cvcore.files import blobs, npz
from cvcore.languages import t
from cvcore.networks import architectures, backbones
from cvcore.networks.backbones import Backbone

# The images in a batch on a GPU: of few images, and of many, if memory allows. The last batch is filled up, because a
# program is compiled anew for every size, which takes seconds.
SMALL_BATCH = 64
LARGE_BATCH = 512


def load(backbone: Backbone, folder: Path) -> Any:
    """The Keras model of a backbone in `folder`; its embeddings and those of the LiteRT file can be mixed.

    Raises:
        WeightsMissing: its weights are not on this machine.
        ModelDamaged: they are damaged, or not those that the backbone was converted from.
    """
    if backbone.is_tuned:
        model = _load_tuned(backbone, folder)
    else:
        model = architectures.keras_model(backbone.name, backbone.side)
    if architectures.fingerprint_of(model, backbone.name, backbone.side) != backbone.fingerprint:
        raise ModelDamaged(
            t(
                "the weights of {network} on this machine must be those it was trained with, they are different: train "
                "again",
                network=backbone.name,
            )
        )
    return model


def compile_extractor(model: Any) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """A function from images, uint8 (n, side, side, 3), to embeddings, float32 (n, dimension), compiled for a GPU.

    A batch that is too large for the device's memory is halved, and stays so. Where XLA cannot compile the network,
    TensorFlow runs it as it is. The function may be called from any thread.

    Raises, when called:
        MemoryError: the memory is too small for one image.
    """
    import tensorflow as tf

    def embed(pixels: Any) -> Any:
        return model(tf.cast(pixels, tf.float32), training=False)

    programs = [tf.function(embed, jit_compile=jit_compile, autograph=False) for jit_compile in (True, False)]
    one_at_a_time = threading.Lock()
    size, most = SMALL_BATCH, LARGE_BATCH

    def extract(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        nonlocal size, most
        embeddings = np.empty((len(images), model.output_shape[-1]), np.float32)
        done = 0
        with one_at_a_time:
            size = size if len(images) <= size else most
            while done < len(images):
                batch = images[done : done + size]
                filled = np.concatenate([batch, np.zeros((size - len(batch), *batch.shape[1:]), np.uint8)])
                try:
                    embeddings[done : done + size] = programs[0](filled).numpy()[: len(batch)]
                    done += size
                except tf.errors.ResourceExhaustedError:
                    if size == 1:
                        raise MemoryError from None
                    size = most = size // 2
                except tf.errors.OpError:
                    if len(programs) == 1:
                        raise
                    del programs[0]
        return embeddings

    return extract


def save_tuned(model: Any, base: Backbone, folder: Path) -> Backbone:
    """Convert and save a fine-tuned Keras model that was loaded as `base`.

    Raises:
        StorageFull, HomeUnusable: a file cannot be written.
    """
    content = backbones.convert_to_litert(model, folder)
    fingerprint = architectures.fingerprint_of(model, base.name, base.side)
    tuned = Backbone(base.name, base.side, base.dimension, fingerprint, blobs.sha256(content), is_tuned=True)
    arrays = io.BytesIO()
    np.savez(arrays, *model.get_weights())
    blobs.write(_weights_path(tuned, folder), arrays.getvalue())
    backbones.save(tuned, content, folder)
    return tuned


def tuned_fingerprints(folder: Path) -> list[str]:
    """The fingerprints of all backbones that were fine-tuned here."""
    return [path.stem.removeprefix("tuned-") for path in folder.glob("tuned-*.npz")]


def delete_tuned(fingerprint: str, folder: Path) -> None:
    """Delete the backbone with that fingerprint if it was fine-tuned here; no other is touched."""
    for path in folder.glob(f"tuned-{fingerprint}.*"):
        blobs.delete(path)


def tuned_weights(backbone: Backbone, folder: Path) -> bytes:
    """The npz file with a fine-tuned backbone's weights for Keras, not yet checked.

    Raises:
        ModelDamaged: it is missing.
    """
    for stem in backbones.stems(backbone):
        if (path := folder / f"{stem}.npz").exists():
            return path.read_bytes()
    raise _damaged(backbone, folder)


def _load_tuned(backbone: Backbone, folder: Path) -> Any:
    model = architectures.without_weights(backbone.name, backbone.side)
    content = tuned_weights(backbone, folder)
    try:
        model.set_weights(list(npz.read(content).values()))
    except (ArraysDamaged, ValueError) as error:  # Keras raises ValueError for weights of another network
        raise _damaged(backbone, folder) from error
    return model


def _weights_path(backbone: Backbone, folder: Path) -> Path:
    return folder / f"{backbones.stems(backbone)[0]}.npz"


def _damaged(backbone: Backbone, folder: Path) -> ModelDamaged:
    return ModelDamaged(
        t(
            "the weights {path} of the network that this was trained with are missing or damaged: train again",
            path=_weights_path(backbone, folder),
        )
    )
