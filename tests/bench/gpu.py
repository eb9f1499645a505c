"""How full a GPU is: embedding and Advanced training beside `keras predict` and a plain `Model.fit` fine-tuning.

    KERAS_HOME=… python tests/bench/gpu.py FOLDER [--images 600] [--network MobileNetV2] [--epochs 10]
        [--whole] [--xla] [--device gpu]

FOLDER holds tag-named folders of images. Every fifth image is kept aside, all methods train on the others, and seconds
count from there: images in memory, programs not compiled. `--device gpu` runs the code for a GPU wherever it is, so
that a machine without one shows that it works; its numbers say nothing then.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cvcore import datasets, domains, imaging
from cvcore.finetuning import fold_training, trainer
from cvcore.finetuning.features import feature_cache
from cvcore.finetuning.features.split_network import SplitNetwork, split_at_pixels, split_at_stride_16
from cvcore.finetuning.fold_splits import FoldSplit
from cvcore.finetuning.schedule import plan_schedule
from cvcore.finetuning.training_data import TrainingData, draw_steps
from cvcore.networks import architectures, feature_extraction, heads, keras_backbones, keras_backend
from cvcore.networks.keras_backend import Device
from cvcore.settings import Limits

SAMPLE_S = 0.2

# How often a rate is measured, and after how many seconds no more.
RUNS = 3
RUNS_S = 10.0


@dataclass(frozen=True, eq=False)
class Photos:
    """Files, their pixels (n, side, side, 3), whether each has each tag (n, tags), and the rows kept aside."""

    files: Sequence[Callable[[], bytes]]
    pixels: np.ndarray
    truth: np.ndarray
    aside: np.ndarray

    @property
    def trained(self) -> np.ndarray:
        return np.setdiff1d(np.arange(len(self.truth)), self.aside)


@dataclass(frozen=True, eq=False)
class Comparison:
    """What all methods train on, and the accuracy to reach: Quick's for the images kept aside."""

    photos: Photos
    embeddings: np.ndarray
    quick: float
    epochs: int
    device: Device
    is_xla_tried: bool


def main() -> None:
    arguments = parse()
    device: Device = arguments.device or keras_backend.prepare_backend()
    keras_backend.prepare_backend()
    model = architectures.keras_model(arguments.network, arguments.side)
    photos = read(arguments)
    print(f"{arguments.network}, {len(photos.truth)} images, {photos.truth.shape[1]} tags, code for {device}")
    embeddings = embed(model, photos)
    quick = accuracy(quick_probabilities(embeddings, photos), photos)
    print(f"Quick: {quick:.3f} of the images kept aside right")
    compared = Comparison(photos, embeddings, quick, arguments.epochs, device, arguments.xla)
    advanced("upper half", split_at_stride_16(model), compared)
    if arguments.whole:
        advanced("whole network", split_at_pixels(model), compared)
    plain_fit(architectures.keras_model(arguments.network, arguments.side), photos, quick, arguments.epochs)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=600)
    parser.add_argument("--network", default="MobileNetV2")
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--whole", action="store_true", help="fine-tune the whole network too")
    parser.add_argument("--xla", action="store_true", help="measure training steps compiled by XLA too")
    parser.add_argument("--device", choices=("cpu", "gpu"))
    return parser.parse_args()


def read(arguments: argparse.Namespace) -> Photos:
    """So many images, in turn of every tag."""
    entries = [entry for entry in datasets.entries(arguments.folder, Limits()).entries if entry.tags]
    tags = sorted({entry.tags[0] for entry in entries})
    rng = np.random.default_rng(0)
    chosen = [entries[place] for place in rng.permutation(len(entries))[: arguments.images]]
    truth = np.array([[entry.tags[0] == tag for tag in tags] for entry in chosen])
    files = [entry.read for entry in chosen]
    pixels = np.stack([imaging.pixels(file(), arguments.side) for file in files])
    return Photos(files, pixels, truth, np.arange(0, len(chosen), 5))


def embed(model: Any, photos: Photos) -> np.ndarray:
    """The embeddings; prints how fast each way computes them."""
    extract = keras_backbones.compile_extractor(model)
    side = photos.pixels.shape[1]

    def read_pixels(row: int) -> np.ndarray:
        return imaging.pixels(photos.files[row](), side)

    def stream() -> None:
        assert sum(1 for _ in feature_extraction.stream_by_gpu(range(len(photos.files)), read_pixels, extract))

    count, as_floats = len(photos.pixels), photos.pixels.astype(np.float32)
    by_keras = rate("keras predict, from memory", count, lambda: model.predict(as_floats, batch_size=32, verbose=0))
    for name, work in (("compiled, from memory", lambda: extract(photos.pixels)), ("compiled, from files", stream)):
        print(f"  {rate(name, count, work) / by_keras:.1f} times keras predict")
    return extract(photos.pixels)


def rate(name: str, count: int, work: Callable[[], Any]) -> float:
    """Images per second of the best of up to three runs after one that compiles, with the GPU's use."""
    started = time.perf_counter()
    work()
    compiled_s = time.perf_counter() - started
    seconds: list[float] = []
    with utilisation() as used:
        while len(seconds) < RUNS and sum(seconds) < RUNS_S:
            started = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - started)
    print(f"{name:34} {count / min(seconds):8.0f} images/s, first run {compiled_s:.1f} s, {shown(used)}", flush=True)
    return count / min(seconds)


def quick_probabilities(embeddings: np.ndarray, photos: Photos) -> np.ndarray:
    """What Quick answers for the images kept aside."""
    rows = photos.trained
    head = heads.fit(embeddings[rows], photos.truth[rows], np.full(len(rows), -1), multilabel=False)
    return heads.probabilities(embeddings[photos.aside], head.kernel, head.bias, multilabel=False)


def accuracy(probabilities: np.ndarray, photos: Photos) -> float:
    return float((probabilities.argmax(axis=1) == photos.truth[photos.aside].argmax(axis=1)).mean())


def advanced(name: str, network: SplitNetwork, compared: Comparison) -> None:
    """Train one fold split as Advanced does; prints its speed and when it was as good as Quick, and best."""
    photos, device, epochs = compared.photos, compared.device, compared.epochs
    rows = photos.trained
    split = FoldSplit(0, rows, photos.aside)
    batch = trainer.batch_for(len(rows), device)
    schedule = dataclasses.replace(plan_schedule([len(rows)], batch, math.inf), epochs=epochs)
    with tempfile.TemporaryDirectory() as folder, utilisation() as used:
        started = time.perf_counter()
        data = training_data(network, compared, Path(folder))
        features_s = time.perf_counter() - started
        built = trainer.build_trainer(network, data, Path(folder), batch=batch, device=device)
        results = (fold_training.train_epoch(built, split, schedule, number) for number in range(epochs))
        course(
            f"Advanced, {name}, {built.programs.copies} copies in {features_s:.1f} s",
            (accuracy(result.probabilities, photos) for result in results if result),
            compared.quick,
            started,
        )
        print(f"  {shown(used)}")
        train_rate(f"Advanced, {name}", built, split)
        if compared.is_xla_tried:
            by_xla = trainer.build_trainer(network, data, Path(folder), batch=batch, device=device, by_xla=True)
            train_rate(f"Advanced, {name}, by XLA", by_xla, split)
    network.top.set_weights(built.initial_weights)


def training_data(network: SplitNetwork, compared: Comparison, folder: Path) -> TrainingData:
    """The training data with as many augmented copies as fit."""
    photos = compared.photos
    features = feature_cache.compute(
        network,
        [partial(np.asarray, image) for image in photos.pixels],
        domains.find("General").policy,
        folder,
        budget_s=600,
        seed=0,
        device=compared.device,
    )
    costs = np.ones(photos.truth.shape[1])
    return TrainingData(features, compared.embeddings, photos.truth, costs, False, heads.L2)


def train_rate(name: str, built: trainer.Trainer, split: FoldSplit) -> None:
    """Print the images per second that an epoch's program trains on."""
    rng = np.random.default_rng(0)
    steps = max(1, len(split.rows) // built.batch)
    drawn = draw_steps(split.rows, [0.0] * steps, rng, batch=built.batch, copies=built.programs.copies)
    built.reset(split.rows)
    rate(f"{name}, batch {built.batch}", steps * built.batch, lambda: built.train(drawn, split.rows))


def plain_fit(model: Any, photos: Photos, quick: float, epochs: int) -> None:
    """Fine-tune the same layers by `Model.fit` from pixels, as Keras' guide does; prints the same."""
    import keras

    keras.utils.set_random_seed(0)
    split_at_stride_16(model)
    network = model.layers[-1]
    upper = {layer.name for layer in network.layers if layer.trainable and layer.weights}
    print(f"Model.fit trains {len(upper)} layers of the network", flush=True)
    inputs = keras.Input(photos.pixels.shape[1:])
    changed = keras.layers.RandomRotation(0.04)(keras.layers.RandomFlip("horizontal")(inputs))
    scores = keras.layers.Dense(photos.truth.shape[1], activation="softmax")(
        keras.layers.Dropout(trainer.DROPOUT)(model(changed, training=False))
    )
    whole = keras.Model(inputs, scores)
    whole.compile(keras.optimizers.AdamW(1e-4), "categorical_crossentropy")
    x, y = photos.pixels[photos.trained].astype(np.float32), photos.truth[photos.trained].astype(np.float32)
    aside = photos.pixels[photos.aside].astype(np.float32)
    seconds = []

    def accuracies() -> Iterator[float]:
        for _ in range(epochs):
            began = time.perf_counter()
            whole.fit(x, y, batch_size=32, verbose=0)
            seconds.append(time.perf_counter() - began)
            yield accuracy(whole.predict(aside, verbose=0), photos)

    with utilisation() as used:
        course("Model.fit", accuracies(), quick, time.perf_counter())
    print(f"Model.fit, from pixels {len(x) / min(seconds):8.0f} images/s, {shown(used)}")


def course(name: str, accuracies: Iterator[float], quick: float, started: float) -> None:
    """Print the best accuracy and when it, and Quick's, were reached."""
    reached = [(time.perf_counter() - started, right) for right in accuracies]
    best = max(right for _, right in reached)
    as_quick = next((f"{seconds:.1f} s" for seconds, right in reached if right >= quick), "never")
    at_best = next(seconds for seconds, right in reached if right == best)
    print(f"{name}: Quick's accuracy after {as_quick}, the best, {best:.3f}, after {at_best:.1f} s, "
          f"{len(reached)} epochs in {reached[-1][0]:.1f} s", flush=True)  # fmt: skip


@contextmanager
def utilisation() -> Iterator[list[int]]:
    """The GPU's use in percent, sampled while the block runs; empty without nvidia-smi."""
    samples: list[int] = []
    over = threading.Event()

    def sample() -> None:
        command = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
        while not over.wait(SAMPLE_S):
            answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
            samples.extend(int(number) for number in answer[:1] if number.isdigit())

    sampler = threading.Thread(target=sample)
    if shutil.which("nvidia-smi"):
        sampler.start()
    try:
        yield samples
    finally:
        over.set()
        if sampler.is_alive():
            sampler.join()


def shown(used: Sequence[int]) -> str:
    return f"GPU used {np.mean(used):.0f} % ({len(used)} samples)" if used else "no GPU to sample"


if __name__ == "__main__":
    main()
