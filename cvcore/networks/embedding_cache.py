"""From pictures to embeddings, each computed once per backbone and kept in the store."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cvcore import imaging
from cvcore.errors import Unavailable
from cvcore.files import blobs
from cvcore.networks import feature_extraction
from cvcore.networks.backbones import Backbone
from cvcore.networks.keras_backend import Device
from cvcore.progress import Progress
from cvcore.store import SnapshotImage, Store

BATCH = 32


def compute(
    store: Store, prepared: Backbone, snapshot: Sequence[SnapshotImage], progress: Progress, device: Device = "cpu"
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


def fill(store: Store, prepared: Backbone, digests: Sequence[str], progress: Progress, device: Device = "cpu") -> None:
    """Compute and keep those embeddings that are not kept yet; pictures that cannot be read are left out.

    Raises:
        Stopped: `progress` said so; what was computed is kept.
    """
    missing = store.embeddings.missing(prepared.fingerprint, list(dict.fromkeys(digests)))
    if not missing:
        return
    stream = feature_extraction.stream(
        prepared,
        blobs.backbones_folder(store.home),
        missing,
        lambda digest: imaging.pixels(blobs.read(blobs.original_path(store.home, digest)), prepared.side),
        device,
    )
    with contextlib.closing(stream):
        for start in range(0, len(missing), BATCH):
            progress(f"Looking at pictures: {start} of {len(missing)}", start / len(missing))
            batch = itertools.islice(stream, BATCH)
            # Someone may have deleted a picture meanwhile, or its file is damaged.
            seen = {digest: each for digest, each in batch if isinstance(each, np.ndarray)}
            if seen:
                store.embeddings.put(prepared.fingerprint, seen)
