"""Everything known of images as columns: for each key its texts, and which of them each image has."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence

from cvcore.image_facts import facts
from cvcore.image_facts.column import Column, by_key, of_texts
from cvcore.image_facts.facts import FACTS, AnyImages
from cvcore.image_facts.names import METADATA_PREFIX
from cvcore.store import Store

# Columns of more keys would take too much memory at 100,000 images.
METADATA_MOST = 200

# Of fewer images reading is as fast as looking for what was kept, and would push that out.
_KEPT_FROM, _KEPT_MOST = 100, 12
# What was read last: all columns, and those of `FACTS`, by home folder, number of changes and images.
_kept: dict[tuple[str, str, int, str], dict[str, Column]] = {}
_lock = threading.Lock()


def columns(store: Store, images: AnyImages) -> dict[str, Column]:
    """The column of each key that at least one of the images has: users' metadata by name, then `FACTS`.

    Users' keys are called as `shown_key` says; of many keys, those `METADATA_MOST` that most of the images have. The
    metadata are the current ones, also of images that only an iteration has. The result stays in memory until anything
    that is known of any image changes, in this or another process: do not write into it.
    """
    digests, is_test = [image.sha256 for image in images], [image.is_test for image in images]
    return _columns(store, facts.ids_of(images), digests, is_test)


def of_workspace(store: Store, project_id: str) -> tuple[list[str], dict[str, Column]]:
    """The ids of a project's workspace images, the newest first, and their `columns`."""
    rows = list(store.images.workspace(project_id))
    ids, digests, is_test = (list(each) for each in zip(*rows, strict=True)) if rows else ([], [], [])
    return ids, _columns(store, ids, digests, is_test)


def _columns(store: Store, ids: list[str], digests: list[str], is_test: list[bool]) -> dict[str, Column]:
    if len(ids) < _KEPT_FROM:
        return _users(store, ids) | facts.columns(store, ids, digests, is_test)
    images = _digest(ids, is_test)

    def read_facts() -> dict[str, Column]:
        return facts.columns(store, ids, digests, is_test)

    def read() -> dict[str, Column]:
        changes = store.image_facts.changes_but_metadata()
        return _users(store, ids) | _once(("facts", str(store.home), changes, images), read_facts)

    return _once(("all", str(store.home), store.image_facts.changes(), images), read)


def _once(key: tuple[str, str, int, str], read: Callable[[], dict[str, Column]]) -> dict[str, Column]:
    """What is kept under the key, else what is read now."""
    with _lock:
        found = _kept.pop(key, None)
    found = read() if found is None else found
    with _lock:
        _kept[key] = found
        while len(_kept) > _KEPT_MOST:
            del _kept[next(iter(_kept))]
    return found


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


def _digest(ids: Sequence[str], is_test: Sequence[bool]) -> str:
    made = hashlib.blake2b(",".join(ids).encode(), digest_size=16)
    made.update(bytes(is_test))
    return made.hexdigest()


def _users(store: Store, ids: Sequence[str]) -> dict[str, Column]:
    """The columns of users' metadata."""
    return of_metadata(by_key(store.metadata.groups(ids), ids), len(ids))


def of_metadata(places: Mapping[str, Mapping[str, Sequence[int]]], count: int) -> dict[str, Column]:
    """The columns of the keys that most of so many images have, given the places of those with each key and text."""
    keys = commonest({key: sum(map(len, of_key.values())) for key, of_key in places.items()})
    return {shown_key(key): of_texts(shown_key(key), places[key], count) for key in keys}


def commonest(images_with: Mapping[str, int]) -> list[str]:
    """The keys of metadata that most images have, in order; `images_with` says how many have each.

    >>> commonest({"room": 2, "hall": 2})
    ['hall', 'room']
    """
    return sorted(sorted(images_with, key=lambda key: (-images_with[key], key))[:METADATA_MOST])
