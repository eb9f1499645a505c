"""Writing zips: piece by piece, and completely or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cvcore.errors import InvalidInput, NotFound, StorageFull
from cvcore.files import blobs, disks
from cvcore.languages import t
from cvcore.settings import MEBIBYTE

# Members carry no time, so that the same content gives the same zip.
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
PIECE_BYTES = MEBIBYTE


@contextlib.contextmanager
def create(path: Path) -> Iterator[zipfile.ZipFile]:
    """A new zip to fill; moved to `path` when the block ends without an error, else deleted.

    Raises:
        InvalidInput: the file cannot be written.
        StorageFull: it does not fit on the disk.
    """
    if path.is_dir():
        raise _unwritable(path, OSError(errno.EISDIR, os.strerror(errno.EISDIR)))
    temporary = path.with_name(f".{path.name[:60]}.{os.getpid()}-{os.urandom(4).hex()}")
    try:
        with zipfile.ZipFile(temporary, "w") as archive:
            yield archive
        temporary.replace(path)
    except OSError as error:
        if disks.is_full(error):
            raise StorageFull(t(disks.FULL)) from error
        raise _unwritable(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> InvalidInput:
    return InvalidInput(
        t("a zip must go to a file that can be written, {path}: {reason}", path=path, reason=error.strerror)
    )


def add_file(archive: zipfile.ZipFile, member: str, source: Path) -> tuple[str, int]:
    """Copy a file into a zip, uncompressed and piece by piece; returns its SHA-256 and its size in bytes.

    Raises:
        NotFound: there is no such file.
        HomeUnusable: it cannot be read to its end.
    """
    digest = hashlib.sha256()
    size_bytes = 0
    info = zipfile.ZipInfo(member, FIRST_DAY)
    with _opened(source) as file:
        # By it zipfile decides how large a member may become.
        info.file_size = os.fstat(file.fileno()).st_size
        with archive.open(info, "w") as target:
            while piece := _piece(source, file):
                digest.update(piece)
                size_bytes += len(piece)
                target.write(piece)
    return digest.hexdigest(), size_bytes


def _opened(source: Path) -> BinaryIO:
    try:
        return source.open("rb")
    except FileNotFoundError:
        raise NotFound(
            t(
                "the file {file} is not in the home folder: someone may have deleted it just now, try again",
                file=source.name,
            )
        ) from None
    except OSError as error:
        raise blobs.unreadable(source, error) from error


def _piece(source: Path, file: BinaryIO) -> bytes:
    try:
        return file.read(PIECE_BYTES)
    except OSError as error:
        raise blobs.unreadable(source, error) from error


def add_text(archive: zipfile.ZipFile, member: str, text: str) -> tuple[str, int]:
    """Write a text into a zip as UTF-8, deflated; returns its SHA-256 and its size in bytes."""
    return add_bytes(archive, member, text.encode())


def add_bytes(archive: zipfile.ZipFile, member: str, data: bytes) -> tuple[str, int]:
    """Write bytes into a zip, deflated; returns their SHA-256 and their number."""
    archive.writestr(zipfile.ZipInfo(member, FIRST_DAY), data, zipfile.ZIP_DEFLATED)
    return hashlib.sha256(data).hexdigest(), len(data)
