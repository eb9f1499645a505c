"""Uploads in parts: each part a file beside the bucket, until the upload is complete or given up."""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from cvcore.buckets import addresses, checksums, folders, local, paths
from cvcore.buckets.incoming import Incoming
from cvcore.buckets.local import Check
from cvcore.buckets.records import BLOCK_BYTES, Attributes, Object
from cvcore.errors import UploadNotFound
from cvcore.files import blobs

NUMBER_MOST = 10_000
ABANDONED_S = 7 * 24 * 60 * 60

_UPLOAD = "upload.json"


@dataclass(frozen=True)
class Upload:
    """An upload that is not complete.

    `algorithm` is its checksum's, empty for none; `is_composite` tells that the object's is made of the parts'.
    """

    id: str
    bucket: str
    key: str
    created_at: float
    attributes: Attributes
    algorithm: str = ""
    is_composite: bool = True


@dataclass(frozen=True)
class Part:
    """A part that has been uploaded; its ETag is its MD5."""

    number: int
    size_bytes: int
    modified_at: float
    etag: str
    checksums: dict[str, str]


def create(home: Path, upload: Upload) -> Upload:
    """Begin an upload; returns it with its id. Uploads to this bucket that were left a week ago are deleted.

    Raises:
        BucketNotFound: there is no such bucket.
        InvalidInput: the key breaks its rule.
        StorageFull, HomeUnusable: it cannot be written.
    """
    folders.get(home, upload.bucket)
    addresses.check_key(upload.key)
    for folder in _all(home, upload.bucket).glob("*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > ABANDONED_S:
                blobs.delete(folder)
    new = replace(upload, id=secrets.token_hex(32), created_at=time.time())
    blobs.write(_folder(home, new) / _UPLOAD, msgspec.json.encode(new), durable=False)
    return new


def get(home: Path, bucket: str, key: str, upload_id: str) -> Upload:
    """The upload to a key with an id.

    Raises:
        BucketNotFound, UploadNotFound: there is no such bucket or upload.
    """
    folders.get(home, bucket)
    found = _load(_all(home, bucket) / upload_id) if re.fullmatch("[0-9a-f]{64}", upload_id) else None
    if not found or found.key != key:
        raise UploadNotFound(f"there is no upload {upload_id[:80]!r} to this key: it was completed or given up")
    return found


def all_of(home: Path, bucket: str) -> list[Upload]:
    """The uploads to a bucket by key, then by age.

    Raises:
        BucketNotFound: there is no such bucket.
    """
    folders.get(home, bucket)
    found = filter(None, map(_load, _all(home, bucket).glob("*")))
    return sorted(found, key=lambda upload: (upload.key, upload.created_at, upload.id))


def new_part(home: Path, upload: Upload, algorithms: Sequence[str]) -> Incoming:
    """A file to write a part's bytes to.

    Raises:
        UploadNotFound: the upload was completed or given up meanwhile.
        StorageFull, HomeUnusable: it cannot be made.
    """
    with _over_meanwhile():
        return Incoming(_folder(home, upload) / "incoming", algorithms)


def store_part(home: Path, upload: Upload, number: int, incoming: Incoming, algorithms: Sequence[str]) -> Part:
    """Make a finished file the part of a number, replacing an earlier one.

    Raises:
        UploadNotFound: the upload was completed or given up meanwhile.
    """
    folder = _folder(home, upload)
    get(home, upload.bucket, upload.key, upload.id)
    known = {algorithm: incoming.checksum(algorithm) for algorithm in algorithms}
    part = Part(number, incoming.size_bytes, time.time(), incoming.md5, known)
    # A part's file has its MD5 in its name, so that of two that arrive together each keeps its own bytes.
    with _over_meanwhile():
        incoming.path.replace(folder / _name(part))
    blobs.write(folder / f"{number:05d}.json", msgspec.json.encode(part), durable=False)
    return part


def parts(home: Path, upload: Upload) -> list[Part]:
    """The parts that have been uploaded, by number."""
    return list(_parts(_folder(home, upload)))


def complete(
    home: Path,
    upload: Upload,
    chosen: Sequence[Part],
    *,
    check: Check | None = None,
    verify: Callable[[dict[str, str]], None] | None = None,
) -> Object:
    """Make an object of these parts one after another, and end the upload.

    `check` gets the object that is replaced, or None, `verify` the new one's checksums; both raise what forbids it.

    Raises:
        BucketNotFound, UploadNotFound: the bucket or the upload was deleted meanwhile.
        StorageFull, HomeUnusable: it cannot be written.
    """
    whole = () if upload.is_composite or not upload.algorithm else (upload.algorithm,)
    with local.new(home, upload.bucket, whole) as incoming:
        with _over_meanwhile():
            for part in chosen:
                for block in _blocks(_folder(home, upload) / _name(part)):
                    incoming.write(block)
        incoming.finish()
        known = _checksums(upload, chosen, incoming)
        if verify:
            verify(known)
        sizes = tuple(part.size_bytes for part in chosen)
        attributes = replace(upload.attributes, checksums=known, part_bytes=sizes)
        found = local.store(home, upload.bucket, upload.key, incoming, attributes, etag=etag(chosen), check=check)
    delete(home, upload)
    return found


def delete(home: Path, upload: Upload) -> None:
    """Give an upload up, with its parts."""
    blobs.delete(_folder(home, upload))


def etag(chosen: Sequence[Part]) -> str:
    """The ETag of an object of these parts: the MD5 of their MD5s, and their number.

    >>> etag([Part(1, 0, 0, "d41d8cd98f00b204e9800998ecf8427e", {})])
    '59adb24ef3cdbe0297f05b395827453f-1'
    """
    digests = b"".join(bytes.fromhex(part.etag) for part in chosen)
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(chosen)}"


@contextlib.contextmanager
def _over_meanwhile() -> Iterator[None]:
    """A block in which a file or folder that is gone means that the upload is over."""
    try:
        yield
    except FileNotFoundError:
        raise UploadNotFound("the upload was completed or given up meanwhile: begin another") from None


def _checksums(upload: Upload, chosen: Sequence[Part], incoming: Incoming) -> dict[str, str]:
    if not upload.algorithm:
        return {}
    if not upload.is_composite:
        return {upload.algorithm: incoming.checksum(upload.algorithm)}
    known = [part.checksums.get(upload.algorithm, "") for part in chosen]
    return {upload.algorithm: checksums.composite(known, upload.algorithm)} if all(known) else {}


def _load(folder: Path) -> Upload | None:
    try:
        return msgspec.json.decode((folder / _UPLOAD).read_bytes(), type=Upload)
    except (OSError, msgspec.DecodeError):
        return None


def _parts(folder: Path) -> Iterator[Part]:
    for path in sorted(folder.glob("[0-9][0-9][0-9][0-9][0-9].json")):
        with contextlib.suppress(OSError, msgspec.DecodeError):
            yield msgspec.json.decode(path.read_bytes(), type=Part)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


def _name(part: Part) -> str:
    return f"{part.number:05d}-{part.etag}"


def _all(home: Path, bucket: str) -> Path:
    return paths.hidden(home, bucket) / "uploads"


def _folder(home: Path, upload: Upload) -> Path:
    return _all(home, upload.bucket) / upload.id
