"""Reading zips from outside: checked before they are opened, read in memory, never unpacked to the disk."""

from __future__ import annotations

import math
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from cvcore import names
from cvcore.errors import ArchiveRefused
from cvcore.files import zip_names
from cvcore.languages import number, t
from cvcore.settings import MEBIBYTE, Limits

# Photos barely compress; uncompressed drawings can shrink to 1/100. A zip that unpacks to less than 1/16 of the
# allowed bytes is harmless at any ratio.
RATIO = 200
HARMLESS_SHARE = 16

# Files that do not count cost time and memory, too, 1 KB each in a zip: folders, films, a `._` of macOS for each image.
LISTED_SHARE = 3

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
IS_LOCKED = 0x1

Counts = Callable[[str], bool]


def opened(source: Path | BinaryIO, limits: Limits, counts: Counts | None = None) -> zipfile.ZipFile:
    """Open the zip at a path or in an open file, after checking that it is complete and within the limits.

    `counts` says by its path whether a file is read at all: only those count towards the limits; without it all do.
    A zip opened by its path is closed when its last reference is deleted.

    Raises:
        ArchiveRefused: it is not a zip, is cut short, needs a password, or holds too many files or too many bytes.
    """
    try:
        if isinstance(source, Path):
            with source.open("rb") as file:
                size_bytes = _measured(file, limits, counts)
        else:
            size_bytes = _measured(source, limits, counts)
        archive = zipfile.ZipFile(source)
    except PermissionError as error:
        raise ArchiveRefused(t("a zip must be readable, this one is not: change who may open it")) from error
    except BROKEN as error:
        raise ArchiveRefused(t("a zip must be complete, this one is damaged: copy or create it again")) from error
    _check_declared(archive, size_bytes, limits, counts)
    return archive


def path_of(info: zipfile.ZipInfo) -> str:
    """A member's path as it was written into the zip, including characters after a NUL byte.

    A code page is guessed from this name alone: `paths` guesses better.
    """
    return zip_names.guessed(info)


def paths(archive: zipfile.ZipFile) -> tuple[list[str], str]:
    """The path of each member, in the order of `infolist`, and a note if a code page had to be guessed for them."""
    return zip_names.decoded(archive.infolist())


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
            t(
                "a file in a zip must be complete, {file!r} is damaged: create the zip again",
                file=names.file(path_of(info)),
            )
        ) from error


def _measured(file: BinaryIO, limits: Limits, counts: Counts | None) -> int:
    """The zip's size in bytes, after counting its entries: zipfile would load them all first, 1 KB per entry."""
    size_bytes = file.seek(0, os.SEEK_END)
    file.seek(_directory_start(file, size_bytes))
    listed = counted = 0
    while (header := file.read(DIRECTORY_BYTES)).startswith(DIRECTORY) and len(header) == DIRECTORY_BYTES:
        name_bytes, *others = struct.unpack_from("<3H", header, 28)
        listed += 1
        counted += _counts(file.read(name_bytes).decode(errors="replace"), counts)
        if counted > limits.archive_entries:
            raise ArchiveRefused(_too_many(limits.archive_entries, counts))
        if listed > LISTED_SHARE * limits.archive_entries:
            raise ArchiveRefused(_too_many(LISTED_SHARE * limits.archive_entries, None))
        file.seek(sum(others), os.SEEK_CUR)
    return size_bytes


def _counts(path: str, counts: Counts | None) -> bool:
    return counts is None or (not path.endswith("/") and counts(path))


def _too_many(most: int, counts: Counts | None) -> str:
    if counts is None:
        return t("a zip must hold at most {most} files, this one has more: split it", most=number(most))
    return t(
        "a zip must hold at most {most} images and tables, this one has more: split it, or raise the limit with "
        "TAGWISE_MAX_FILES",
        most=number(most),
    )


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
        return t("a zip must be complete, the end of this one is missing: copy or download it again")
    return t("this file is not a zip: put the images in a zip and upload that")


def _check_declared(archive: zipfile.ZipFile, size_bytes: int, limits: Limits, counts: Counts | None) -> None:
    infos = archive.infolist()
    if locked := next((info for info in infos if info.flag_bits & IS_LOCKED), None):
        raise ArchiveRefused(
            t(
                "a zip must open without a password, {file!r} needs one: create it again without one",
                file=names.file(path_of(locked)),
            )
        )
    unpacked = sum(info.file_size for info in infos if _counts(info.orig_filename, counts))
    if unpacked > limits.archive_bytes:
        allowed_mb, unpacked_mb = limits.archive_bytes // MEBIBYTE, math.ceil(unpacked / MEBIBYTE)
        cure = "split it" if counts is None else "split it, or raise the limit with TAGWISE_MAX_UNPACKED_MB"
        raise ArchiveRefused(
            t(
                "a zip must unpack to at most {most} MB, this one would unpack to {size} MB: {cure}",
                most=number(allowed_mb),
                size=number(unpacked_mb),
                cure=cure,
            )
        )
    if unpacked > max(RATIO * size_bytes, limits.archive_bytes // HARMLESS_SHARE):
        ratio = unpacked // size_bytes
        raise ArchiveRefused(
            t(
                "a zip must unpack to at most {most} times its size, this one would unpack to {times} times: "
                "create it again from the images",
                most=RATIO,
                times=number(ratio),
            )
        )
