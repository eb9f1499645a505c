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

# Photos hardly shrink in a zip, uncompressed drawings about a hundredfold; a zip that unpacks to less than 1/16 of the
# allowed bytes is harmless at any ratio.
RATIO = 200
HARMLESS_SHARE = 16

# Not bzip2 and LZMA: zipfile gives them no limit for the size that one piece unpacks to.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# Everything that zipfile raises for damaged bytes.
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
    """The zip at a path or in an open file, after a check that it is complete and within the limits.

    A zip opened by its path is closed with its last reference.

    Raises:
        ArchiveRefused: it is no zip, is cut short, locked, or holds too many files or too many bytes.
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
        raise ArchiveRefused("a zip must be complete, this one is damaged: copy or make it again") from error
    _check_declared(archive, size_bytes, limits)
    return archive


def path_of(info: zipfile.ZipInfo) -> str:
    """A member's path as the zip's maker wrote it, including what stands after a NUL.

    macOS writes UTF-8 without setting the flag for it; zipfile reads that as code page 437, which is undone here.

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
    """The sentence that says why a member is not read, or an empty text.

    >>> refusal(zipfile.ZipInfo("daisy/1.jpg"))
    ''
    """
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a zip must hold the images themselves, this is a link: replace it with its image"
    if info.compress_type not in METHODS:
        return (
            f"files in a zip must be stored or deflated, this one is packed by method {info.compress_type}: zip it anew"
        )
    return ""


def read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size_bytes: int) -> bytes:
    """A member's bytes, at most the first `size_bytes`, whatever size its header claims.

    Raises:
        ArchiveRefused: it is damaged.
    """
    try:
        with archive.open(info) as file:
            return file.read(size_bytes)
    except BROKEN as error:
        raise ArchiveRefused(
            f"a file in a zip must be complete, {names.file(path_of(info))!r} is damaged: zip it anew"
        ) from error


def _measured(file: BinaryIO, limits: Limits) -> int:
    """The zip's size in bytes, after its entries were counted; zipfile would load them all first, a kilobyte each."""
    size_bytes = file.seek(0, os.SEEK_END)
    file.seek(_directory_start(file, size_bytes))
    count = 0
    while (header := file.read(DIRECTORY_BYTES)).startswith(DIRECTORY) and len(header) == DIRECTORY_BYTES:
        count += 1
        if count > limits.archive_entries:
            raise ArchiveRefused(f"a zip may hold {limits.archive_entries:,} files, this one has more: split it")
        file.seek(sum(struct.unpack_from("<3H", header, 28)), os.SEEK_CUR)
    return size_bytes


def _directory_start(file: BinaryIO, size_bytes: int) -> int:
    tail_start = max(0, size_bytes - COMMENT_BYTES - END_BYTES - LOCATOR_64_BYTES - END_64_BYTES)
    file.seek(tail_start)
    tail = file.read()
    end = tail.rfind(END)
    if end < 0 or len(tail) < end + END_BYTES:
        raise ArchiveRefused(_not_whole(file))
    directory_bytes: int = struct.unpack_from("<L", tail, end + 12)[0]
    end_64 = end - LOCATOR_64_BYTES - END_64_BYTES
    if end_64 >= 0 and tail.startswith(LOCATOR_64, end - LOCATOR_64_BYTES) and tail.startswith(END_64, end_64):
        directory_bytes = struct.unpack_from("<Q", tail, end_64 + 40)[0]
        end = end_64
    # Like zipfile: the directory ends where its end record begins, whatever offset that record claims.
    return max(0, tail_start + end - directory_bytes)


def _not_whole(file: BinaryIO) -> str:
    file.seek(0)
    if file.read(len(FILE)) == FILE:
        return "a zip must be complete, this one lacks its end: copy or download it again"
    return "a zip is needed, this is another kind of file: pack the images into a zip"


def _check_declared(archive: zipfile.ZipFile, size_bytes: int, limits: Limits) -> None:
    infos = archive.infolist()
    if locked := next((info for info in infos if info.flag_bits & IS_LOCKED), None):
        raise ArchiveRefused(
            f"a zip must open without a password, {names.file(path_of(locked))!r} needs one: zip it anew without"
        )
    unpacked = sum(info.file_size for info in infos)
    if unpacked > limits.archive_bytes:
        allowed_mb, unpacked_mb = limits.archive_bytes // MEBIBYTE, math.ceil(unpacked / MEBIBYTE)
        raise ArchiveRefused(f"a zip may unpack to {allowed_mb:,} MB, this one would to {unpacked_mb:,} MB: split it")
    if unpacked > max(RATIO * size_bytes, limits.archive_bytes // HARMLESS_SHARE):
        ratio = unpacked // size_bytes
        raise ArchiveRefused(
            f"a zip may unpack to {RATIO} times its size, this one would to {ratio:,} times: zip it anew"
        )
