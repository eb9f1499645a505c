"""Photos and a teacher in, crops and what the teacher says of them out: what the built-in network learns from.

The teacher is MobileNetV2 with ImageNet weights. It is asked once a crop, at 224 px, and its answers are kept::

    pixels.npy     uint8 (crops, 128, 128, 3)       what the student is shown
    pooled.npy     float16 (crops, 1280)            the teacher's embedding
    top.npy        float16 (crops, 4, 4, 192)       its last maps, along their principal axes
    middle.npy     float16 (crops, 8, 8, 96)        its maps half way, at a sixteenth of the picture's size
    teacher.npz    the axes, the spreads of all that, and its ImageNet classifier

Asking goes on where it was broken off: a crop with an embedding is done.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from cvcore.array_types import Float32s
from cvcore.networks.builtin.network import SIDE

TEACHER_SIDE = 224
TOP, TOP_AXES = 4, 192
MIDDLE, MIDDLE_CHANNELS = 8, 96
POOLED = 1280

# The first shows the whole photo squeezed to a square, as Tagwise does; the others parts of it.
CROPS_EACH = 7
# Photos too small to have many different parts.
SMALL_PX, CROPS_OF_SMALL = 100, 3
PART_LEAST, ASPECT_MOST = 0.3, 1 / 0.7
JITTER, JITTER_SHARE = 0.3, 0.5
CROPS_FOR_AXES = 1500

KINDS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"}

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Crop:
    """Which part of a photo: `number` 0 is all of it; the others are drawn from a seed of their own."""

    photo: Path
    number: int
    seed: int

    def cut(self) -> tuple[Pixels, Pixels]:
        """The part at the teacher's size and at the student's, with the same change of light and colour."""
        rng = np.random.default_rng(self.seed)
        with Image.open(self.photo) as file:
            photo = file.convert("RGB")
        box = self._box(rng, *photo.size)
        large = photo.resize((TEACHER_SIDE, TEACHER_SIDE), Image.Resampling.BICUBIC, box=box)
        small = photo.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box)
        if rng.random() < JITTER_SHARE:
            for enhancer in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
                factor = rng.uniform(1 - JITTER, 1 + JITTER)
                large, small = enhancer(large).enhance(factor), enhancer(small).enhance(factor)
        return np.asarray(large), np.asarray(small)

    def _box(self, rng: np.random.Generator, width: int, height: int) -> tuple[float, float, float, float]:
        if not self.number:
            return 0, 0, width, height
        area = width * height * rng.uniform(PART_LEAST, 1)
        aspect = np.exp(rng.uniform(-np.log(ASPECT_MOST), np.log(ASPECT_MOST)))
        across, down = min(width, np.sqrt(area * aspect)), min(height, np.sqrt(area / aspect))
        left, top = rng.uniform(0, width - across), rng.uniform(0, height - down)
        return left, top, left + across, top + down


def make(photos: Path, folder: Path, classifier: Path | None = None) -> None:
    """Cut the crops of all photos below a folder and ask the teacher, on all cores.

    `classifier` is an npz of `kernel` and `bias`, the teacher's classifier; by default Keras' own is taken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    crops = plan(photos)
    print(f"{len(crops):,} crops", flush=True)
    if not (folder / "teacher.npz").exists():
        _make_teacher(folder, classifier)
        _measure_axes(folder, crops[:CROPS_FOR_AXES])
    shapes = {
        "pixels": ((SIDE, SIDE, 3), np.uint8),
        "pooled": ((POOLED,), np.float16),
        "top": ((TOP, TOP, TOP_AXES), np.float16),
        "middle": ((MIDDLE, MIDDLE, MIDDLE_CHANNELS), np.float16),
    }
    for name, (shape, dtype) in shapes.items():
        if not (folder / f"{name}.npy").exists():
            np.lib.format.open_memmap(folder / f"{name}.npy", "w+", dtype, (len(crops), *shape))
    cores = os.cpu_count() or 1
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_ask, args=(folder, crops, core, cores)) for core in range(cores)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise SystemExit("asking the teacher broke off: run the same again, it goes on where it was")
    _measure_spreads(folder)


def plan(photos: Path) -> list[Crop]:
    """Every crop of every photo below a folder, in an order that is mixed and always the same."""
    crops = []
    files = sorted(path for path in photos.rglob("*") if path.suffix.casefold() in KINDS)
    for index, path in enumerate(files):
        with Image.open(path) as photo:
            each = CROPS_OF_SMALL if min(photo.size) < SMALL_PX else CROPS_EACH
        crops += [Crop(path, number, 100 * index + number) for number in range(each)]
    order = np.random.default_rng(0).permutation(len(crops))
    return [crops[place] for place in order]


def pooling(size: int, cells: int) -> Float32s:
    """What averages a line of `size` numbers into `cells`, which overlap where they must: (cells, size).

    >>> pooling(3, 2).tolist()
    [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]]
    """
    matrix = np.zeros((cells, size), np.float32)
    for cell in range(cells):
        start, end = cell * size // cells, -(-(cell + 1) * size // cells)
        matrix[cell, start:end] = 1 / (end - start)
    return matrix


def _make_teacher(folder: Path, classifier: Path | None) -> None:
    import keras

    network = keras.applications.MobileNetV2(include_top=False, input_shape=(TEACHER_SIDE, TEACHER_SIDE, 3))
    inner = keras.Model(network.input, [network.get_layer("block_12_add").output, network.output])
    pixels = keras.Input((TEACHER_SIDE, TEACHER_SIDE, 3))
    scaled = keras.layers.Rescaling(1 / 127.5, -1)(pixels)
    keras.Model(pixels, inner(scaled, training=False)).export(folder / "teacher.tflite", format="litert", verbose=False)
    if classifier:
        with np.load(classifier) as arrays:
            kernel, bias = arrays["kernel"], arrays["bias"]
    else:
        kernel, bias = keras.applications.MobileNetV2().get_layer("predictions").get_weights()
    np.savez(folder / "classifier.npz", kernel=kernel.astype(np.float32), bias=bias.astype(np.float32))


class _Teacher:
    """Answers (middle maps, top maps) for one picture at a time."""

    def __init__(self, folder: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(str(folder / "teacher.tflite"), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        # Told apart by the number of their channels.
        outputs = {each["shape"][-1]: each["index"] for each in self._interpreter.get_output_details()}
        self._middle, self._top = outputs[MIDDLE_CHANNELS], outputs[POOLED]

    def __call__(self, picture: Pixels) -> tuple[Float32s, Float32s]:
        self._interpreter.set_tensor(self._input, picture[None].astype(np.float32))
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._middle)[0], self._interpreter.get_tensor(self._top)[0]


def _averaged(maps: Float32s, cells: int) -> Float32s:
    matrix = pooling(len(maps), cells)
    return np.asarray(np.einsum("ah,bw,hwc->abc", matrix, matrix, maps, optimize=True), np.float32)


def _measure_axes(folder: Path, crops: list[Crop]) -> None:
    """The principal axes of the teacher's last maps."""
    teacher = _Teacher(folder)
    rows = np.concatenate([_averaged(teacher(crop.cut()[0])[1], TOP).reshape(-1, POOLED) for crop in crops])
    centre = rows.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov((rows - centre).T))
    with np.load(folder / "classifier.npz") as classifier:
        found = {"centre": centre, "axes": axes[:, : -TOP_AXES - 1 : -1].astype(np.float32), **classifier}
    np.savez(folder / "teacher.npz", **found)


def _ask(folder: Path, crops: list[Crop], core: int, cores: int) -> None:
    """Fill every `cores`-th row."""
    teacher = _Teacher(folder)
    with np.load(folder / "teacher.npz") as known:
        centre, axes = known["centre"], known["axes"]
    pixels, pooled, top, middle = (
        np.load(folder / f"{name}.npy", mmap_mode="r+") for name in ("pixels", "pooled", "top", "middle")
    )
    said_at = time.monotonic()
    for row in range(core, len(crops), cores):
        if pooled[row].any():
            continue
        large, pixels[row] = crops[row].cut()
        middle_maps, top_maps = teacher(large)
        middle[row] = _averaged(middle_maps, MIDDLE)
        top[row] = (_averaged(top_maps, TOP) - centre) @ axes
        pooled[row] = top_maps.mean(axis=(0, 1))
        if time.monotonic() - said_at > 60:
            said_at = time.monotonic()
            print(f"{row:,} of {len(crops):,} crops", flush=True)


def _measure_spreads(folder: Path, rows: int = 20_000) -> None:
    """Means and standard deviations of the answers, kept beside the axes."""
    pooled, top, middle = (
        np.load(folder / f"{name}.npy", mmap_mode="r")[:rows].astype(np.float32) for name in ("pooled", "top", "middle")
    )
    with np.load(folder / "teacher.npz") as known:
        found: dict[str, Any] = dict(known)
    found |= {"pooled_mean": pooled.mean(axis=0), "pooled_spread": pooled.std(axis=0) + 0.05}
    found |= {"middle_mean": middle.mean(axis=(0, 1, 2)), "middle_spread": middle.std(axis=(0, 1, 2)) + 0.01}
    found |= {"top_spread": np.sqrt(np.square(top).mean())}
    np.savez(folder / "teacher.npz", **found)
