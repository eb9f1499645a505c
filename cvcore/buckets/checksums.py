"""Checksums of an object's bytes by S3's names for them: crc32, crc32c, crc64nvme, md5, sha1, sha256, sha512.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterable
from typing import Protocol

from cvcore.buckets.crc import Crc


class Checksum(Protocol):
    """A checksum of data that comes in parts."""

    def update(self, data: bytes, /) -> object:
        """Take more data."""

    def digest(self) -> bytes:
        """The checksum of the data so far."""


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


# MD5 and SHA-1 are what S3's clients compare; nothing here trusts them.
ALGORITHMS: dict[str, Callable[[], Checksum]] = {
    "crc32": _Crc32,
    "crc32c": lambda: Crc(0x82F63B78, 32),
    "crc64nvme": lambda: Crc(0x9A6C9329AC4BC9B5, 64),
    "md5": lambda: hashlib.md5(usedforsecurity=False),
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
}


def of(data: bytes, algorithm: str) -> str:
    """A checksum of bytes in base64, as S3's headers have it.

    >>> of(b"123456789", "crc64nvme"), of(b"123456789", "crc32")
    ('rosUhgp5mIg=', 'y/Q5Jg==')
    """
    checksum = ALGORITHMS[algorithm]()
    checksum.update(data)
    return encoded(checksum)


def encoded(checksum: Checksum) -> str:
    """A checksum in base64."""
    return base64.b64encode(checksum.digest()).decode()


def composite(checksums: Iterable[str], algorithm: str) -> str:
    """The checksum of an object that was uploaded in parts, from the parts' checksums in base64.

    >>> composite([of(b"a", "sha1"), of(b"b", "sha1")], "sha1")
    'AFZUCsYjfQJj3Q+qRcccc7xIDzQ=-2'
    """
    parts = [base64.b64decode(each) for each in checksums]
    return f"{of(b''.join(parts), algorithm)}-{len(parts)}"
