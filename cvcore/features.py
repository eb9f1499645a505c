"""From pictures to embeddings, each computed once per backbone and kept in the store."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from cvcore import blobs, extractors, images
from cvcore.backbones import Prepared
from cvcore.extractors import Device
from cvcore.progress import Progress
from cvcore.store import Store

BATCH = 32


def compute(
    store: Store, prepared: Prepared, digests: Sequence[str], progress: Progress, device: Device = "cpu"
) -> NDArray[np.float32]:
    """Embeddings of stored pictures, float32 (pictures, dimension).

    Raises:
        Stopped: `progress` said so; what was computed is kept.
        NotFound: a picture's file is missing.
    """
    fill(store, prepared, digests, progress, device)
    kept = store.embeddings.get(prepared.fingerprint, digests)
    return np.stack([kept[digest] for digest in digests])


def fill(store: Store, prepared: Prepared, digests: Sequence[str], progress: Progress, device: Device = "cpu") -> None:
    """Compute and keep those embeddings that are not kept yet.

    Raises:
        Stopped: `progress` said so; what was computed is kept.
        NotFound: a picture's file is missing.
    """
    missing = store.embeddings.missing(prepared.fingerprint, list(dict.fromkeys(digests)))
    if not missing:
        return
    extractor = extractors.load(prepared, blobs.backbones_folder(store.home), device=device)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(missing), BATCH):
            progress(f"Looking at pictures: {start} of {len(missing)}", start / len(missing))
            batch = missing[start : start + BATCH]
            pixels = np.stack(list(pool.map(lambda digest: _pixels(store, digest, prepared.side), batch)))
            store.embeddings.put(prepared.fingerprint, dict(zip(batch, extractor(pixels), strict=True)))


def _pixels(store: Store, digest: str, side: int) -> NDArray[np.uint8]:
    return images.pixels(blobs.read(blobs.original_path(store.home, digest)), side)
