"""Read labelled images from a folder, from a zip, or from a folder dropped on the page.

Nothing is unpacked to the disk. Every file that is left out is listed with the reason, except files that the operating
system creates. `cvcore.datasets.layouts` describes the supported layouts.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from cvcore import names
from cvcore.annotations import Parts, can_be, shown, shown_path
from cvcore.datasets import file_names, labelling, sources
from cvcore.datasets.labelling import Skipped
from cvcore.datasets.sources import File, ReadBytes
from cvcore.errors import ArchiveRefused
from cvcore.languages import t
from cvcore.settings import Limits


@dataclass(frozen=True)
class Entry:
    """An image to import: its file name to show, its tags, and the function that reads its bytes.

    Tags are NFC and stripped, but not checked. `read` returns at most one byte more than the limit of an image, so
    that an image that is too large is refused; it raises ArchiveRefused if the bytes cannot be read. `metadata` are
    pairs of key and text, `folder` is its path inside of what was given, to show.
    """

    name: str
    tags: tuple[str, ...]
    read: ReadBytes
    is_test: bool = False
    metadata: tuple[tuple[str, str], ...] = ()
    folder: str = ""


@dataclass(frozen=True)
class Listing:
    """The images found, in a stable order, and every file or line of a table that is left out, with the reason.

    `read_as` says in a line how folders or tables were read, `notes` what a person should know of it, in sentences.
    """

    entries: tuple[Entry, ...]
    skipped: tuple[Skipped, ...]
    read_as: str = ""
    notes: tuple[str, ...] = ()

    @property
    def metadata_keys(self) -> list[str]:
        """The keys of metadata that at least one image has."""
        return sorted({key for entry in self.entries for key, _ in entry.metadata})


def entries(path: Path, limits: Limits) -> Listing:
    """List the images in a folder or zip; a zip stays open as long as one of its entries is referenced.

    Raises:
        ArchiveRefused: `path` is not a folder or a zip, or it breaks a limit.
    """
    mode = sources.mode_of(path)
    if stat.S_ISDIR(mode):
        return _listing(sources.in_folder(path, limits))
    if stat.S_ISREG(mode) and can_be((path.name,)):
        raise ArchiveRefused(
            t(
                "the path must be of a folder or a zip, {table} is a table: give the folder that it is in, with its "
                "images",
                table=repr(path.name),
            )
        )
    if stat.S_ISREG(mode):
        return _zip_listing(path, limits)
    raise ArchiveRefused(
        t("the path must be of a folder or a zip, {path} is neither: check the path", path=repr(str(path)))
    )


def entries_in_zip(file: BinaryIO, limits: Limits) -> Listing:
    """List the images in an open zip, which must stay open until the last of them is read.

    Raises:
        ArchiveRefused: it is not a zip, is cut short, needs a password, or breaks a limit.
    """
    return _zip_listing(file, limits)


def entries_from_uploads(files: Sequence[tuple[str, bytes | ReadBytes]]) -> Listing:
    """List the images in a folder dropped on the page: `files` are relative paths, with the bytes or their reader.

    >>> listing = entries_from_uploads([("flowers/daisy/1.jpg", b""), ("flowers/rose/2.jpg", b"")])
    >>> [(entry.name, entry.tags) for entry in listing.entries]
    [('1.jpg', ('daisy',)), ('2.jpg', ('rose',))]
    """
    return _listing(File(path, partial(bytes, data) if isinstance(data, bytes) else data) for path, data in files)


def _zip_listing(source: Path | BinaryIO, limits: Limits) -> Listing:
    files, note = sources.in_zip(source, limits)
    return _listing(files, [note] if note else [])


def _listing(files: Iterable[File], notes: Sequence[str] = ()) -> Listing:
    images, tables, skipped = _sorted(files)
    labelled = labelling.annotate(
        [image.parts for image in images], {path: table.read for path, table in tables.items()}
    )
    listed = (
        Entry(
            names.file(image.path),
            annotation.tags,
            image.read,
            annotation.is_test,
            annotation.metadata,
            shown_path(image.parts[:-1]),
        )
        for image, annotation in zip(images, labelled.annotations, strict=True)
    )
    return Listing(tuple(listed), (*skipped, *labelled.skipped), labelled.read_as, (*notes, *labelled.notes))


def _sorted(files: Iterable[File]) -> tuple[list[File], dict[Parts, File], list[Skipped]]:
    """Sort files into images, tables by path, and files that are left out."""
    images: list[File] = []
    tables: dict[Parts, File] = {}
    skipped: list[Skipped] = []
    for file in files:
        path = file.parts
        if not path or file_names.is_litter(path):
            continue
        if reason := file.refusal or _encoding_refusal(path) or file_names.path_refusal(file.path):
            skipped.append(_skipped(file, reason))
        elif can_be(path) and path not in tables:
            tables[path] = file
        elif reason := file_names.kind_refusal(file.path):
            skipped.append(_skipped(file, reason))
        else:
            images.append(file)
    return images, tables, skipped


def _encoding_refusal(path: Parts) -> str:
    """Why the folders of a file cannot be tags: Linux takes any bytes as a name; empty if they can be."""
    bad = next((folder for folder in path[:-1] if not _is_text(folder)), None)
    if bad is None:
        return ""
    name = os.fsencode(bad).decode("cp1252", "replace")
    return t(
        "the name of a folder must be UTF-8, this one is not (it may be {name}): rename it", name=repr(shown(name))
    )


def _is_text(name: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _skipped(file: File, reason: str) -> Skipped:
    return Skipped(shown(file.path), reason)
