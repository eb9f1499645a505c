"""Brings images up to date that were stored before Tagwise read colours, transparency and turns as browsers do.

The network saw other pixels of a few of them then: their embeddings, thumbnails and signatures are computed anew, those
of all other images stay. Iterations keep their numbers and their classifiers.
"""

from __future__ import annotations

from collections.abc import Sequence

from cvcore import imaging
from cvcore.errors import ImageRefused, NotFound
from cvcore.files import blobs
from cvcore.languages import t
from cvcore.progress import Progress
from cvcore.settings import ANY
from cvcore.store import Store

BATCH = 100


def check(store: Store, digests: Sequence[str], progress: Progress) -> None:
    """Check each of the images once, and delete the embeddings of those that are decoded otherwise than before.

    Raises:
        Stopped: `progress` asked to stop; the images that were checked are not checked again.
    """
    unchecked = store.embeddings.unchecked(digests)
    for start in range(0, len(unchecked), BATCH):
        progress(
            t("Checking stored images: {done} of {total}", done=start, total=len(unchecked)), start / len(unchecked)
        )
        part = unchecked[start : start + BATCH]
        for sha256 in part:
            _check(store, sha256)
        store.embeddings.check_off(part)


def _check(store: Store, sha256: str) -> None:
    try:
        data = blobs.read(blobs.original_path(store.home, sha256))
        if not imaging.is_read_anew(data):
            return
        info = imaging.read(data, ANY)
    except (ImageRefused, NotFound):  # it is reported where it is used
        return
    blobs.write(blobs.thumbnail_path(store.home, sha256), info.thumbnail, durable=False)
    store.images.measure(sha256, width=info.width, height=info.height, signature=info.signature)
    store.embeddings.delete(sha256)
