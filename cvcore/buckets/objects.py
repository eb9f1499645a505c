"""Reads and writes whole objects wherever they are: the home folder, the stored images, an S3 service elsewhere."""

from __future__ import annotations

from pathlib import Path

from cvcore.buckets import addresses, images, local, paths, remote
from cvcore.buckets.records import Attributes, Object
from cvcore.errors import InvalidInput, ObjectNotFound
from cvcore.settings import Settings


def read(settings: Settings, bucket: str, key: str, *, limit_bytes: int | None = None) -> bytes:
    """The bytes of an object.

    Raises:
        InvalidInput: a name breaks its rule, or the object has more than `limit_bytes`.
        BucketNotFound, ObjectNotFound: there is no such bucket or object.
        FetchFailed: it is in an S3 service that does not answer.
    """
    addresses.check_bucket(bucket)
    addresses.check_key(key)
    data = _read(settings, bucket, key, limit_bytes)
    if limit_bytes is not None and len(data) > limit_bytes:
        raise InvalidInput(f"{addresses.address(bucket, key)} must have at most {limit_bytes} bytes, it has more")
    return data


def write(settings: Settings, bucket: str, key: str, data: bytes, content_type: str) -> None:
    """Store an object, replacing an earlier one.

    Raises:
        InvalidInput: a name breaks its rule, or the bucket is read only.
        BucketNotFound: there is no such bucket.
        FetchFailed: it is in an S3 service that does not answer.
        StorageFull, HomeUnusable: it cannot be written.
    """
    addresses.check_bucket(bucket)
    addresses.check_key(key)
    if bucket == addresses.IMAGES:
        raise InvalidInput(f"the bucket {bucket} has the stored images, and is read only: write to another")
    if settings.s3_endpoint and not paths.find_folder(settings.home, bucket):
        remote.write(settings.s3_endpoint, bucket, key, data, content_type)
        return
    with local.new(settings.home, bucket) as incoming:
        incoming.write(data)
        incoming.finish()
        local.store(settings.home, bucket, key, incoming, Attributes(content_type))


def get(home: Path, bucket: str, key: str) -> Object:
    """An object in the home folder, or a stored image.

    Raises:
        BucketNotFound, ObjectNotFound: there is no such bucket or object.
    """
    return images.get(home, key) if bucket == addresses.IMAGES else local.get(home, bucket, key)


def _read(settings: Settings, bucket: str, key: str, limit_bytes: int | None) -> bytes:
    """The bytes of an object; of one that is longer than the limit, one byte more than the limit."""
    if settings.s3_endpoint and bucket != addresses.IMAGES and not paths.find_folder(settings.home, bucket):
        return remote.read(settings.s3_endpoint, bucket, key, limit_bytes)
    found = get(settings.home, bucket, key)
    try:
        with found.path.open("rb") as file:
            return file.read() if limit_bytes is None else file.read(limit_bytes + 1)
    except FileNotFoundError:
        raise ObjectNotFound(f"the object {addresses.address(bucket, key)[:300]!r} was deleted meanwhile") from None
