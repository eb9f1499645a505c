"""Embeddings of images, each computed once per backbone and kept in the store."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cvcore import imaging
from cvcore.errors import Unavailable
from cvcore.files import blobs
from cvcore.languages import t
from cvcore.networks import feature_extraction, stored_images
from cvcore.networks.backbones import Backbone
from cvcore.networks.keras_backend import Device
from cvcore.progress import Progress
from cvcore.store import SnapshotImage, Store

BATCH = 32


def compute(
    store: Store, backbone: Backbone, snapshot: Sequence[SnapshotImage], progress: Progress, device: Device = "cpu"
) -> NDArray[np.float32]:
    """Embeddings of a snapshot's images, float32 (images, dimension).

    Raises:
        Stopped: `progress` asked to stop; what was computed is kept.
        Unavailable: images' files are missing or damaged; the message names them.
    """
    digests = [image.sha256 for image in snapshot]
    fill(store, backbone, digests, progress, device)
    embeddings = store.embeddings.get(backbone.fingerprint, digests)
    if unreadable := [image.name for image in snapshot if image.sha256 not in embeddings]:
        shown = ", ".join(map(repr, unreadable[:5])) + (", …" if len(unreadable) > 5 else "")
        raise Unavailable(
            t(
                "every image must be in the home folder, these are missing or damaged: {names}; delete them and train "
                "again, or restore the folder from a backup",
                names=shown,
            )
        )
    return np.stack([embeddings[digest] for digest in digests])


def fill(store: Store, backbone: Backbone, digests: Sequence[str], progress: Progress, device: Device = "cpu") -> None:
    """Compute and keep the embeddings that are missing; images that cannot be read are left out.

    Raises:
        Stopped: `progress` asked to stop; what was computed is kept.
    """
    wanted = list(dict.fromkeys(digests))
    stored_images.check(store, wanted, progress)
    missing = store.embeddings.missing(backbone.fingerprint, wanted)
    if not missing:
        return
    for embeddings in computed(store, backbone, missing, progress, device):
        store.embeddings.put(backbone.fingerprint, embeddings)


def computed(
    store: Store,
    backbone: Backbone,
    digests: Sequence[str],
    progress: Progress,
    device: Device = "cpu",
    *,
    networks: Path | None = None,
) -> Iterator[dict[str, NDArray[np.float32]]]:
    """Embeddings by images' SHA-256, a batch at a time and never an empty one; images that cannot be read are left out.

    networks: the folder with the backbone's files, by default the store's own.

    Raises:
        Stopped: `progress` asked to stop.
    """
    stream = feature_extraction.stream(
        backbone,
        networks or blobs.backbones_folder(store.home),
        digests,
        lambda digest: imaging.pixels(blobs.read(blobs.original_path(store.home, digest)), backbone.side),
        device,
    )
    with contextlib.closing(stream):
        for start in range(0, len(digests), BATCH):
            progress(t("Computing embeddings: {done} of {total}", done=start, total=len(digests)), start / len(digests))
            batch = itertools.islice(stream, BATCH)
            # An image may have been deleted in the meantime, or its file is damaged.
            if embeddings := {digest: outcome for digest, outcome in batch if isinstance(outcome, np.ndarray)}:
                yield embeddings
