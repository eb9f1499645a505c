"""Near duplicates among very many images: seconds of processor, memory, and how many pairs were compared.

    python tests/bench/near_duplicates.py --images 100000 [--photos photos.tar ...] [--all-pairs]

Signatures are drawn, smooth as photos', every twentieth a near duplicate of another. With `--photos`, tar files of
images, they are those of random parts of real photos, as many of each as are needed. How long it takes depends on how
much images differ along a few axes: real photos differ more than drawn ones. `--all-pairs` compares every pair, too,
which takes a hundred times as long for ten times as many, and says whether the groups are the same.
"""

from __future__ import annotations

import argparse
import io
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from million_fit import draw_signatures, memory_kb, watch_own_memory
from PIL import Image

from cvcore.validation import near_duplicates

SIDE_PX = 8
BLOCK = 2048


def main() -> None:
    arguments = parse()
    signatures = of_photos(arguments.photos, arguments.images) if arguments.photos else drawn(arguments.images)
    kind = "parts of photos" if arguments.photos else "drawn images"
    before_kb, most_kb, done = memory_kb("RssAnon:"), [0], threading.Event()
    threading.Thread(target=watch_own_memory, args=(most_kb, done), daemon=True).start()
    started, worked = time.perf_counter(), time.process_time()
    groups = near_duplicates.groups(signatures)
    seconds, of_processor = time.perf_counter() - started, time.process_time() - worked
    done.set()
    print(
        f"{len(signatures):,} {kind}: {groups.max() + 1:,} groups, "
        f"{seconds:.1f} s, {of_processor:.1f} s of processor, {(most_kb[0] - before_kb) / 1024:.0f} MB beside them",
        flush=True,
    )
    if arguments.all_pairs:
        worked = time.process_time()
        said = "the same" if np.array_equal(groups, by_all_pairs(signatures)) else "OTHER"
        print(f"every pair: {time.process_time() - worked:.1f} s of processor, {said} groups")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--photos", type=Path, nargs="+", help="tar files of images")
    parser.add_argument("--all-pairs", action="store_true")
    return parser.parse_args()


def drawn(images: int) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "signatures.npy"
        draw_signatures(path, images)
        return np.load(path)


def of_photos(tars: list[Path], images: int) -> np.ndarray:
    """The signatures of as many parts of each photo as are needed, (images, 192)."""
    photos = sum(1 for _ in files_in(tars))
    rng, parts = np.random.default_rng(0), -(-images // photos)
    found = np.zeros((photos * parts, 3 * SIDE_PX**2), np.uint8)
    for number, file in enumerate(files_in(tars)):
        photo = Image.open(file).convert("RGB")
        for part in range(parts):
            found[number * parts + part] = signature_of_a_part(photo, rng)
    return found[rng.permutation(len(found))[:images]]


def files_in(tars: list[Path]) -> Iterator[io.BytesIO]:
    for path in tars:
        with tarfile.open(path) as tar:
            for member in tar:
                if (file := tar.extractfile(member)) is not None:
                    yield io.BytesIO(file.read())


def signature_of_a_part(photo: Image.Image, rng: np.random.Generator) -> np.ndarray:
    """Of a third to all of its width and height, mirrored or not."""
    size = np.array(photo.size)
    extent = size * rng.uniform(0.35, 0.9, 2)
    corner = rng.uniform(0, size - extent)
    small = photo.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX, box=(*corner, *(corner + extent)))
    return np.asarray(small)[:, :: rng.choice([1, -1])].reshape(-1)


def by_all_pairs(signatures: np.ndarray) -> np.ndarray:
    """The groups by the definition, each block of rows compared with all later ones."""
    distinct, index = np.unique(signatures, axis=0, return_inverse=True)
    parents = np.arange(len(distinct))
    for start in range(0, len(distinct), BLOCK):
        for other in range(start, len(distinct), BLOCK):
            rows, columns = (np.arange(first, min(first + BLOCK, len(distinct))) for first in (start, other))
            alike = near_duplicates._are_alike(distinct[rows], distinct[columns])
            near_duplicates._join_block(parents, rows, columns, alike)
    return np.unique(parents[index.reshape(-1)], return_inverse=True)[1]


if __name__ == "__main__":
    main()
