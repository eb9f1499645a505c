"""From pictures to embeddings, each computed once per backbone and kept in the store."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from cvcore import blobs, extractors, images
from cvcore.backbones import Prepared
from cvcore.errors import ImageRefused, NotFound, Unavailable
from cvcore.extractors import Device
from cvcore.progress import Progress
from cvcore.store import SnapshotImage, Store

BATCH = 32


def compute(
    store: Store, prepared: Prepared, snapshot: Sequence[SnapshotImage], progress: Progress, device: Device = "cpu"
) -> NDArray[np.float32]:
    """Embeddings of a snapshot's pictures, float32 (pictures, dimension).

    Raises:
        Stopped: `progress` said so; what was computed is kept.
        Unavailable: pictures' files are missing or damaged; the message names them.
    """
    digests = [image.sha256 for image in snapshot]
    fill(store, prepared, digests, progress, device)
    kept = store.embeddings.get(prepared.fingerprint, digests)
    if unreadable := [image.name for image in snapshot if image.sha256 not in kept]:
        shown = ", ".join(map(repr, unreadable[:5])) + (", …" if len(unreadable) > 5 else "")
        raise Unavailable(
            f"every image must be in the home folder, these are missing or damaged: {shown}; delete them and train "
            "again, or restore the folder from a backup"
        )
    return np.stack([kept[digest] for digest in digests])


def fill(store: Store, prepared: Prepared, digests: Sequence[str], progress: Progress, device: Device = "cpu") -> None:
    """Compute and keep those embeddings that are not kept yet; pictures that cannot be read are left out.

    Raises:
        Stopped: `progress` said so; what was computed is kept.
    """
    missing = store.embeddings.missing(prepared.fingerprint, list(dict.fromkeys(digests)))
    if not missing:
        return
    extractor = extractors.load(prepared, blobs.backbones_folder(store.home), device=device)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(missing), BATCH):
            progress(f"Looking at pictures: {start} of {len(missing)}", start / len(missing))
            batch = missing[start : start + BATCH]
            seen = pool.map(lambda digest: _pixels(store, digest, prepared.side), batch)
            pixels = {digest: each for digest, each in zip(batch, seen, strict=True) if each is not None}
            if pixels:
                embeddings = extractor(np.stack(list(pixels.values())))
                store.embeddings.put(prepared.fingerprint, dict(zip(pixels, embeddings, strict=True)))


def _pixels(store: Store, digest: str, side: int) -> NDArray[np.uint8] | None:
    """What the network sees of a picture; None where someone has deleted it meanwhile, or its file is damaged."""
    try:
        return images.pixels(blobs.read(blobs.original_path(store.home, digest)), side)
    except (NotFound, ImageRefused):
        return None
