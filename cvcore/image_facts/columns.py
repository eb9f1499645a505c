"""Everything known of images as columns: for each key its texts, and which of them each image has."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence

from cvcore.image_facts import facts
from cvcore.image_facts.column import Column, by_key, of_texts
from cvcore.image_facts.facts import FACTS, AnyImages
from cvcore.store import SnapshotImage, Store

# Columns of more keys would take too much memory at 100,000 images.
METADATA_MOST = 200
METADATA_PREFIX = "metadata: "

# Of fewer images reading is as fast as looking for what was kept, and would push that out.
_KEPT_FROM, _KEPT_MOST = 100, 8
# What `columns` returned last, by home folder, number of changes and images.
_kept: dict[tuple[str, int, str], dict[str, Column]] = {}
_lock = threading.Lock()


def columns(store: Store, images: AnyImages) -> dict[str, Column]:
    """The column of each key that at least one of the images has: users' metadata by name, then `FACTS`.

    Users' keys are called as `shown_key` says; of many keys, those `METADATA_MOST` that most of the images have. The
    metadata are the current ones, also of images that only an iteration has. The result stays in memory until anything
    that is known of any image changes, in this or another process: do not write into it.
    """
    ids = facts.ids_of(images)
    if len(ids) < _KEPT_FROM:
        return _read(store, images, ids)
    key = (str(store.home), store.image_facts.changes(), _digest(images, ids))
    with _lock:
        found = _kept.pop(key, None)
    found = _read(store, images, ids) if found is None else found
    with _lock:
        _kept[key] = found
        while len(_kept) > _KEPT_MOST:
            del _kept[next(iter(_kept))]
    return found


def of_workspace(store: Store, project_id: str) -> tuple[list[str], dict[str, Column]]:
    """The ids of a project's workspace images, the newest first, and their `columns`."""
    images = [
        SnapshotImage(image_id, sha256, "", b"", (), is_test)
        for image_id, sha256, is_test in store.images.workspace(project_id)
    ]
    return [image.image_id for image in images], columns(store, images)


def shown_key(key: str) -> str:
    """The name of the column of a user's key: the key itself, unless a fact of ours has that name.

    >>> shown_key("room"), shown_key("camera"), shown_key("metadata: camera")
    ('room', 'metadata: camera', 'metadata: metadata: camera')
    """
    return METADATA_PREFIX + key if key in FACTS or key.startswith(METADATA_PREFIX) else key


def users_key(name: str) -> str | None:
    """The user's key with that `shown_key`; None for a fact of ours, which nobody edits.

    >>> users_key("room"), users_key("camera"), users_key("metadata: camera")
    ('room', None, 'camera')
    """
    return None if name in FACTS else name.removeprefix(METADATA_PREFIX)


def _digest(images: AnyImages, ids: Sequence[str]) -> str:
    made = hashlib.blake2b(",".join(ids).encode(), digest_size=16)
    made.update(bytes([image.is_test for image in images]))
    return made.hexdigest()


def _read(store: Store, images: AnyImages, ids: Sequence[str]) -> dict[str, Column]:
    metadata = by_key(store.metadata.groups(ids), ids)
    images_with = {key: sum(map(len, places.values())) for key, places in metadata.items()}
    most = sorted(metadata, key=lambda key: (-images_with[key], key))[:METADATA_MOST]
    users = {shown_key(key): of_texts(shown_key(key), metadata[key], len(ids)) for key in sorted(most)}
    return users | facts.columns(store, images, ids)
