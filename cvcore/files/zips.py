"""Zips from strangers: measured before they are opened, read in memory and by pieces, never unpacked to the disk.

And zips of our own, which are written piece by piece, whole or not at all.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import math
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cvcore import names
from cvcore.errors import ArchiveRefused, InvalidInput, NotFound, StorageFull
from cvcore.settings import MEBIBYTE, Limits

# Photographs hardly shrink in a zip, drawings without compression some hundredfold; below 1/16 of the bytes allowed
# any ratio is harmless.
RATIO = 200
HARMLESS_SHARE = 16

# The other methods inflate without a bound: zipfile hands bzip2 and LZMA no limit to what one piece may grow to.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# Everything zipfile lets through when bytes are not what they should be.
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

# Members of our own carry no time, so that the same content gives the same zip.
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
PIECE_BYTES = MEBIBYTE


def opened(source: Path | BinaryIO, limits: Limits) -> zipfile.ZipFile:
    """The zip at a path or in an open file, once it has shown to be whole and within the limits.

    One opened by its path is closed when nothing refers to it any longer.

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
        raise ArchiveRefused("a zip must be whole, this one is damaged: copy or make it again") from error
    _check_declared(archive, size_bytes, limits)
    return archive


def path_of(info: zipfile.ZipInfo) -> str:
    """A member's path as its maker meant it; whatever stands after a NUL included.

    macOS writes UTF-8 without saying so, which is read as code page 437 unless it is told apart here.

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
    """Why a member is not read, or nothing.

    >>> refusal(zipfile.ZipInfo("daisy/1.jpg"))
    ''
    """
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a zip must hold the pictures themselves, this is a link: replace it with its picture"
    if info.compress_type not in METHODS:
        return (
            f"files in a zip must be stored or deflated, this one is packed by method {info.compress_type}: zip it anew"
        )
    return ""


def read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size_bytes: int) -> bytes:
    """The first `size_bytes` of a member at most, whatever its header says of its size.

    Raises:
        ArchiveRefused: it is damaged.
    """
    try:
        with archive.open(info) as file:
            return file.read(size_bytes)
    except BROKEN as error:
        raise ArchiveRefused(
            f"a file in a zip must be whole, {names.file(path_of(info))!r} is damaged: zip it anew"
        ) from error


@contextlib.contextmanager
def writing(path: Path) -> Iterator[zipfile.ZipFile]:
    """A new zip to fill, put in its place when the block ends well and removed when it does not.

    Raises:
        InvalidInput: there can be no such file.
        StorageFull: it does not fit on the disk.
    """
    temporary = path.with_name(f".{path.name[:60]}.{os.getpid()}-{os.urandom(4).hex()}")
    try:
        with zipfile.ZipFile(temporary, "w") as archive:
            yield archive
        temporary.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull("the disk is full: free some space on it and try again") from error
        raise InvalidInput(f"a zip must go to a file that can be written, {path}: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


def add_file(archive: zipfile.ZipFile, member: str, source: Path) -> tuple[str, int]:
    """Copy a file into a zip, as it is and piece by piece; its SHA-256 and its size in bytes.

    Raises:
        NotFound: it is not there, or cannot be read.
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
            f"the file {source.name} is not in the home folder: someone may have deleted it just now, try again"
        ) from None
    return digest.hexdigest(), size_bytes


def add_text(archive: zipfile.ZipFile, member: str, text: str) -> tuple[str, int]:
    """Write a text into a zip, deflated; its SHA-256 and its size in bytes, as UTF-8."""
    return add_bytes(archive, member, text.encode())


def add_bytes(archive: zipfile.ZipFile, member: str, data: bytes) -> tuple[str, int]:
    """Write bytes into a zip, deflated; their SHA-256 and how many they are."""
    archive.writestr(zipfile.ZipInfo(member, FIRST_DAY), data, zipfile.ZIP_DEFLATED)
    return hashlib.sha256(data).hexdigest(), len(data)


def _measured(file: BinaryIO, limits: Limits) -> int:
    """The zip's size in bytes, after its entries were counted: zipfile itself would load them all, a kilobyte each."""
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
    # As zipfile finds it: the directory ends where its end record begins, whatever offset that record gives.
    return max(0, tail_start + end - directory_bytes)


def _not_whole(file: BinaryIO) -> str:
    file.seek(0)
    if file.read(len(FILE)) == FILE:
        return "a zip must be whole, this one lacks its end: copy or download it again"
    return "a zip is needed, this is another kind of file: pack the pictures into a zip"


def _check_declared(archive: zipfile.ZipFile, size_bytes: int, limits: Limits) -> None:
    infos = archive.infolist()
    if locked := next((info for info in infos if info.flag_bits & IS_LOCKED), None):
        raise ArchiveRefused(
            f"a zip must open without a password, {names.file(path_of(locked))!r} needs one: zip it anew without"
        )
    unpacked = sum(info.file_size for info in infos)
    if unpacked > limits.archive_bytes:
        allowed, asked = limits.archive_bytes // MEBIBYTE, math.ceil(unpacked / MEBIBYTE)
        raise ArchiveRefused(f"a zip may unpack to {allowed:,} MB, this one would to {asked:,} MB: split it")
    if unpacked > max(RATIO * size_bytes, limits.archive_bytes // HARMLESS_SHARE):
        ratio = unpacked // size_bytes
        raise ArchiveRefused(
            f"a zip may unpack to {RATIO} times its size, this one would to {ratio:,} times: zip it anew"
        )
