"""The images of a batch: those in files, folders and zips, each with a name of its own."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from cvcore.annotations import parts, shown
from cvcore.datasets import file_names, sources
from cvcore.errors import ArchiveRefused, InvalidInput
from cvcore.files import zips
from cvcore.languages import t
from cvcore.settings import Limits

ZIP = ".zip"


@dataclass(frozen=True)
class BatchImage:
    """An image to predict: its name, and the function that reads its bytes or raises InvalidInput.

    `folder`: where its file lies, if it is one by itself; other machines that see the folder can read it too.
    """

    name: str
    read: Callable[[], bytes]
    folder: Path | None = None


def images_at(path: Path, limits: Limits) -> list[BatchImage]:
    """The image at a path, or the images in the folder or zip there, in order of name.

    Files whose names show that they are not images are left out.

    Raises:
        ArchiveRefused: a folder or zip cannot be opened, breaks a limit, or holds no images.
    """
    if path.is_dir():
        images = list(_in_folder(path, limits))
    elif path.suffix.casefold() == ZIP and path.is_file():
        images = [BatchImage(str(path / image.name), image.read) for image in _in_zip(path, limits)]
    else:
        return [_of_file(path, limits)]
    if not images:
        raise ArchiveRefused(t("a folder or zip must hold images, {name!r} holds none: choose another", name=path.name))
    return images


def images_uploaded(files: Sequence[tuple[str, BinaryIO]], limits: Limits) -> list[BatchImage]:
    """The images among open files, and those in zips among them; the files must stay open while images are read.

    No two images have the same name: of several files, a zip's name stands before those in it, and a name that came
    before gets a number.

    Raises:
        ArchiveRefused: a zip cannot be opened or breaks a limit.
    """
    images: list[BatchImage] = []
    for name, file in files:
        if name.casefold().endswith(ZIP):
            within = f"{shown(name)}/" if len(files) > 1 else ""
            images += (BatchImage(within + image.name, image.read) for image in _in_zip(file, limits))
        else:
            images.append(BatchImage(shown(name), partial(_read_open, file, limits)))
    return _named_apart(images)


def _named_apart(images: Sequence[BatchImage]) -> list[BatchImage]:
    counts: dict[str, int] = {}
    named = []
    for image in images:
        counts[image.name] = count = counts.get(image.name, 0) + 1
        named.append(BatchImage(f"{image.name} ({count})", image.read) if count > 1 else image)
    return named


def _of_file(path: Path, limits: Limits) -> BatchImage:
    return BatchImage(str(path), partial(_read, path, limits), path.absolute().parent)


def _in_folder(top: Path, limits: Limits) -> Iterator[BatchImage]:
    for folder, subfolders, files in os.walk(top):
        subfolders[:] = sorted(name for name in subfolders if not file_names.is_litter((name,)))
        for name in sorted(files):
            path = Path(folder, name)
            if not file_names.is_litter((name,)) and not file_names.kind_refusal(name) and _may_be_read(path):
                yield _of_file(path, limits)


def _in_zip(source: Path | BinaryIO, limits: Limits) -> Iterator[BatchImage]:
    archive = zips.opened(source, limits, sources.counts)
    for info, path in zip(archive.infolist(), zips.paths(archive)[0], strict=True):
        if path.endswith(("/", "\\")) or file_names.is_litter(parts(path)) or file_names.kind_refusal(path):
            continue
        refusal = zips.refusal(info)
        read = partial(_refuse, refusal) if refusal else partial(zips.read, archive, info, limits.read_bytes)
        yield BatchImage(shown(path), read)


def _may_be_read(path: Path) -> bool:
    try:
        # Reading a pipe never ends.
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True  # `_read` raises the reason


def _read(path: Path, limits: Limits) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limits.read_bytes)
    except OSError as error:
        raise InvalidInput(
            t(
                "an image must be a file that can be read, this one cannot ({reason}): check the path",
                reason=error.strerror,
            )
        ) from error


def _read_open(file: BinaryIO, limits: Limits) -> bytes:
    file.seek(0)
    return file.read(limits.read_bytes)


def _refuse(reason: str) -> bytes:
    raise ArchiveRefused(reason)
