"""The files of a folder or a zip: their paths and how they are read. Nothing is unpacked to the disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import BinaryIO

from cvcore.annotations import TABLE_BYTES, Parts, can_be, parts
from cvcore.datasets import file_names
from cvcore.errors import ArchiveRefused
from cvcore.files import zips
from cvcore.languages import number, t
from cvcore.settings import Limits

ReadBytes = Callable[[], bytes]


@dataclass(frozen=True)
class File:
    """A file: its path below the top, the function that reads it, and why it is refused, or an empty text."""

    path: str
    read: ReadBytes
    refusal: str = ""

    @cached_property
    def parts(self) -> Parts:
        """The path's folders and the file's name."""
        return parts(self.path)


def counts(path: str) -> bool:
    """Whether a file counts towards the limits: it can be an image or a table, and is no litter.

    >>> counts("daisy/1.jpg"), counts("labels.csv"), counts("film.mp4"), counts("__MACOSX/daisy/._1.jpg")
    (True, True, False, False)
    """
    path_parts = parts(path)
    return (
        bool(path_parts)
        and not file_names.is_litter(path_parts)
        and (can_be(path_parts) or not file_names.kind_refusal(path))
    )


def in_zip(source: Path | BinaryIO, limits: Limits) -> tuple[list[File], str]:
    """The files of a zip, and a note if their names had to be guessed.

    Raises:
        ArchiveRefused: it is not a zip, is cut short, needs a password, or breaks a limit.
    """
    archive = zips.opened(source, limits, counts)
    paths, note = zips.paths(archive)
    files = [
        File(path, partial(zips.read, archive, info, _bytes_wanted(path, limits)), zips.refusal(info))
        for path, info in zip(paths, archive.infolist(), strict=True)
        if not path.endswith(("/", "\\"))
    ]
    return files, note


def in_folder(top: Path, limits: Limits) -> Iterator[File]:
    """The files of a folder in a stable order, links followed: the folder was chosen by a user of this machine.

    Raises:
        ArchiveRefused: it breaks a limit.
    """
    unreadable: list[OSError] = []
    listed = counted = 0
    for folder, subfolders, files in os.walk(top, onerror=unreadable.append, followlinks=True):
        circles = [name for name in subfolders if _is_circle(Path(folder, name))]
        subfolders[:] = sorted(name for name in subfolders if not file_names.is_litter((name,)) and name not in circles)
        listed += 1
        for name in sorted(files + circles):
            path = Path(folder, name)
            inside = path.relative_to(top).as_posix()
            listed, counted = listed + 1, counted + counts(inside)
            _check(listed, counted, limits)
            yield File(inside, partial(_read, path, _bytes_wanted(name, limits)), _refusal(path))
    for error in unreadable:
        reason = t(
            "a folder must be readable, this one is not ({reason}): change its permissions", reason=error.strerror
        )
        yield File(Path(error.filename).relative_to(top).as_posix(), bytes, reason)


def _check(listed: int, counted: int, limits: Limits) -> None:
    most = limits.archive_entries
    if counted > most:
        raise ArchiveRefused(
            t(
                "a folder must hold at most {number} images and tables, this one has more: split it, or raise the "
                "limit with TAGWISE_MAX_FILES",
                number=number(most),
            )
        )
    if listed > zips.LISTED_SHARE * most:
        raise ArchiveRefused(
            t(
                "a folder must hold at most {number} files and folders, this one has more: split it",
                number=number(zips.LISTED_SHARE * most),
            )
        )


def _is_circle(folder: Path) -> bool:
    """Whether a folder is a link to one that it is in."""
    try:
        return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return True


def _refusal(path: Path) -> str:
    """Why a path cannot be read, as a sentence; empty if it leads to a file."""
    mode = mode_of(path)
    if stat.S_ISREG(mode):
        return ""
    if path.is_symlink():
        return t("a link must lead to a file, this one leads nowhere or in a circle: replace it with the file")
    return t("only files are imported, this is none: leave it out")


def mode_of(path: Path) -> int:
    """The `stat` mode of the file at a path, following links; 0 if no file can be reached."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _read(path: Path, size_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size_bytes)
    except OSError as error:
        raise ArchiveRefused(
            t(
                "a file must be readable, {name} is not ({reason}): check its permissions",
                name=repr(path.name),
                reason=error.strerror,
            )
        ) from error


def _bytes_wanted(path: str, limits: Limits) -> int:
    path_parts = parts(path)
    return TABLE_BYTES + 1 if path_parts and can_be(path_parts) else limits.read_bytes
