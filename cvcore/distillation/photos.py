"""The photos for distillation: those of any folders and tars, as squares of one size in one array."""

from __future__ import annotations

import itertools
import os
import tarfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cvcore import imaging
from cvcore.errors import ImageRefused

# Larger than the student's input, so that parts of a photo have detail; 67,000 photos are then 7.4 GB.
SIDE = 192
KINDS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"}

Photos = NDArray[np.uint8]  # (n, SIDE, SIDE, 3), RGB

_CHUNK = 1000  # photos read at a time


def squeeze(sources: Sequence[Path], path: Path) -> Photos:
    """All photos of folders and tars, in the order of their names, mapped from the file at `path`.

    The file is written once and used again by a run that resumes. What is no image is left out.

    Raises:
        SystemExit: there is no photo.
    """
    if not path.exists():
        new = path.with_suffix(".new")
        with new.open("wb") as file, ThreadPoolExecutor(os.cpu_count()) as pool:
            files = contents(sources)
            while chunk := list(itertools.islice(files, _CHUNK)):
                for photo in pool.map(_squeezed, chunk):
                    if photo is not None:
                        file.write(photo.tobytes())
        if not new.stat().st_size:
            raise SystemExit(f"photos must be in {', '.join(map(str, sources))}: there are none")
        new.replace(path)
    return np.memmap(path, np.uint8, "r").reshape(-1, SIDE, SIDE, 3)


def contents(sources: Sequence[Path]) -> Iterator[bytes]:
    """The bytes of every image file in folders, in tars, and in tars in folders."""
    for source in sources:
        if source.is_dir():
            yield from contents(sorted(path for path in source.rglob("*") if path.is_file()))
        elif source.suffix.casefold() in KINDS:
            yield source.read_bytes()
        elif tarfile.is_tarfile(source):
            yield from _members(source)


def _members(path: Path) -> Iterator[bytes]:
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if Path(member.name).suffix.casefold() in KINDS else None
            if file:
                yield file.read()


def _squeezed(data: bytes) -> NDArray[np.uint8] | None:
    try:
        return imaging.pixels(data, SIDE)
    except ImageRefused:
        return None
