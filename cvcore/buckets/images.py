"""The bucket `tagwise-images`: the stored images at `SHA256/NAME`, read only, so that each has an address."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from cvcore.buckets import addresses, paths, records
from cvcore.buckets.records import Object
from cvcore.errors import ObjectNotFound
from cvcore.files import blobs

_KEY = re.compile(r"([0-9a-f]{64})/[^/]+")


def get(home: Path, key: str) -> Object:
    """A stored image by its SHA-256, whatever its name says.

    Raises:
        ObjectNotFound: there is none.
    """
    if match := _KEY.fullmatch(key):
        path = blobs.original_path(home, match[1])
        if record := records.present(path, paths.record(home, addresses.IMAGES, match[1]), match[1]):
            return Object(addresses.IMAGES, replace(record, key=key), path)
    raise ObjectNotFound(f"the bucket {addresses.IMAGES} has the stored images at SHA256/NAME, none at {key[:200]!r}")
