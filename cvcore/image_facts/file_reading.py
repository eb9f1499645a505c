"""Reads what is known of images' files: at their upload, and later for images that were stored before this was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cvcore import imaging
from cvcore.array_types import Float32s
from cvcore.errors import ImageRefused, NotFound
from cvcore.files import blobs
from cvcore.imaging import FileOrigin, measures
from cvcore.languages import t
from cvcore.progress import Progress, silent
from cvcore.settings import ANY
from cvcore.store import FileFacts, Store

BATCH = 50
_NOTHING = ("", "", "")


def keep(store: Store, read: Mapping[str, tuple[FileOrigin, Float32s]]) -> None:
    """Keep what was read of files, by the SHA-256 of what is stored: their origin and `measures`.

    What is known of a file's origin already stays: a photo that was stored smaller has lost it.
    """
    with store.transaction():
        known = store.file_facts.origins(list(read))
        store.file_facts.put(
            measures.VERSION,
            {sha256: _facts(known.get(sha256, _NOTHING), *each) for sha256, each in read.items()},
        )


def fill(store: Store, digests: Sequence[str], progress: Progress = silent) -> None:
    """Read and keep what is missing of these contents; files that cannot be read are left out.

    Raises:
        Stopped: `progress` asked to stop; what was read is kept.
    """
    missing = store.file_facts.missing(measures.VERSION, list(dict.fromkeys(digests)))
    for start in range(0, len(missing), BATCH):
        progress(t("Reading images: {done} of {total}", done=start, total=len(missing)), start / len(missing))
        found = {sha256: _read(store, sha256) for sha256 in missing[start : start + BATCH]}
        keep(store, {sha256: each for sha256, each in found.items() if each})


def unread(store: Store) -> dict[str, list[str]]:
    """The SHA-256 of stored images of which `fill` would read something, by the id of their project."""
    return store.file_facts.unread(measures.VERSION)


def _facts(known: tuple[str, str, str], origin: FileOrigin, numbers: Float32s) -> FileFacts:
    file_type, camera, day = known
    return FileFacts(file_type or origin.file_type, camera or origin.camera, day or origin.day, numbers)


def _read(store: Store, sha256: str) -> tuple[FileOrigin, Float32s] | None:
    try:
        data = blobs.read(blobs.original_path(store.home, sha256))
        info = imaging.read(data, ANY)
        return info.origin, info.measures
    except (ImageRefused, NotFound):  # it is reported where it is used
        return None
