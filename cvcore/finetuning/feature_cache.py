"""What a network's trunk makes of pictures as they are and as seen otherwise, computed once and kept in files.

view-0.npy      float16 (views, pictures, …): the trunk's first tensor; view 0 is the picture as it is
view-1.npy …    its other tensors, where it has more
views.json      how many views there are, and how many pictures are done
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.domains import Policy
from cvcore.files import blobs
from cvcore.finetuning.augmentation import augmented
from cvcore.finetuning.split_network import SplitNetwork

PICTURES_AT_ONCE = 16
VIEWS_MOST = 12
BYTES_MOST = 2 * 2**30

FILE = "views.json"

Tensors = list[NDArray[np.float16]]
Pixels = NDArray[np.uint8]


def compute(
    halves: SplitNetwork,
    pictures: Sequence[Callable[[], Pixels]],
    policy: Policy,
    folder: Path,
    *,
    budget_s: float,
    seed: int,
    on_share: Callable[[float], None] = lambda share: None,
) -> Tensors:
    """The trunk's tensors of all pictures, each (views, pictures, …), mapped from files in `folder`.

    As many views as `budget_s` seconds allow by the pace of the first pictures, at most 12 and 2 GB, and always the
    first, which is the picture as it is. What the folder holds of an earlier call is not computed again.

    Raises:
        StorageFull, HomeUnusable: it cannot be written.
        NotFound, InvalidInput: a picture cannot be read.
    """
    with blobs.storage_errors(folder), ThreadPoolExecutor() as pool:
        folder.mkdir(parents=True, exist_ok=True)
        views, done = _kept(folder)
        if not views:
            views = _views_within(budget_s, halves, pictures, policy, pool)
        tensors = _opened(folder, halves, views, len(pictures), is_new=not done)
        for start in range(done, len(pictures), PICTURES_AT_ONCE):
            on_share(start / len(pictures))
            part = range(start, min(start + PICTURES_AT_ONCE, len(pictures)))
            for view in range(views):
                seen = pool.map(lambda row, view=view: _seen(pictures[row](), policy, (seed, row, view)), part)
                _fill(tensors, view, part, halves, np.stack(list(seen)))
            (folder / FILE).write_text(json.dumps({"views": views, "done": part.stop}))
        return tensors


def _views_within(
    budget_s: float,
    halves: SplitNetwork,
    pictures: Sequence[Callable[[], Pixels]],
    policy: Policy,
    pool: ThreadPoolExecutor,
) -> int:
    each_bytes = 2 * sum(math.prod(shape) for shape in halves.shapes)
    few = pictures[:PICTURES_AT_ONCE]
    seen = [_seen(picture(), policy, (0, 0, 1)) for picture in few]
    _trunk(halves, np.stack(seen))  # compiles
    started = time.perf_counter()
    seen = list(pool.map(lambda picture: _seen(picture(), policy, (0, 0, 1)), few))
    _trunk(halves, np.stack(seen))
    pace_s = (time.perf_counter() - started) / len(few)
    by_time = budget_s / (pace_s * len(pictures))
    by_size = BYTES_MOST / (each_bytes * len(pictures))
    return max(1, min(VIEWS_MOST, int(by_time), int(by_size)))


def _seen(pixels: Pixels, policy: Policy, seed: tuple[int, int, int]) -> Pixels:
    """A picture in a view; `seed` is the training's, the picture's and the view's number, 0 for it as it is."""
    return augmented(pixels, policy, np.random.default_rng(seed)) if seed[2] else pixels


def _trunk(halves: SplitNetwork, pixels: Pixels) -> list[NDArray[Any]]:
    """The last batch is filled up, so that one compiled program serves all."""
    filled = np.resize(pixels, (PICTURES_AT_ONCE, *pixels.shape[1:])).astype(np.float32)
    made = halves.trunk.predict_on_batch(filled)
    return [np.asarray(each)[: len(pixels)] for each in (made if isinstance(made, list) else [made])]


def _fill(tensors: Tensors, view: int, part: range, halves: SplitNetwork, pixels: Pixels) -> None:
    for kept, made in zip(tensors, _trunk(halves, pixels), strict=True):
        kept[view, part.start : part.stop] = made


def _opened(folder: Path, halves: SplitNetwork, views: int, pictures: int, *, is_new: bool) -> Tensors:
    tensors: Tensors = []
    for place, shape in enumerate(halves.shapes):
        path = folder / f"view-{place}.npy"
        if is_new:
            np.lib.format.open_memmap(path, "w+", np.float16, (views, pictures, *shape))
            _reserve(path)
        tensors.append(np.lib.format.open_memmap(path, "r+"))
    return tensors


def _reserve(path: Path) -> None:
    """Take a file's room on the disk now: a write to its map that finds none would end the process."""
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def _kept(folder: Path) -> tuple[int, int]:
    """How many views an earlier call chose, and how many pictures it has done; 0 and 0 where there was none."""
    try:
        told = json.loads((folder / FILE).read_text())
        return int(told["views"]), int(told["done"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0
