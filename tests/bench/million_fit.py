"""Quick's fit of a million images: seconds, seconds of processor and memory of each stage, each in its own process.

    python tests/bench/million_fit.py FOLDER [--images 1000000 --tags 100 --dimension 1472] [--only fit ...]

Everything is drawn, once, into FOLDER: embeddings of a cloud a tag, near enough to each other to be confused, along
axes of falling spread as networks' are; signatures as smooth as photos', every twentieth a near duplicate of another; a
store with the embeddings, in an order of its own. The dimension is the built-in network's. Memory: `peak` is all that
counts as the process's, mapped files too; `own` leaves out what the system can take back from mapped files.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np

FOLDS = 5
BLOCK = 20_000
FINGERPRINT = "drawn"
SAMPLED_S = 0.02


def main() -> None:
    arguments = parse()
    if arguments.stage:
        measure(arguments.stage, STAGES[arguments.stage], arguments.folder)
        return
    make(arguments.folder, arguments.images, arguments.tags, arguments.dimension)
    print(f"{arguments.images:,} images x {arguments.tags} tags, {arguments.dimension} numbers each, all drawn")
    for stage in arguments.only or STAGES:
        subprocess.run([sys.executable, __file__, str(arguments.folder), "--stage", stage], check=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--tags", type=int, default=100)
    parser.add_argument("--dimension", type=int, default=1472)
    parser.add_argument("--only", nargs="+", choices=STAGES, help="these stages alone")
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(name: str, stage: Callable[[Path], str], folder: Path) -> None:
    """Run a stage and print what it took, above what the interpreter takes."""
    most, done = [0], threading.Event()
    threading.Thread(target=watch_own_memory, args=(most, done), daemon=True).start()
    started = time.perf_counter()
    said = stage(folder)
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    done.set()
    print(
        f"{name:20} {seconds:8.1f} s {used.ru_utime + used.ru_stime:8.1f} s of processor"
        f"   own {most[0] / 1024:6.0f} MB, peak {memory_kb('VmHWM:') / 1024:6.0f} MB   {said}",
        flush=True,
    )


def watch_own_memory(most: list[int], done: threading.Event) -> None:
    while not done.wait(SAMPLED_S):
        most[0] = max(most[0], memory_kb("RssAnon:"))


def memory_kb(field: str) -> int:
    """A field of what Linux says of this process."""
    return int(Path("/proc/self/status").read_text().partition(field)[2].split()[0])


def make(folder: Path, images: int, tags: int, dimension: int) -> None:
    """Draw what is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "done").exists():
        return
    rng = np.random.default_rng(0)
    labels = rng.permutation(images) % tags
    second = np.where(rng.random(images) < 0.3, rng.integers(tags, size=images), labels)
    np.save(folder / "labels.npy", np.column_stack([labels, second]))
    draw_embeddings(folder / "embeddings.npy", labels, second, tags, dimension)
    draw_signatures(folder / "signatures.npy", images)
    fill_store(folder)
    (folder / "done").touch()


def draw_embeddings(path: Path, labels: np.ndarray, second: np.ndarray, tags: int, dimension: int) -> None:
    rng = np.random.default_rng(1)
    spread = ((np.arange(dimension) + 3.0) ** -0.5).astype(np.float32)
    rotation = np.linalg.qr(rng.normal(size=(dimension, dimension)))[0].astype(np.float32)
    clouds = 0.35 * rng.normal(size=(tags, dimension)).astype(np.float32) * spread
    stored = np.lib.format.open_memmap(path, "w+", np.float32, (len(labels), dimension))
    for start in range(0, len(labels), BLOCK):
        block = slice(start, start + BLOCK)
        noise = rng.standard_normal((len(labels[block]), dimension), np.float32) * spread
        stored[block] = ((clouds[labels[block]] + clouds[second[block]]) / 2 + noise) @ rotation + 0.5
    stored.flush()


def draw_signatures(path: Path, images: int) -> None:
    """Smooth fields of 8 x 8 pixels in three channels that resemble each other; a twentieth are noisy copies."""
    rng = np.random.default_rng(2)
    waves = np.cos(np.pi * np.outer(np.arange(8) + 0.5, np.arange(8)) / 8)
    falling = 30 / (1 + np.hypot(*np.mgrid[:8, :8])) ** 1.3
    stored = np.lib.format.open_memmap(path, "w+", np.uint8, (images, 192))
    for start in range(0, images, BLOCK):
        count = min(BLOCK, images - start)
        shared, own = rng.normal(size=(count, 1, 8, 8)), 0.4 * rng.normal(size=(count, 3, 8, 8))
        fields = np.einsum("ai,ncij,bj->nabc", waves, (shared + own) * falling, waves) + 120
        fields[20::20] = fields[19:-1:20] + rng.normal(size=fields[20::20].shape) * 2
        stored[start : start + count] = np.clip(fields, 0, 255).reshape(count, 192).round()
    stored.flush()


def fill_store(folder: Path) -> None:
    from cvcore.store import Store

    store, embeddings = Store(folder / "home"), np.load(folder / "embeddings.npy", mmap_mode="r")
    rows = np.random.default_rng(3).permutation(len(embeddings))
    for start in range(0, len(rows), BLOCK):
        part = np.sort(rows[start : start + BLOCK])
        store.embeddings.put(
            FINGERPRINT, {digest(row): vector for row, vector in zip(part, embeddings[part], strict=True)}
        )


def digest(row: int) -> str:
    return hashlib.sha256(b"%d" % row).hexdigest()


def truth_of(folder: Path, *, multilabel: bool) -> np.ndarray:
    labels = np.load(folder / "labels.npy")
    truth = np.zeros((len(labels), labels.max() + 1), bool)
    rows = np.arange(len(labels))
    truth[rows, labels[:, 0]] = True
    if multilabel:
        truth[rows, labels[:, 1]] = True
    return truth


def read_embeddings(folder: Path) -> str:
    """What a training does once all of its images are embedded."""
    from cvcore.networks import embedding_cache
    from cvcore.progress import silent
    from cvcore.store import SnapshotImage, Store

    store = Store(folder / "home")
    count = len(np.load(folder / "labels.npy", mmap_mode="r"))
    snapshot = [SnapshotImage(f"{row:036}", digest(row), f"{row}.jpg", bytes(192), (0,)) for row in range(count)]
    started = time.perf_counter()
    backbone = SimpleNamespace(
        fingerprint=FINGERPRINT, dimension=np.load(folder / "embeddings.npy", mmap_mode="r").shape[1]
    )
    embeddings = embedding_cache.compute(store, backbone, snapshot, silent)  # type: ignore[arg-type]
    return f"{time.perf_counter() - started:.1f} s without the snapshot, float32 {embeddings.shape}"


def near(folder: Path) -> str:
    from cvcore.validation import near_duplicates

    groups = near_duplicates.groups(np.load(folder / "signatures.npy"))
    np.save(folder / "groups.npy", groups)
    return f"{groups.max() + 1:,} groups"


def plan(folder: Path) -> str:
    from cvcore import validation

    truth, groups = truth_of(folder, multilabel=False), np.load(folder / "groups.npy")
    planned = validation.plan("k-fold", truth, groups, np.zeros(len(truth), bool))
    return f"{np.bincount(planned.folds + 1).tolist()} images a fold"


def fit(folder: Path, *, multilabel: bool = False) -> str:
    """Five folds' heads and the final one, and the folds' probabilities."""
    from cvcore.networks import heads
    from cvcore.networks.builtin import L2

    truth = truth_of(folder, multilabel=multilabel)
    folds = np.random.default_rng(4).permutation(len(truth)) % FOLDS
    embeddings = np.load(folder / "embeddings.npy", mmap_mode="r")
    fitted = heads.fit(embeddings, truth, folds, multilabel=multilabel, l2=L2)
    np.save(folder / f"probabilities-{multilabel}.npy", fitted.out_of_fold)
    losses = 0.0
    for start in range(0, len(truth), BLOCK):  # all at once would be more than the fit takes
        carried, found = truth[start : start + BLOCK], fitted.out_of_fold[start : start + BLOCK]
        of_truth = np.where(carried, found, 1 - found) if multilabel else found[carried]
        losses -= np.log(np.maximum(of_truth, 1e-7)).sum(dtype=np.float64)
    return f"log-loss of an image {losses / len(truth):.5f}"


def issues(folder: Path, *, multilabel: bool = False) -> str:
    from cvcore.evaluation import label_issues

    truth = truth_of(folder, multilabel=multilabel)
    probabilities = np.load(folder / f"probabilities-{multilabel}.npy")
    everything = np.ones(len(truth), bool)
    found = label_issues.find_label_issues(truth, probabilities, everything, multilabel=multilabel)
    hardest = label_issues.hardest_images(truth, probabilities, everything, 100, multilabel=multilabel)
    return f"{len(found.rows):,} suspected tags, {len(hardest)} hardest images"


STAGES = {
    "embeddings": read_embeddings,
    "near": near,
    "plan": plan,
    "fit": fit,
    "issues": issues,
    "fit-multilabel": lambda folder: fit(folder, multilabel=True),
    "issues-multilabel": lambda folder: issues(folder, multilabel=True),
}


if __name__ == "__main__":
    main()
