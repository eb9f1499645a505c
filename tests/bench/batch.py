"""Images predicted per second, from files on the disk to probabilities: `tagwise predict`'s way beside Keras'.

    KERAS_HOME=… python tests/bench/batch.py FOLDER_OF_TAG_FOLDERS [--rounds 3]

The Keras side is what its guides teach, `image_dataset_from_directory` and `model.predict`, with the same network
and head; decoding is included on both sides. Rounds alternate, so that a busy machine is busy for both, and each
side's best one counts.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cvcore import datasets, evaluation, projects, training
from cvcore.files import blobs
from cvcore.networks import backbones, keras_backbones
from cvcore.prediction import batch_images, batches
from cvcore.projects import imports
from cvcore.records import Iteration
from cvcore.settings import Limits
from cvcore.store import Store

DOMAINS = ("General (compact) [S1]", "Built-in")
BATCH = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        store = Store(Path(home))
        for domain in DOMAINS:
            compare(store, trained(store, domain, options.folder), options.folder, options.rounds)


def trained(store: Store, domain: str, folder: Path) -> Iteration:
    """An iteration of the folder's images; another process trains, whose settings for Keras would slow it here."""
    project = projects.create(store, domain, domain=domain)
    imports.import_images(store, project, datasets.entries(folder, Limits()), limits=Limits())
    command = [sys.executable, "-m", "cvcore.cli", "train", domain]
    subprocess.run(command, env=os.environ | {"TAGWISE_HOME": str(store.home)}, check=True, capture_output=True)
    return training.find_iteration(store, project)


def compare(store: Store, iteration: Iteration, folder: Path, rounds: int) -> None:
    """Print both rates, their ratio, and how many images get the same most probable tag."""
    model, side = keras_classifier(store, iteration)
    tags = [tag.name for tag in evaluation.tags(store, iteration)]
    by_us: list[list[str]] = []
    by_keras: list[list[str]] = []

    def ours() -> None:
        batch = batch_images.images_at(folder, Limits())
        answers = batches.predict(store, iteration, batch, 0.5, limits=Limits())
        by_us.append([answer.predictions[0].tag for answer in answers])

    def theirs() -> None:
        by_keras.append([tags[column] for column in predicted_by_keras(model, folder, side).argmax(axis=1)])

    spent = [(seconds(ours), seconds(theirs)) for _ in range(rounds + 1)][1:]  # the first of each warms up
    count = len(by_us[0])
    own, keras = (count / min(times) for times in zip(*spent, strict=True))
    same = np.mean(np.array(by_us[0]) == np.array(by_keras[0]))
    print(f"{iteration.backbone}, {count} images: {own:.0f} images/s, {keras:.0f} by keras predict", end="")
    print(f": {own / keras:.1f} times as fast, {same:.1%} the same tag", flush=True)


def keras_classifier(store: Store, iteration: Iteration) -> tuple[Any, int]:
    """The iteration as one Keras model, and its images' side."""
    import keras

    backbone = backbones.find(iteration.fingerprint, blobs.backbones_folder(store.home))
    keras_backbone = keras_backbones.load(backbone, blobs.backbones_folder(store.home))
    out_of_fold = evaluation.load(store, iteration)
    head = keras.layers.Dense(len(out_of_fold.bias), "softmax")
    model = keras.Model(keras_backbone.input, head(keras_backbone.output))
    head.set_weights([out_of_fold.kernel, out_of_fold.bias])
    return model, backbone.side


def predicted_by_keras(model: Any, folder: Path, side: int) -> np.ndarray:
    """Probabilities as a Keras user gets them, in the order of the files' paths."""
    import keras

    images = keras.utils.image_dataset_from_directory(
        folder, labels=None, image_size=(side, side), batch_size=BATCH, shuffle=False, verbose=False
    )
    return np.asarray(model.predict(images, verbose=0))


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
