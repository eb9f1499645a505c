"""Read labelled images from a folder, from a zip, or from a folder dropped on the page.

Nothing is unpacked to the disk. Every file that is left out is listed with the reason, except files that the operating
system creates. `cvcore.datasets.layouts` describes the supported layouts.
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
from cvcore.datasets.labelling import Skipped
from cvcore.datasets.layouts import Parts
from cvcore.errors import ArchiveRefused
from cvcore.files import zips
from cvcore.settings import Limits

ReadBytes = Callable[[], bytes]


@dataclass(frozen=True)
class Entry:
    """An image to import: its file name to show, its tags, and the function that reads its bytes.

    Tags are NFC and stripped, but not checked. `read` returns at most one byte more than the limit of an image, so
    that an image that is too large is refused; it raises ArchiveRefused if the bytes cannot be read.
    """

    name: str
    tags: tuple[str, ...]
    read: ReadBytes
    is_test: bool = False


@dataclass(frozen=True)
class Listing:
    """The images found, in a stable order, and every file or line of a table that is left out, with the reason."""

    entries: tuple[Entry, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class _File:
    """A file: its path below the top, the function that reads it, and why it is refused, or an empty text."""

    path: str
    read: ReadBytes
    refusal: str = ""

    @property
    def parts(self) -> Parts:
        return layouts.parts(self.path)


def entries(path: Path, limits: Limits) -> Listing:
    """List the images in a folder or zip; a zip stays open as long as one of its entries is referenced.

    Raises:
        ArchiveRefused: `path` is not a folder or a zip, or it breaks a limit.
    """
    mode = _mode(path)
    if stat.S_ISDIR(mode):
        return _listing(_files_in_folder(path, limits))
    if stat.S_ISREG(mode):
        return _listing(_files_in_zip(path, limits))
    raise ArchiveRefused(f"the path must be of a folder or a zip, {str(path)!r} is neither: check the path")


def entries_in_zip(file: BinaryIO, limits: Limits) -> Listing:
    """List the images in an open zip, which must stay open until the last of them is read.

    Raises:
        ArchiveRefused: it is not a zip, is cut short, needs a password, or breaks a limit.
    """
    return _listing(_files_in_zip(file, limits))


def entries_from_uploads(files: Sequence[tuple[str, bytes | ReadBytes]]) -> Listing:
    """List the images in a folder dropped on the page: `files` are relative paths, with the bytes or their reader.

    >>> listing = entries_from_uploads([("flowers/daisy/1.jpg", b""), ("flowers/rose/2.jpg", b"")])
    >>> [(entry.name, entry.tags) for entry in listing.entries]
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
    unreadable: list[OSError] = []
    count = 0
    for folder, subfolders, files in os.walk(top, onerror=unreadable.append):
        links = [name for name in subfolders if Path(folder, name).is_symlink()]
        subfolders[:] = sorted(name for name in subfolders if not layouts.is_litter((name,)))
        for name in sorted(files + links):
            if (count := count + 1) > limits.archive_entries:
                raise ArchiveRefused(
                    f"a folder may hold at most {limits.archive_entries:,} files, this one has more: split it"
                )
            path = Path(folder, name)
            read = partial(_read_file, path, _bytes_wanted(name, limits))
            yield _File(path.relative_to(top).as_posix(), read, _link_refusal(path, top))
    for error in unreadable:
        reason = f"a folder must be readable, this one is not ({error.strerror}): change its permissions"
        yield _File(Path(error.filename).relative_to(top).as_posix(), bytes, reason)


def _link_refusal(path: Path, top: Path) -> str:
    # The mode is checked first: a circular link cannot be resolved, and reading a pipe never ends.
    if stat.S_ISREG(_mode(path)) and (not path.is_symlink() or path.resolve().is_relative_to(top.resolve())):
        return ""
    return "a folder must hold the images themselves, this is a link or cannot be opened: replace it with the image"


def _mode(path: Path) -> int:
    """The `stat` mode of the file at a path, following links; 0 if no file can be reached."""
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
            f"a file must be readable, {path.name!r} is not ({error.strerror}): check its permissions"
        ) from error


def _bytes_wanted(path: str, limits: Limits) -> int:
    path_parts = layouts.parts(path)
    return TABLE_BYTES + 1 if path_parts and layouts.is_table(path_parts) else limits.read_bytes


def _listing(files: Iterable[_File]) -> Listing:
    images, tables, skipped = _sorted(files)
    annotations, skipped_by_tables = labelling.annotate(
        [image.parts for image in images], {path: table.read for path, table in tables.items()}
    )
    pairs = list(zip(images, annotations, strict=True))
    skipped += [_skipped(image, annotation.refusal) for image, annotation in pairs if annotation.refusal]
    listed = (
        Entry(names.file(image.path), annotation.tags, image.read, annotation.is_test)
        for image, annotation in pairs
        if not annotation.refusal
    )
    return Listing(tuple(listed), (*skipped, *skipped_by_tables))


def _sorted(files: Iterable[_File]) -> tuple[list[_File], dict[Parts, _File], list[Skipped]]:
    """Sort files into images, tables by path (names in lower case), and files that are left out."""
    images: list[_File] = []
    tables: dict[Parts, _File] = {}
    skipped: list[Skipped] = []
    for file in files:
        parts = file.parts
        if not parts or layouts.is_litter(parts):
            continue
        if reason := file.refusal or layouts.path_refusal(file.path):
            skipped.append(_skipped(file, reason))
        elif layouts.is_table(parts) and (table := (*parts[:-1], parts[-1].casefold())) not in tables:
            tables[table] = file
        elif reason := layouts.kind_refusal(file.path):
            skipped.append(_skipped(file, reason))
        else:
            images.append(file)
    return images, tables, skipped


def _skipped(file: _File, reason: str) -> Skipped:
    return Skipped(layouts.shown(file.path), reason)
