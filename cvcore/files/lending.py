"""Gives files of a home folder a second name, in it or in another on the same disk, where they take no further space.

A file in a home folder is replaced, never changed, so neither home folder can change what the other one has. It is
gone when its last name is deleted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from cvcore.files import blobs

PIECE_BYTES = 2**20


def images(source: Path, target: Path, digests: Iterable[str]) -> None:
    """Link the originals and thumbnails of these contents into another home folder; missing ones are left out.

    Raises:
        StorageFull, HomeUnusable: a file cannot be linked.
    """
    for digest in digests:
        for path_of in (blobs.original_path, blobs.thumbnail_path):
            link(path_of(source, digest), path_of(target, digest))


def networks(source: Path, target: Path) -> None:
    """Link the networks that are prepared in one home folder into another, so that they need not be prepared again.

    Raises:
        StorageFull, HomeUnusable: a file cannot be linked.
    """
    folder, there = blobs.backbones_folder(source), blobs.backbones_folder(target)
    if source == target or not folder.is_dir():
        return
    # A network's record comes last: it says that the network is there. What is being written has a dot in front.
    files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    for path in sorted(files, key=lambda each: each.suffix == ".json"):
        link(path, there / path.name)


def link(source: Path, target: Path) -> None:
    """Give a file, if it is there, a second name, unless that is; a copy where the file system knows no links.

    Raises:
        StorageFull, HomeUnusable: it cannot be linked; nothing is left behind.
    """
    with blobs.storage_errors(target):
        if target.exists() or not source.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, target)
        except FileExistsError:  # another process linked it just now
            return
        except OSError:
            with source.open("rb") as file:
                blobs.write_pieces(target, iter(partial(file.read, PIECE_BYTES), b""))
