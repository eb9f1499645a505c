"""The buckets themselves: folders in the home folder, made, found and deleted."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cvcore.buckets import addresses, listing, paths
from cvcore.errors import BucketNotFound, InvalidInput
from cvcore.files import blobs

_CREATED = "created"


@dataclass(frozen=True)
class Bucket:
    """A bucket, and when it was made; of a folder that somebody copied, when something was last put into it."""

    name: str
    created_at: datetime


def get(home: Path, bucket: str) -> Path:
    """The folder of a bucket that is in the home folder.

    Raises:
        BucketNotFound: there is none.
    """
    found = find(home, bucket)
    if found is None:
        raise BucketNotFound(f"there is no bucket {bucket[:80]!r}: create it first")
    return found


def find(home: Path, bucket: str) -> Path | None:
    """The folder of a bucket, None if the home folder has no such bucket."""
    try:
        addresses.check_bucket(bucket)
    except InvalidInput:
        return None
    path = paths.folder(home, bucket)
    is_there = bucket != addresses.IMAGES and path.is_dir() and paths.is_spelled(path, path.parent)
    return path if is_there else None


def exists(home: Path, bucket: str) -> bool:
    """Whether there is such a bucket, of which one is that of the stored images."""
    return bucket == addresses.IMAGES or find(home, bucket) is not None


def all_of(home: Path) -> list[Bucket]:
    """All buckets in the order of their names, but that of the stored images, which nobody made."""
    folder = home / "buckets"
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    return [Bucket(name, _created_at(home, name, path)) for name in names if (path := find(home, name))]


def create(home: Path, bucket: str) -> bool:
    """Make a bucket; False if there is one of that name.

    Raises:
        InvalidInput: the name breaks its rule.
        StorageFull, HomeUnusable: its folder cannot be made.
    """
    if exists(home, bucket):
        return False
    addresses.check_bucket(bucket, new=True)
    path = paths.folder(home, bucket)
    with blobs.storage_errors(path):
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            return False
    # A folder's own times change with what is in it.
    blobs.write(paths.hidden(home, bucket) / _CREATED, b"", durable=False)
    return True


def delete(home: Path, bucket: str) -> bool:
    """Delete a bucket with what is known of it; False if it has objects or files that are none.

    Raises:
        BucketNotFound: there is no such bucket.
        HomeUnusable: it cannot be deleted.
    """
    path = get(home, bucket)
    if any(True for _ in listing.Keys(home, bucket)):
        return False
    with blobs.storage_errors(path):
        blobs.delete(path / paths.INCOMING)
        try:
            _remove_empty(path)
        except OSError:  # links, names that are no text, or an object that was written meanwhile
            return False
        blobs.delete(paths.hidden(home, bucket))
    return True


def setting(home: Path, bucket: str, name: str) -> bytes | None:
    """A document that a client has set for a bucket, for example its policy; None if it has none.

    Raises:
        BucketNotFound: there is no such bucket.
    """
    get(home, bucket)
    try:
        return paths.setting(home, bucket, name).read_bytes()
    except OSError:
        return None


def keep_setting(home: Path, bucket: str, name: str, document: bytes | None) -> None:
    """Keep a document for a bucket, which is told again and has no effect, or delete it.

    Raises:
        BucketNotFound: there is no such bucket.
        StorageFull, HomeUnusable: it cannot be written or deleted.
    """
    get(home, bucket)
    path = paths.setting(home, bucket, name)
    if document is None:
        blobs.delete(path)
    else:
        blobs.write(path, document, durable=False)


def _created_at(home: Path, bucket: str, folder: Path) -> datetime:
    made = paths.hidden(home, bucket) / _CREATED
    return datetime.fromtimestamp((made if made.exists() else folder).stat().st_mtime, UTC)


def _remove_empty(folder: Path) -> None:
    """Delete a folder in which there are only folders."""
    for found, _, _ in os.walk(folder, topdown=False):
        Path(found).rmdir()
