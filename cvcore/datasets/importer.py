"""Pictures with their tags, as people have them: in a folder, in a zip, or in a folder dropped on the page.

Nothing is unpacked to the disk, and nothing vanishes: what is left out is listed with its reason, but for the litter
that systems leave behind. Which layouts are understood is said in `cvcore.datasets.layouts`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from cvcore import names
from cvcore.datasets import labelling, layouts
from cvcore.datasets.json_lines import TABLE_BYTES
from cvcore.datasets.layouts import Parts
from cvcore.errors import ArchiveRefused
from cvcore.files import zips
from cvcore.settings import Limits

Read = Callable[[], bytes]
Skip = tuple[str, str]


@dataclass(frozen=True)
class Entry:
    """A picture to come in: its file's own name for showing, its tags, and what gets its bytes.

    Tags are NFC and stripped, else as found: not yet checked. `read` stops one byte past the limit on a picture, so
    that one too large is known as such; it raises ArchiveRefused when the bytes cannot be had.
    """

    name: str
    tags: tuple[str, ...]
    read: Read
    is_test: bool = False


@dataclass(frozen=True)
class Listing:
    """The pictures found, in a steady order, and of all that is left out its path and the reason."""

    entries: tuple[Entry, ...]
    skipped: tuple[Skip, ...]


@dataclass(frozen=True)
class _File:
    """A file as found: its path below the top, what reads it, and why that cannot be, if so."""

    path: str
    read: Read
    refusal: str = ""

    @property
    def parts(self) -> Parts:
        return layouts.parts(self.path)


def entries(path: Path, limits: Limits) -> Listing:
    """The pictures in a folder or in a zip, which is kept open while any of its entries lives.

    Raises:
        ArchiveRefused: there is neither at `path`, or it breaks a limit.
    """
    mode = _mode(path)
    if stat.S_ISDIR(mode):
        return _listing(_files_in_folder(path, limits))
    if stat.S_ISREG(mode):
        return _listing(_files_in_zip(path, limits))
    raise ArchiveRefused(f"a folder or a zip is needed, there is none at {str(path)!r}: check the path")


def entries_in_zip(file: BinaryIO, limits: Limits) -> Listing:
    """The pictures in an open zip, which must stay open until the last of them is read.

    Raises:
        ArchiveRefused: it is no zip, is cut short or locked, or breaks a limit.
    """
    return _listing(_files_in_zip(file, limits))


def entries_from_uploads(files: Sequence[tuple[str, bytes | Read]]) -> Listing:
    """The pictures in a folder dropped on the page: of each file its relative path, and its bytes or what reads them.

    >>> found = entries_from_uploads([("flowers/daisy/1.jpg", b""), ("flowers/rose/2.jpg", b"")])
    >>> [(entry.name, entry.tags) for entry in found.entries]
    [('1.jpg', ('daisy',)), ('2.jpg', ('rose',))]
    """
    return _listing(_File(path, partial(bytes, data) if isinstance(data, bytes) else data) for path, data in files)


def _files_in_zip(source: Path | BinaryIO, limits: Limits) -> Iterator[_File]:
    archive = zips.opened(source, limits)
    for info in archive.infolist():
        path = zips.path_of(info)
        if not path.endswith(("/", "\\")):
            yield _File(path, partial(zips.read, archive, info, _bytes_wanted(path, limits)), zips.refusal(info))


def _files_in_folder(top: Path, limits: Limits) -> Iterator[_File]:
    closed: list[OSError] = []
    count = 0
    for folder, subfolders, files in os.walk(top, onerror=closed.append):
        linked = [name for name in subfolders if Path(folder, name).is_symlink()]
        subfolders[:] = sorted(name for name in subfolders if not layouts.is_litter((name,)))
        for name in sorted(files + linked):
            if (count := count + 1) > limits.archive_entries:
                raise ArchiveRefused(f"a folder may hold {limits.archive_entries:,} files, this one has more: split it")
            path = Path(folder, name)
            read = partial(_read_file, path, _bytes_wanted(name, limits))
            yield _File(path.relative_to(top).as_posix(), read, _link_refusal(path, top))
    for error in closed:
        reason = f"a folder must be readable, this one is not ({error.strerror}): change who may open it"
        yield _File(Path(error.filename).relative_to(top).as_posix(), bytes, reason)


def _link_refusal(path: Path, top: Path) -> str:
    # The mode is asked first: a link in a circle has no target to resolve, and a pipe no end to read to.
    if stat.S_ISREG(_mode(path)) and (not path.is_symlink() or path.resolve().is_relative_to(top.resolve())):
        return ""
    return "a folder must hold the pictures themselves, this is a link or out of reach: replace it with its picture"


def _mode(path: Path) -> int:
    """What kind of file a path leads to, through links, as `stat` counts them; 0 for none that can be reached."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _read_file(path: Path, size_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size_bytes)
    except OSError as error:
        raise ArchiveRefused(
            f"a file must be readable, {path.name!r} is not ({error.strerror}): see that it is there for you to open"
        ) from error


def _bytes_wanted(path: str, limits: Limits) -> int:
    path_parts = layouts.parts(path)
    return (TABLE_BYTES if path_parts and layouts.is_table(path_parts) else limits.image_bytes) + 1


def _listing(files: Iterable[_File]) -> Listing:
    pictures, tables, skipped = _sorted(files)
    told, left_out = labelling.annotate(
        [picture.parts for picture in pictures], {path: table.read for path, table in tables.items()}
    )
    pairs = list(zip(pictures, told, strict=True))
    skipped += [_skip(picture, each.refusal) for picture, each in pairs if each.refusal]
    found = (
        Entry(names.file(picture.path), each.tags, picture.read, each.is_test)
        for picture, each in pairs
        if not each.refusal
    )
    return Listing(tuple(found), (*skipped, *left_out))


def _sorted(files: Iterable[_File]) -> tuple[list[_File], dict[Parts, _File], list[Skip]]:
    """Pictures, tables by their path, the name in lower case, and what is left out."""
    pictures: list[_File] = []
    tables: dict[Parts, _File] = {}
    skipped: list[Skip] = []
    for file in files:
        parts = file.parts
        if not parts or layouts.is_litter(parts):
            continue
        if reason := file.refusal or layouts.path_refusal(file.path):
            skipped.append(_skip(file, reason))
        elif layouts.is_table(parts) and (table := (*parts[:-1], parts[-1].casefold())) not in tables:
            tables[table] = file
        elif reason := layouts.kind_refusal(file.path):
            skipped.append(_skip(file, reason))
        else:
            pictures.append(file)
    return pictures, tables, skipped


def _skip(file: _File, reason: str) -> Skip:
    return layouts.shown(file.path), reason
