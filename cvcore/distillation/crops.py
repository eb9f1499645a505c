"""The data for distillation: crops of photos, and the teacher's outputs for each crop.

The teacher is MobileNetV2 with ImageNet weights. It runs once on each crop, at 224 px, and its outputs are kept::

    pixels.npy     uint8 (crops, 128, 128, 3)       the student's input
    pooled.npy     float16 (crops, 1280)            the teacher's embedding
    top.npy        float16 (crops, 4, 4, 192)       its last feature maps, along their principal axes
    middle.npy     float16 (crops, 8, 8, 96)        its feature maps at stride 16
    teacher.npz    the axes, means and standard deviations, and its ImageNet classifier

A run that was stopped resumes: a crop with an embedding is done.
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

# The first is the whole photo scaled to a square, as Tagwise does; the others are parts of it.
CROPS_EACH = 7
# Small photos do not have many different parts.
SMALL_PX, CROPS_OF_SMALL = 100, 3
PART_LEAST, ASPECT_MOST = 0.3, 1 / 0.7
JITTER, JITTER_SHARE = 0.3, 0.5
CROPS_FOR_AXES = 1500

KINDS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"}

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Crop:
    """A part of a photo: `number` 0 is all of it; the others are drawn at random from `seed`."""

    photo: Path
    number: int
    seed: int

    def cut(self) -> tuple[Pixels, Pixels]:
        """The part at the teacher's size and at the student's, with the same random light and colour."""
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
    """Cut the crops of all photos below a folder and run the teacher on them, on all cores.

    `classifier` is an npz of `kernel` and `bias`, the teacher's classifier; by default Keras' own is used.
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
    workers = [context.Process(target=_run_teacher, args=(folder, crops, core, cores)) for core in range(cores)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise SystemExit("the teacher was stopped: run the same command again, it resumes")
    _measure_spreads(folder)


def plan(photos: Path) -> list[Crop]:
    """Every crop of every photo below a folder, in a random order that is always the same."""
    crops = []
    files = sorted(path for path in photos.rglob("*") if path.suffix.casefold() in KINDS)
    for index, path in enumerate(files):
        with Image.open(path) as photo:
            count = CROPS_OF_SMALL if min(photo.size) < SMALL_PX else CROPS_EACH
        crops += [Crop(path, number, 100 * index + number) for number in range(count)]
    order = np.random.default_rng(0).permutation(len(crops))
    return [crops[place] for place in order]


def pooling(size: int, cells: int) -> Float32s:
    """The matrix (cells, size) that averages `size` numbers into `cells`, which overlap if the sizes do not fit.

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
    """The teacher: returns (middle maps, top maps) of one image per call."""

    def __init__(self, folder: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(str(folder / "teacher.tflite"), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        # Outputs are identified by the number of their channels.
        outputs = {output["shape"][-1]: output["index"] for output in self._interpreter.get_output_details()}
        self._middle, self._top = outputs[MIDDLE_CHANNELS], outputs[POOLED]

    def __call__(self, image: Pixels) -> tuple[Float32s, Float32s]:
        self._interpreter.set_tensor(self._input, image[None].astype(np.float32))
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._middle)[0], self._interpreter.get_tensor(self._top)[0]


def _averaged(maps: Float32s, cells: int) -> Float32s:
    matrix = pooling(len(maps), cells)
    return np.asarray(np.einsum("ah,bw,hwc->abc", matrix, matrix, maps, optimize=True), np.float32)


def _measure_axes(folder: Path, crops: list[Crop]) -> None:
    """Save the principal axes of the teacher's last feature maps."""
    teacher = _Teacher(folder)
    rows = np.concatenate([_averaged(teacher(crop.cut()[0])[1], TOP).reshape(-1, POOLED) for crop in crops])
    centre = rows.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov((rows - centre).T))
    with np.load(folder / "classifier.npz") as classifier:
        arrays = {"centre": centre, "axes": axes[:, : -TOP_AXES - 1 : -1].astype(np.float32), **classifier}
    np.savez(folder / "teacher.npz", **arrays)


def _run_teacher(folder: Path, crops: list[Crop], core: int, cores: int) -> None:
    """Fill every `cores`-th row, from row `core` on."""
    teacher = _Teacher(folder)
    with np.load(folder / "teacher.npz") as arrays:
        centre, axes = arrays["centre"], arrays["axes"]
    pixels, pooled, top, middle = (
        np.load(folder / f"{name}.npy", mmap_mode="r+") for name in ("pixels", "pooled", "top", "middle")
    )
    printed_at = time.monotonic()
    for row in range(core, len(crops), cores):
        if pooled[row].any():
            continue
        large, pixels[row] = crops[row].cut()
        middle_maps, top_maps = teacher(large)
        middle[row] = _averaged(middle_maps, MIDDLE)
        top[row] = (_averaged(top_maps, TOP) - centre) @ axes
        pooled[row] = top_maps.mean(axis=(0, 1))
        if time.monotonic() - printed_at > 60:
            printed_at = time.monotonic()
            print(f"{row:,} of {len(crops):,} crops", flush=True)


def _measure_spreads(folder: Path, rows: int = 20_000) -> None:
    """Save means and standard deviations of the teacher's outputs beside the axes."""
    pooled, top, middle = (
        np.load(folder / f"{name}.npy", mmap_mode="r")[:rows].astype(np.float32) for name in ("pooled", "top", "middle")
    )
    with np.load(folder / "teacher.npz") as saved:
        arrays: dict[str, Any] = dict(saved)
    arrays |= {"pooled_mean": pooled.mean(axis=0), "pooled_spread": pooled.std(axis=0) + 0.05}
    arrays |= {"middle_mean": middle.mean(axis=(0, 1, 2)), "middle_spread": middle.std(axis=(0, 1, 2)) + 0.01}
    arrays |= {"top_spread": np.sqrt(np.square(top).mean())}
    np.savez(folder / "teacher.npz", **arrays)
