"""Reading zips from outside: checked before they are opened, read in memory, never unpacked to the disk."""

from __future__ import annotations

import math
import os
import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from cvcore import names
from cvcore.errors import ArchiveRefused
from cvcore.settings import MEBIBYTE, Limits

# Photos barely compress; uncompressed drawings can shrink to 1/100. A zip that unpacks to less than 1/16 of the
# allowed bytes is harmless at any ratio.
RATIO = 200
HARMLESS_SHARE = 16

# bzip2 and LZMA are refused: zipfile cannot limit how much one read unpacks.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# All errors that zipfile raises for damaged bytes.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)

# Section 4.3 of https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
FILE, DIRECTORY, END, END_64, LOCATOR_64 = (b"PK" + mark for mark in (b"\3\4", b"\1\2", b"\5\6", b"\6\6", b"\6\7"))
DIRECTORY_BYTES, END_BYTES, END_64_BYTES, LOCATOR_64_BYTES = 46, 22, 56, 20
COMMENT_BYTES = 2**16
IS_LOCKED, IS_UTF8 = 0x1, 0x800


def opened(source: Path | BinaryIO, limits: Limits) -> zipfile.ZipFile:
    """Open the zip at a path or in an open file, after checking that it is complete and within the limits.

    A zip opened by its path is closed when its last reference is deleted.

    Raises:
        ArchiveRefused: it is not a zip, is cut short, needs a password, or holds too many files or too many bytes.
    """
    try:
        if isinstance(source, Path):
            with source.open("rb") as file:
                size_bytes = _measured(file, limits)
        else:
            size_bytes = _measured(source, limits)
        archive = zipfile.ZipFile(source)
    except PermissionError as error:
        raise ArchiveRefused("a zip must be readable, this one is not: change who may open it") from error
    except BROKEN as error:
        raise ArchiveRefused("a zip must be complete, this one is damaged: copy or create it again") from error
    _check_declared(archive, size_bytes, limits)
    return archive


def path_of(info: zipfile.ZipInfo) -> str:
    """A member's path as it was written into the zip, including characters after a NUL byte.

    macOS writes UTF-8 without setting the flag for it, and zipfile decodes that as code page 437: undone here.

    >>> path_of(zipfile.ZipInfo("Ga╠ênseblu╠êmchen/1.jpg")) == "Ga\\u0308nseblu\\u0308mchen/1.jpg"
    True
    """
    path = info.orig_filename
    if info.flag_bits & IS_UTF8:
        return path
    try:
        return path.encode("cp437").decode()
    except UnicodeError:
        return path


def refusal(info: zipfile.ZipInfo) -> str:
    """Why a member is not read, as a sentence; empty if it can be read.

    >>> refusal(zipfile.ZipInfo("daisy/1.jpg"))
    ''
    """
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a zip must hold the images themselves, this is a link: replace it with its image"
    if info.compress_type not in METHODS:
        return (
            f"files in a zip must be stored or deflated, this one uses method {info.compress_type}: "
            "create the zip again with standard compression"
        )
    return ""


def read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size_bytes: int) -> bytes:
    """A member's first `size_bytes` bytes, whatever size its header claims.

    Raises:
        ArchiveRefused: it is damaged.
    """
    try:
        with archive.open(info) as file:
            return file.read(size_bytes)
    except BROKEN as error:
        raise ArchiveRefused(
            f"a file in a zip must be complete, {names.file(path_of(info))!r} is damaged: create the zip again"
        ) from error


def _measured(file: BinaryIO, limits: Limits) -> int:
    """The zip's size in bytes, after counting its entries: zipfile would load them all first, 1 KB per entry."""
    size_bytes = file.seek(0, os.SEEK_END)
    file.seek(_directory_start(file, size_bytes))
    count = 0
    while (header := file.read(DIRECTORY_BYTES)).startswith(DIRECTORY) and len(header) == DIRECTORY_BYTES:
        count += 1
        if count > limits.archive_entries:
            raise ArchiveRefused(
                f"a zip must hold at most {limits.archive_entries:,} files, this one has more: split it"
            )
        file.seek(sum(struct.unpack_from("<3H", header, 28)), os.SEEK_CUR)
    return size_bytes


def _directory_start(file: BinaryIO, size_bytes: int) -> int:
    tail_start = max(0, size_bytes - COMMENT_BYTES - END_BYTES - LOCATOR_64_BYTES - END_64_BYTES)
    file.seek(tail_start)
    tail = file.read()
    end = tail.rfind(END)
    if end < 0 or len(tail) < end + END_BYTES:
        raise ArchiveRefused(_missing_end(file))
    directory_bytes: int = struct.unpack_from("<L", tail, end + 12)[0]
    end_64 = end - LOCATOR_64_BYTES - END_64_BYTES
    if end_64 >= 0 and tail.startswith(LOCATOR_64, end - LOCATOR_64_BYTES) and tail.startswith(END_64, end_64):
        directory_bytes = struct.unpack_from("<Q", tail, end_64 + 40)[0]
        end = end_64
    # As in zipfile: the directory ends where its end record begins, whatever offset that record claims.
    return max(0, tail_start + end - directory_bytes)


def _missing_end(file: BinaryIO) -> str:
    """Why a file without the end record of a zip is refused."""
    file.seek(0)
    if file.read(len(FILE)) == FILE:
        return "a zip must be complete, the end of this one is missing: copy or download it again"
    return "this file is not a zip: put the images in a zip and upload that"


def _check_declared(archive: zipfile.ZipFile, size_bytes: int, limits: Limits) -> None:
    infos = archive.infolist()
    if locked := next((info for info in infos if info.flag_bits & IS_LOCKED), None):
        raise ArchiveRefused(
            f"a zip must open without a password, {names.file(path_of(locked))!r} needs one: "
            "create it again without one"
        )
    unpacked = sum(info.file_size for info in infos)
    if unpacked > limits.archive_bytes:
        allowed_mb, unpacked_mb = limits.archive_bytes // MEBIBYTE, math.ceil(unpacked / MEBIBYTE)
        raise ArchiveRefused(
            f"a zip must unpack to at most {allowed_mb:,} MB, this one would unpack to {unpacked_mb:,} MB: split it"
        )
    if unpacked > max(RATIO * size_bytes, limits.archive_bytes // HARMLESS_SHARE):
        ratio = unpacked // size_bytes
        raise ArchiveRefused(
            f"a zip must unpack to at most {RATIO} times its size, this one would unpack to {ratio:,} times: "
            "create it again from the images"
        )
