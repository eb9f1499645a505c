"""Writing zips: piece by piece, and completely or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from cvcore.errors import InvalidInput, NotFound, StorageFull
from cvcore.files import disks
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
    temporary = path.with_name(f".{path.name[:60]}.{os.getpid()}-{os.urandom(4).hex()}")
    try:
        with zipfile.ZipFile(temporary, "w") as archive:
            yield archive
        temporary.replace(path)
    except OSError as error:
        if disks.is_full(error):
            raise StorageFull(t(disks.FULL)) from error
        raise InvalidInput(
            t("a zip must go to a file that can be written, {path}: {reason}", path=path, reason=error.strerror)
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def add_file(archive: zipfile.ZipFile, member: str, source: Path) -> tuple[str, int]:
    """Copy a file into a zip, uncompressed and piece by piece; returns its SHA-256 and its size in bytes.

    Raises:
        NotFound: there is no such file.
    """
    digest = hashlib.sha256()
    info = zipfile.ZipInfo(member, FIRST_DAY)
    try:
        with source.open("rb") as file:
            info.file_size = size_bytes = os.fstat(file.fileno()).st_size
            with archive.open(info, "w") as target:
                while piece := file.read(PIECE_BYTES):
                    digest.update(piece)
                    target.write(piece)
    except FileNotFoundError:
        raise NotFound(
            t(
                "the file {file} is not in the home folder: someone may have deleted it just now, try again",
                file=source.name,
            )
        ) from None
    return digest.hexdigest(), size_bytes


def add_text(archive: zipfile.ZipFile, member: str, text: str) -> tuple[str, int]:
    """Write a text into a zip as UTF-8, deflated; returns its SHA-256 and its size in bytes."""
    return add_bytes(archive, member, text.encode())


def add_bytes(archive: zipfile.ZipFile, member: str, data: bytes) -> tuple[str, int]:
    """Write bytes into a zip, deflated; returns their SHA-256 and their number."""
    archive.writestr(zipfile.ZipInfo(member, FIRST_DAY), data, zipfile.ZIP_DEFLATED)
    return hashlib.sha256(data).hexdigest(), len(data)
