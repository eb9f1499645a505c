"""Bytes on their way into a bucket: written to a temporary file, with their checksums, then moved to their place."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from cvcore.buckets import checksums
from cvcore.files import blobs

# What is older was left by a process that died: the longest upload of one part takes less.
ABANDONED_S = 24 * 60 * 60
TRIES = 8


class Incoming:
    """A temporary file that is deleted at the end of its `with` block, unless it was moved meanwhile."""

    def __init__(self, folder: Path, algorithms: Iterable[str] = ()) -> None:
        """Open a new file in a folder, which is made in one that is there; md5 is always computed.

        Raises:
            FileNotFoundError: the folder that holds it is not there.
            StorageFull, HomeUnusable: it cannot be made.
        """
        self._checksums = {name: checksums.ALGORITHMS[name]() for name in {"md5", *algorithms}}
        self._folder = folder
        self.size_bytes = 0
        with blobs.storage_errors(folder):
            self.path, self._file = _opened(folder)

    def write(self, data: bytes) -> None:
        """Append data.

        Raises:
            StorageFull, HomeUnusable: it cannot be written.
        """
        with blobs.storage_errors(self.path):
            self._file.write(data)
        self.size_bytes += len(data)
        for checksum in self._checksums.values():
            checksum.update(data)

    def finish(self) -> None:
        """Flush the file to the disk; nothing can be appended any more."""
        with blobs.storage_errors(self.path):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    @property
    def md5(self) -> str:
        """The MD5 of the data so far, in hexadecimal digits."""
        return self._checksums["md5"].digest().hex()

    def checksum(self, algorithm: str) -> str:
        """A checksum of the data so far, in base64; of md5 or an algorithm that was asked for."""
        return checksums.encoded(self._checksums[algorithm])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.discard()

    def discard(self) -> None:
        """Delete the file if it was not moved, and its folder if it is empty."""
        with contextlib.suppress(OSError):  # the disk is full, and what was not written yet is given up
            self._file.close()
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty, or deleted by another
            self._folder.rmdir()


def _opened(folder: Path) -> tuple[Path, BinaryIO]:
    path = folder / secrets.token_hex(16)
    for _ in range(TRIES):
        with contextlib.suppress(FileNotFoundError, FileExistsError):  # another upload ended, and deleted the folder
            folder.mkdir(exist_ok=True)
            file = path.open("xb")
            _delete_abandoned(folder)
            return path, file
    return path, path.open("xb")


def _delete_abandoned(folder: Path) -> None:
    before = time.time() - ABANDONED_S
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < before:
                path.unlink()
