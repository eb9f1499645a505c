"""Reads and writes whole objects wherever they are: the home folder, the stored images, an S3 service elsewhere."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from cvcore.buckets import addresses, folders, local, paths, records, remote
from cvcore.buckets.records import Attributes, Object
from cvcore.errors import InvalidInput, ObjectNotFound, ObjectTooLarge
from cvcore.files import blobs
from cvcore.settings import Settings

_IMAGE = re.compile(f"([0-9a-f]{{{addresses.SHA256_LETTERS}}})/[^/]+")


def read(settings: Settings, bucket: str, key: str, *, limit_bytes: int | None = None) -> bytes:
    """The bytes of an object.

    Raises:
        InvalidInput: a name breaks its rule.
        ObjectTooLarge: it has more than `limit_bytes`.
        BucketNotFound, ObjectNotFound: there is no such bucket or object.
        FetchFailed: it is in an S3 service that does not answer.
    """
    addresses.check_bucket(bucket)
    addresses.check_key(key)
    data = _read(settings, bucket, key, limit_bytes)
    if limit_bytes is not None and len(data) > limit_bytes:
        raise ObjectTooLarge(f"{addresses.address(bucket, key)} must have at most {limit_bytes} bytes, it has more")
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
    if settings.s3_endpoint and not folders.find(settings.home, bucket):
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
    return _image(home, key) if bucket == addresses.IMAGES else local.get(home, bucket, key)


def opened(home: Path, bucket: str, key: str) -> tuple[Object, BinaryIO]:
    """The same and its file, open for reading: the bytes that the object's record is of, even if it is replaced now.

    Raises:
        BucketNotFound, ObjectNotFound: there is no such bucket or object.
    """
    for _ in range(local.TRIES):
        found = get(home, bucket, key)
        with contextlib.suppress(FileNotFoundError, PermissionError):
            file = found.path.open("rb")
            status = os.fstat(file.fileno())
            if (status.st_size, status.st_mtime_ns) == (found.record.size_bytes, found.record.modified_ns):
                return found, file
            file.close()
    raise ObjectNotFound(f"the object {addresses.address(bucket, key)[:300]!r} is being replaced, or may not be read")


def _image(home: Path, key: str) -> Object:
    """A stored image by its SHA-256, whatever its name says.

    Raises:
        ObjectNotFound: there is none.
    """
    if match := _IMAGE.fullmatch(key):
        path = blobs.original_path(home, match[1])
        if record := records.present(path, paths.record(home, addresses.IMAGES, match[1]), match[1]):
            return Object(addresses.IMAGES, replace(record, key=key), path)
    raise ObjectNotFound(f"the bucket {addresses.IMAGES} has the stored images at SHA256/NAME, none at {key[:200]!r}")


def _read(settings: Settings, bucket: str, key: str, limit_bytes: int | None) -> bytes:
    """The bytes of an object; of one that is longer than the limit, one byte more than the limit."""
    if settings.s3_endpoint and bucket != addresses.IMAGES and not folders.find(settings.home, bucket):
        return remote.read(settings.s3_endpoint, bucket, key, limit_bytes)
    with opened(settings.home, bucket, key)[1] as file:
        return file.read() if limit_bytes is None else file.read(limit_bytes + 1)
