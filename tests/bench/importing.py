"""How many files a second an import stores, without embedding: tiny JPEG files in folders, into a new home folder.

    python tests/bench/importing.py [--files 10000] [--side 32] [--tags 100] [--folder FOLDER]

Prints files a second of wall clock and of processor, and how much of the processor the storing thread takes, which
also works on files that take little. The disk is the one of the system's temporary folder, or of `--folder`: one in
memory shows what an import takes without a disk. Where thousands of files were deleted in the last five minutes, also
by this program, Linux's ext4 takes half a millisecond longer to make one.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from cvcore import datasets
from cvcore.projects import imports
from cvcore.settings import Limits
from cvcore.store import Store


def main() -> None:
    """Draw the files, import them, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--tags", type=int, default=100)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        draw(Path(folder, "in"), options.files, options.side, options.tags)
        print(told(Path(folder), options.files))


def draw(top: Path, files: int, side: int, tags: int) -> None:
    """So many JPEG files of that width and height, each of another content, in a folder for each tag."""
    random = np.random.default_rng(0)
    for number in range(files):
        path = top / f"tag {number % tags:03}" / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        squares = Image.fromarray(random.integers(0, 256, (4, 4, 3), np.uint8))
        squares.resize((side, side), Image.Resampling.BICUBIC).save(path, quality=90)


def told(folder: Path, files: int) -> str:
    """Import the folder, and say how fast."""
    store, listing = Store(folder / "home"), datasets.entries(folder / "in", Limits())
    wall, processor, storing = time.perf_counter(), time.process_time(), time.thread_time()
    _, result = imports.import_project(store, "bench", listing, limits=Limits())
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    storing = time.thread_time() - storing
    assert result.count("stored") == files
    return (
        f"{files:,} files: {files / wall:.0f} a second of wall clock, {files / processor:.0f} a second of processor, "
        f"{storing / processor:.0%} of it storing; load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
