"""What of a home folder belongs into a backup, and the list that stands in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

DATABASE = "tagwise.db"
LIST = "tagwise-backup.txt"
FIRST_LINE = "Tagwise backup 1"

# What is made anew where it is missing, half written, or a copy of its own.
_LEFT_OUT = {"backups", "checkpoints", "outgoing", "similar", "unpacking"}
_BESIDE = re.compile(r"\.lock$|-wal$|-shm$|-journal$|^\..+\.\d+-[0-9a-f]{8}$|^https\.pem$|^device\.txt$|^clock\.txt$")
# Files of a home folder have plain names; but those in buckets are named by users.
_PLAIN = re.compile(r"[\w.\-]+")
_DATABASE = re.compile(rf"(?:classes/[^/]+/[^/]+/(?:deleted/)?)?{re.escape(DATABASE)}")


@dataclass(frozen=True)
class Content:
    """How many files and images a backup has, how large they are, and in how many homes: one, and one a pupil.

    `left_out` are the files of the home folder that it does not have: they cannot be read, are missing, or are no
    files of Tagwise.
    """

    path: Path
    files: int
    images: int
    homes: int
    size_bytes: int
    left_out: tuple[str, ...] = ()


def files(home: Path) -> Iterator[Path]:
    """The files that belong into a backup, databases last, in order."""
    yield from sorted(_walk(home), key=lambda path: (is_database(member_of(home, path)), path))


def databases(home: Path) -> list[Path]:
    """The databases of a home: its own last, before it those of the pupils' homes inside."""
    inside = sorted(home.glob(f"classes/*/*/{DATABASE}")) + sorted(home.glob(f"classes/*/*/deleted/{DATABASE}"))
    return [*inside, home / DATABASE]


def member_of(home: Path, path: Path) -> str:
    """The name in a backup of a file in the home folder: its path, with characters beyond plain ones as in addresses.

    Users name the files in buckets, by any bytes that their system takes.
    """
    return quote(path.relative_to(home).as_posix(), errors="surrogateescape")


def path_of(home: Path, member: str) -> Path:
    """The path in the home folder of a file of a backup, whose name must be safe."""
    return home / unquote(member, errors="surrogateescape")


def is_database(member: str) -> bool:
    """Whether it is a home's own database, and not a file in a bucket that is called like one.

    >>> [is_database(member) for member in ("tagwise.db", "classes/a/b/deleted/tagwise.db", "buckets/a/tagwise.db")]
    [True, True, False]
    """
    return _DATABASE.fullmatch(member) is not None


def is_safe(member: str) -> bool:
    """Whether a file of a backup may be put into a home folder under that path: it stays inside, and is known there.

    >>> [is_safe(member) for member in ("originals/ab/abc", "../a", "/etc/a", "a//b", "backups/a.db", "tagwise.db-wal")]
    [True, False, False, False, False, False]
    >>> [is_safe(member) for member in ("buckets/a/%E5%BA%AD%0A.png", "buckets/%2E%2E/a", "buckets/a%00")]
    [True, False, False]
    """
    path = unquote(member, errors="surrogateescape")
    parts = path.split("/")
    is_inside = PurePosixPath(path).as_posix() == path and not {"..", "."} & set(parts) and "\0" not in path
    # A backslash parts folders on Windows, and is a letter elsewhere.
    is_plain = (parts[0] == "buckets" and not (os.sep == "\\" and set("\\:") & set(path))) or all(
        _PLAIN.fullmatch(part) for part in parts
    )
    return is_inside and is_plain and not _is_left_out(parts)


def _walk(home: Path) -> Iterator[Path]:
    # Folders that were moved to another disk, and are links now, belong to the home.
    moved = [each for each in home.iterdir() if each.is_symlink() and each.is_dir() and not _is_left_out([each.name])]
    for top in (home, *moved):
        for folder, folders, names in os.walk(top):
            inside = Path(folder).relative_to(home).parts
            folders[:] = [name for name in folders if not _is_left_out([*inside, name])]
            yield from (Path(folder) / name for name in names if not _is_left_out([*inside, name]))


def _is_left_out(parts: list[str]) -> bool:
    # A pupil's home is three folders down: what is left out there is what is left out here.
    first = parts[3:4] if parts[0] == "classes" else parts[:1]
    return parts[0] != "buckets" and (bool(_LEFT_OUT & set(first)) or bool(_BESIDE.search(parts[-1])))
