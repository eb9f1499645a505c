"""Where buckets and their objects lie in the home folder.

::

    buckets/BUCKET/KEY                      an object, a plain file
    buckets/BUCKET/.tagwise-incoming/…      what is being written
    buckets/.objects/BUCKET/records/…       what S3 knows of an object beside its bytes
    buckets/.objects/BUCKET/aside/…         objects whose keys cannot be paths
    buckets/.objects/BUCKET/uploads/…       parts of uploads that are not complete
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from cvcore.buckets import addresses
from cvcore.errors import BucketNotFound, InvalidInput

INCOMING = ".tagwise-incoming"
SEGMENT_BYTES = 255

# What Windows does not allow in a file's name, beside names that end with a dot or a space.
_WINDOWS = frozenset('<>:"\\|?*') | {chr(code) for code in range(32)}
_DEVICES = frozenset(("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))))


def folder(home: Path, bucket: str) -> Path:
    """The folder of a bucket that is in the home folder.

    Raises:
        BucketNotFound: there is none.
    """
    found = find_folder(home, bucket)
    if found is None:
        raise BucketNotFound(f"there is no bucket {bucket[:80]!r}: create it first")
    return found


def find_folder(home: Path, bucket: str) -> Path | None:
    """The folder of a bucket, None if the home folder has no such bucket."""
    try:
        addresses.check_bucket(bucket)
    except InvalidInput:
        return None
    path = home / "buckets" / bucket
    return path if path.is_dir() and is_spelled(path, path.parent) else None


def new_folder(home: Path, bucket: str) -> Path:
    """The path of a bucket's folder, which need not be there."""
    return home / "buckets" / bucket


def hidden(home: Path, bucket: str) -> Path:
    """The folder of what is kept of a bucket beside its plain files."""
    return home / "buckets" / ".objects" / bucket


def record(home: Path, bucket: str, key: str) -> Path:
    """The path of what is known of an object beside its bytes."""
    digest = _digest(key)
    return hidden(home, bucket) / "records" / digest[:2] / f"{digest}.json"


def aside(home: Path, bucket: str, key: str) -> Path:
    """The path of an object whose key cannot be a path."""
    return hidden(home, bucket) / "aside" / _digest(key)


def plain(folder: Path, key: str) -> Path | None:
    """The path of an object in its bucket's folder; None if its key cannot be one.

    It never leaves the folder: no segment is empty, `.` or `..`, or has a separator of this system.

    >>> plain(Path("photos"), "cats/1.jpg").as_posix(), plain(Path("photos"), "../1.jpg"), plain(Path("photos"), "a//b")
    ('photos/cats/1.jpg', None, None)
    """
    segments = key.split("/")
    if all(map(_is_name, segments)) and segments[0] != INCOMING:
        return folder.joinpath(*segments)
    return None


def is_inside(path: Path, folder: Path) -> bool:
    """Whether the folder that holds a path is, links followed, within a bucket's folder."""
    parent, outer = os.path.realpath(path.parent), os.path.realpath(folder)
    return parent == outer or parent.startswith(outer + os.sep)


def is_spelled(path: Path, below: Path) -> bool:
    """Whether an existing path is spelled below a folder as on the disk: in another case it is another key."""
    other = below / str(path.relative_to(below)).swapcase()
    if other == path or not other.exists() or not other.samefile(path):
        return True  # the file system tells them apart
    while path != below:
        if not any(each.name == path.name for each in path.parent.iterdir()):
            return False
        path = path.parent
    return True


def _is_name(segment: str) -> bool:
    """Whether a key's segment can be a file's name on this system."""
    if segment in ("", ".", "..") or "\0" in segment or len(segment.encode()) > SEGMENT_BYTES:
        return False
    if os.name != "nt":
        return True
    stem = segment.partition(".")[0].rstrip().casefold()
    return not _WINDOWS & set(segment) and segment[-1] not in ". " and stem not in _DEVICES


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
