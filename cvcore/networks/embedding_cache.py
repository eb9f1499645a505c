"""Embeddings of images, each computed once per backbone and kept in the store."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cvcore import cluster, imaging, settings
from cvcore.array_types import Levels
from cvcore.cluster import Machine
from cvcore.errors import Unavailable
from cvcore.files import blobs, shared_originals
from cvcore.languages import t
from cvcore.networks import feature_extraction, stored_images
from cvcore.networks.backbones import Backbone
from cvcore.networks.feature_extraction import RemoteImages
from cvcore.networks.keras_backend import Device
from cvcore.networks.large_sets import blocks
from cvcore.progress import Progress
from cvcore.store import SnapshotImage, Store

BATCH = 32
# So many embeddings are read at a time where there are very many.
IN_A_BLOCK = 10_000


def compute(
    store: Store, backbone: Backbone, snapshot: Sequence[SnapshotImage], progress: Progress, device: Device = "cpu"
) -> NDArray[np.float32]:
    """Embeddings of a snapshot's images, float32 (images, dimension); very many are mapped from a file without a name.

    Raises:
        Stopped: `progress` asked to stop; what was computed is kept.
        Unavailable: images' files are missing or damaged; the message names them.
    """
    digests = [image.sha256 for image in snapshot]
    fill(store, backbone, digests, progress, device)
    if blocks.are_too_many(len(digests), backbone.dimension):
        return blocks.in_file(
            store.home, _read(store, backbone, snapshot, IN_A_BLOCK), (len(digests), backbone.dimension)
        )
    (embeddings,) = _read(store, backbone, snapshot, len(snapshot))
    return embeddings


def _read(
    store: Store, backbone: Backbone, snapshot: Sequence[SnapshotImage], in_a_block: int
) -> Iterator[NDArray[np.float32]]:
    """The stored embeddings in the order of the images, so many at a time."""
    for start in range(0, max(len(snapshot), 1), max(in_a_block, 1)):
        images = snapshot[start : start + in_a_block]
        embeddings = store.embeddings.get(backbone.fingerprint, [image.sha256 for image in images])
        if unreadable := [image.name for image in images if image.sha256 not in embeddings]:
            raise _unreadable(unreadable)
        yield np.stack([embeddings[image.sha256] for image in images])


def _unreadable(names: Sequence[str]) -> Unavailable:
    shown = ", ".join(map(repr, names[:5])) + (", …" if len(names) > 5 else "")
    return Unavailable(
        t(
            "every image must be in the home folder, these are missing or damaged: {names}; delete them and train "
            "again, or restore the folder from a backup",
            names=shown,
        )
    )


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
    folder = networks or blobs.backbones_folder(store.home)
    read_pixels = partial(_pixels, str(store.home), backbone.side)
    if (set_up := settings.load()).ray and len(digests) > feature_extraction.SHARD:
        root = shared_originals.root_of(store.home, set_up)
        remote = RemoteImages(
            set_up.ray, partial(_pixels, root, backbone.side), partial(shared_originals.require, root)
        )
        shards = partial(feature_extraction.stream_by_cluster, backbone, folder, digests, read_pixels, device)
        return _by_shards(shards, remote, len(digests), progress)
    stream = feature_extraction.stream(backbone, folder, digests, read_pixels, device)
    return _by_batches(stream, len(digests), progress)


def _by_batches(
    stream: feature_extraction.Stream[str], total: int, progress: Progress
) -> Iterator[dict[str, NDArray[np.float32]]]:
    with contextlib.closing(stream):
        for start in range(0, total, BATCH):
            progress(t("Computing embeddings: {done} of {total}", done=start, total=total), start / total)
            # An image may have been deleted in the meantime, or its file is damaged.
            if embeddings := _readable(itertools.islice(stream, BATCH)):
                yield embeddings


def _by_shards(
    stream_by_cluster: Callable[..., Generator[list[tuple[str, feature_extraction.Outcome]], None, None]],
    remote: RemoteImages,
    total: int,
    progress: Progress,
) -> Iterator[dict[str, NDArray[np.float32]]]:
    done = 0

    def report(machines: Sequence[Machine]) -> None:
        stage = t("Computing embeddings: {done} of {total}", done=done, total=total)
        progress(cluster.stage_on(machines, stage), done / total)

    with contextlib.closing(stream_by_cluster(remote=remote, on_wait=report)) as shards:
        for shard in shards:
            if embeddings := _readable(shard):
                yield embeddings
            done += len(shard)


def _pixels(root: str, side: int, digest: str) -> Levels:
    return imaging.pixels(shared_originals.read(root, digest), side)


def _readable(
    outcomes: Iterable[tuple[str, feature_extraction.Outcome]],
) -> dict[str, NDArray[np.float32]]:
    return {digest: outcome for digest, outcome in outcomes if isinstance(outcome, np.ndarray)}
