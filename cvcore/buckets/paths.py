"""Where buckets and their objects lie in the home folder.

::

    buckets/BUCKET/KEY                      an object, a plain file
    buckets/BUCKET/.tagwise-incoming/…      what is being written
    buckets/.objects/BUCKET/records/…       what S3 knows of an object beside its bytes
    buckets/.objects/BUCKET/aside/…         objects whose keys cannot be paths
    buckets/.objects/BUCKET/uploads/…       parts of uploads that are not complete
    buckets/.objects/BUCKET/settings/…      the bucket's policy, tags and the like
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

INCOMING = ".tagwise-incoming"
SEGMENT_BYTES = 255

# What Windows does not allow in a file's name, beside names that end with a dot or a space.
_WINDOWS = frozenset('<>:"\\|?*') | {chr(code) for code in range(32)}
_DEVICES = frozenset(("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))))


def folder(home: Path, bucket: str) -> Path:
    """The path of a bucket's folder, which need not be there."""
    return home / "buckets" / bucket


def hidden(home: Path, bucket: str) -> Path:
    """The folder of what is kept of a bucket beside its plain files."""
    return home / "buckets" / ".objects" / bucket


def setting(home: Path, bucket: str, name: str) -> Path:
    """The path of one of a bucket's settings."""
    return hidden(home, bucket) / "settings" / name


def record(home: Path, bucket: str, key: str) -> Path:
    """The path of what is known of an object beside its bytes."""
    return record_of(home, bucket, _digest(key))


def record_of(home: Path, bucket: str, name: str) -> Path:
    """The same by the name that the object has where it lies aside."""
    return hidden(home, bucket) / "records" / name[:2] / f"{name}.json"


def aside(home: Path, bucket: str, key: str) -> Path:
    """The path of an object whose key cannot be a path."""
    return all_aside(home, bucket) / _digest(key)


def all_aside(home: Path, bucket: str) -> Path:
    """The folder of a bucket's objects whose keys cannot be paths."""
    return hidden(home, bucket) / "aside"


def plain(bucket_folder: Path, key: str) -> Path | None:
    """The path of an object in its bucket's folder; None if its key cannot be one.

    It never leaves the folder: no segment is empty, `.` or `..`, or has a separator of this system.

    >>> plain(Path("photos"), "cats/1.jpg").as_posix(), plain(Path("photos"), "../1.jpg"), plain(Path("photos"), "a//b")
    ('photos/cats/1.jpg', None, None)
    """
    segments = key.split("/")
    if all(map(_is_name, segments)) and segments[0] != INCOMING:
        return bucket_folder.joinpath(*segments)
    return None


def is_inside(path: Path, bucket_folder: Path) -> bool:
    """Whether the folder that holds a path is, links followed, within a bucket's folder."""
    parent, outer = os.path.realpath(path.parent), os.path.realpath(bucket_folder)
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
