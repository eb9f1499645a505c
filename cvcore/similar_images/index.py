"""Reduced embeddings of a project's images in files that are mapped from the disk, a folder for each network.

    similar/<project>/<network>/0007-0000.npz    the axes, and the images that were there when they were chosen
    similar/<project>/<network>/0007-0003.npz    images that came later

The first number counts how often the axes were chosen. Every file is written completely or not at all and never
changes, so that processes can read while another writes; a lock keeps two from writing at once. A process that is
killed leaves the files as they were, or the same image in two of them, which is read once.
"""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import filelock
import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float32s
from cvcore.errors import ArraysDamaged
from cvcore.files import blobs, npz
from cvcore.similar_images import reduction
from cvcore.similar_images.reduction import Axes, Vectors

# Files of later images are joined when there are more.
FILES_MOST = 8
_BLOCK_ROWS = 2**14

Digests = NDArray[np.uint8]  # (images, 32)


@dataclass(frozen=True, eq=False)
class Index:
    """The files of one generation, read.

    digests: (images, 32). vectors: the rows of each file. first_rows: how many images the first file has.
    """

    names: tuple[str, ...]
    axes: Axes
    digests: Digests
    vectors: tuple[Vectors, ...]
    first_rows: int

    def scores(self, embedding: Float32s) -> Float32s:
        """Nearly the cosine of an embedding of length 1 with each image's, float32 (images,)."""
        query = reduction.query(embedding, self.axes)
        blocks = [
            part[start : start + _BLOCK_ROWS].astype(np.float32) @ query
            for part in self.vectors
            for start in range(0, len(part), _BLOCK_ROWS)
        ]
        return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def lock(folder: Path) -> filelock.BaseFileLock:
    """The lock of whoever writes into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(folder / "lock")


def names(folder: Path) -> tuple[str, ...]:
    """The files of the newest generation, in order; none if there is no index yet."""
    found = sorted(path.name for path in folder.glob("????-????.npz"))
    newest = max((name[:4] for name in found if name[5:9] == "0000"), default=None)
    return tuple(name for name in found if name[:4] == newest)


def read(folder: Path) -> Index | None:
    """The index in a folder; None if there is none, or a file of it is damaged."""
    there = names(folder)
    if not there:
        return None
    try:
        axes = Axes(**npz.read(folder / there[0], ["directions", "scales"]))
        digests = [npz.read(folder / name, ["digests"])["digests"] for name in there]
        vectors = [
            _mapped(folder / name, len(rows), axes.scales.size) for name, rows in zip(there, digests, strict=True)
        ]
    except (FileNotFoundError, ArraysDamaged, ValueError, IndexError):
        return None
    return Index(there, axes, np.concatenate(digests), tuple(vectors), len(digests[0]))


def write_first(folder: Path, axes: Axes, digests: Digests, vectors: Vectors) -> None:
    """Begin a new generation, and delete the older ones; call it with the lock."""
    before = [int(path.name[:4]) for path in folder.glob("????-????.npz") if path.name[:4].isdecimal()]
    number = max(before, default=0) + 1
    _write(
        folder / f"{number:04}-0000.npz",
        directions=axes.directions,
        scales=axes.scales,
        digests=digests,
        vectors=vectors,
    )
    for path in folder.glob("????-????.npz"):
        if path.name[:4] != f"{number:04}":
            _delete(path)


def append(folder: Path, index: Index, digests: Digests, vectors: Vectors) -> None:
    """Add later images; call it with the lock, and an index read with it."""
    later = index.names[1:] if len(index.names) >= FILES_MOST else ()
    if later:
        digests = np.concatenate([index.digests[index.first_rows :], digests])
        vectors = np.concatenate([*index.vectors[1:], vectors])
    generation, last = index.names[-1][:4], int(index.names[-1][5:9])
    _write(folder / f"{generation}-{last + 1:04}.npz", digests=digests, vectors=vectors)
    for name in later:
        _delete(folder / name)


def first_of_each(digests: Digests) -> Bools:
    """Which rows are the first of their image: bool (images,)."""
    chosen = np.zeros(len(digests), bool)
    chosen[np.unique(keys(digests), return_index=True)[1]] = True
    return chosen


def keys(digests: Digests) -> NDArray[np.uint64]:
    """A number for each digest: its first 64 bits."""
    return np.ascontiguousarray(digests[:, :8]).view(np.uint64)[:, 0]


def _mapped(path: Path, rows: int, columns: int) -> Vectors:
    if not rows:
        return np.zeros((0, columns), np.int8)
    stored = npz.find(path, "vectors")
    if stored is None or stored.shape != (rows, columns) or stored.dtype != np.int8:
        raise ArraysDamaged("the vectors do not fit the images")
    return np.memmap(path, stored.dtype, "r", stored.offset, stored.shape)


def _write(path: Path, **arrays: NDArray[np.generic]) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    blobs.write(path, buffer.getvalue(), durable=False)


def _delete(path: Path) -> None:
    with contextlib.suppress(OSError):  # Windows does not delete a file that another process has mapped
        path.unlink()
