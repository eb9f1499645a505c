"""What is known of an object beside its bytes: ETag, type, headers, metadata, checksums.

A record holds for a file of its size and time of change. For another file, changed by hand, it is made again.
"""

from __future__ import annotations

import contextlib
import mimetypes
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from cvcore.buckets import checksums
from cvcore.errors import Unavailable
from cvcore.files import blobs

# What S3 says of an object that was stored without a type.
ANY_TYPE = "binary/octet-stream"
BLOCK_BYTES = 2**20


@dataclass(frozen=True)
class Attributes:
    """What a client says of an object: its type, further headers by their names in lower case, metadata.

    `checksums` are in base64 by algorithm; of an object uploaded in parts they may be those of the parts' checksums,
    which end in `-` and the number of parts. `part_bytes` are the sizes of its parts.
    """

    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    part_bytes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Record:
    """An object as its record has it; `md5` is of its bytes, in hexadecimal digits, and so is the ETag of one part."""

    key: str
    size_bytes: int
    modified_ns: int
    md5: str
    etag: str
    attributes: Attributes


@dataclass(frozen=True)
class Object:
    """An object in a bucket, and the file of its bytes."""

    bucket: str
    record: Record
    path: Path

    @property
    def content_type(self) -> str:
        """Its media type; of a file that no client stored, by its name."""
        guessed = mimetypes.guess_type(self.record.key)[0]
        return self.record.attributes.content_type or guessed or ANY_TYPE


def load(path: Path) -> Record | None:
    """The record in a file; None if there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError):
        return None


def save(path: Path, record: Record) -> None:
    """Write a record.

    Raises:
        StorageFull, HomeUnusable: it cannot be written.
    """
    blobs.write(path, msgspec.json.encode(record), durable=False)


def present(path: Path, record_path: Path, key: str) -> Record | None:
    """The record of the file that is there now, made again if the file was changed by hand; None if none can be read.

    A file with the same bytes, for example restored from a backup, keeps its record.
    """
    if path.is_symlink() or not path.is_file():
        return None
    known = load(record_path)
    status = path.stat()
    if known and (known.key, known.size_bytes, known.modified_ns) == (key, status.st_size, status.st_mtime_ns):
        return known
    try:
        md5 = _md5(path)
    except PermissionError:
        return None
    if known and (known.key, known.md5) == (key, md5):
        record = replace(known, modified_ns=status.st_mtime_ns)
    else:
        record = Record(key, status.st_size, status.st_mtime_ns, md5, md5, Attributes())
    with contextlib.suppress(Unavailable):  # it is made again the next time
        save(record_path, record)
    return record


def _md5(path: Path) -> str:
    digest = checksums.ALGORITHMS["md5"]()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.digest().hex()
