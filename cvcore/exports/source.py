"""What every export of an iteration needs, made once and shared by all its formats."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore import evaluation, imaging
from cvcore.errors import NotFound
from cvcore.exports.writers.network import Network
from cvcore.files import blobs
from cvcore.languages import t
from cvcore.networks import backbones, feature_extraction, heads, keras_backbones, keras_backend
from cvcore.progress import Progress, silent
from cvcore.records import Iteration
from cvcore.store import SnapshotTag, Store

# How many of the iteration's images an export is tested on, at most.
IMAGES = 50


@dataclass(frozen=True, eq=False)
class Source:
    """An iteration's head, tags and backbone, and images to test on with the page's probabilities.

    The head's weights are in `out_of_fold`; `networks` is the backbone's folder; `files` are the images' originals,
    `pixels` is uint8 (images, side, side, 3), `probabilities` float32 (images, tags).
    """

    iteration_id: str
    out_of_fold: evaluation.OutOfFold
    tags: list[SnapshotTag]
    backbone: backbones.Backbone
    networks: Path
    files: list[Path]
    pixels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    _read: list[NDArray[np.float32]] = field(default_factory=list)

    @cached_property
    def network(self) -> Network:
        """The backbone with the head on it. Needs `keras_backend.prepare_backend` before."""
        import keras

        backbone = keras_backbones.load(self.backbone, self.networks)
        activation = "sigmoid" if self.out_of_fold.multilabel else "softmax"
        head = keras.layers.Dense(len(self.tags), activation, name="probabilities")
        model = keras.Model(backbone.input, head(backbone.output))
        head.set_weights([self.out_of_fold.kernel, self.out_of_fold.bias])
        return Network(model, self.pixels, tuple(tag.name for tag in self.tags))

    def images(self, read_image: Callable[[Path, int], Any]) -> list[NDArray[np.float32]]:
        """The images as an exported script reads them; all scripts have the same function, so they are read once."""
        if not self._read:
            self._read.extend(read_image(file, self.backbone.side) for file in self.files)
        return self._read


def load(store: Store, iteration: Iteration, progress: Progress = silent) -> Source:
    """Everything that an iteration's exports share. Loads TensorFlow into this process.

    Raises:
        Conflict: the iteration is not trained.
        NotFound: the files of all its images were deleted.
        ModelDamaged, WeightsMissing: a file of it, or its network's weights, are missing or have changed.
    """
    progress(t("Computing the page's probabilities"), 0.0)
    out_of_fold = evaluation.load(store, iteration)
    networks = blobs.backbones_folder(store.home)
    backbone = backbones.find(iteration.fingerprint, networks)
    files = _files(store, iteration)
    pixels = np.stack([imaging.pixels(blobs.read(file), backbone.side) for file in files])
    embeddings = feature_extraction.load(backbone, networks)(pixels)
    probabilities = heads.probabilities(
        embeddings, out_of_fold.kernel, out_of_fold.bias, multilabel=out_of_fold.multilabel
    )
    tags = evaluation.tags(store, iteration)
    progress(t("Starting TensorFlow"), 0.1)
    os.environ["KERAS_BACKEND"] = "tensorflow"  # all converters take TensorFlow's graphs, whatever trained the network
    keras_backend.prepare_backend()
    return Source(iteration.id, out_of_fold, tags, backbone, networks, files, pixels, probabilities)


def is_current(source: Source, store: Store, iteration: Iteration) -> bool:
    """Whether a source made before still is the iteration's: its tags have the same names, its images are there."""
    return (
        (source.iteration_id, source.networks) == (iteration.id, blobs.backbones_folder(store.home))
        and source.tags == evaluation.tags(store, iteration)
        and source.files == _files(store, iteration)
    )


def _files(store: Store, iteration: Iteration) -> list[Path]:
    """The originals of up to `IMAGES` of the iteration's images, evenly spread."""
    paths = (blobs.original_path(store.home, image.sha256) for image in store.iterations.images(iteration.id))
    present = [path for path in paths if path.exists()]
    if not present:
        raise NotFound(
            t(
                "an export is tested on {iteration}'s images, but all their files were deleted: train again",
                iteration=iteration.name,
            )
        )
    return [present[row] for row in np.unique(np.linspace(0, len(present) - 1, IMAGES).round().astype(int))]
