"""Objects of the buckets in the home folder: plain files, found, stored and deleted by their keys."""

from __future__ import annotations

import contextlib
import errno
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from cvcore.buckets import addresses, folders, paths, records
from cvcore.buckets.incoming import Incoming
from cvcore.buckets.records import Attributes, Object, Record
from cvcore.errors import BucketNotFound, ObjectNotFound
from cvcore.files import blobs

# Errors of the system that say: this key cannot be a path here, or not beside the files that are there.
_NOT_A_PATH = {
    errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ
}  # fmt: skip
_LOCKS = tuple(threading.Lock() for _ in range(64))
TRIES = 8

Check = Callable[[Object | None], None]


def find(home: Path, bucket: str, key: str) -> Object | None:
    """An object, None if the bucket does not have it.

    Raises:
        BucketNotFound: there is no such bucket.
    """
    folder = folders.get(home, bucket)
    for path in _places(home, bucket, key, folder):
        # A file may be replaced or deleted at any moment.
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if record := records.present(path, paths.record(home, bucket, key), key):
                return Object(bucket, record, path)
    return None


def get(home: Path, bucket: str, key: str) -> Object:
    """An object.

    Raises:
        BucketNotFound, ObjectNotFound: there is no such bucket or object.
    """
    found = find(home, bucket, key)
    if found is None:
        raise ObjectNotFound(f"the bucket {bucket!r} has no object {key[:200]!r}")
    return found


def new(home: Path, bucket: str, algorithms: tuple[str, ...] = ()) -> Incoming:
    """A file to write a new object's bytes to, with the checksums that are wanted.

    Raises:
        BucketNotFound: there is no such bucket.
        StorageFull, HomeUnusable: it cannot be made.
    """
    with _deleted_meanwhile(bucket):
        return Incoming(folders.get(home, bucket) / paths.INCOMING, algorithms)


def store(
    home: Path,
    bucket: str,
    key: str,
    incoming: Incoming,
    attributes: Attributes,
    *,
    etag: str = "",
    check: Check | None = None,
) -> Object:
    """Make a finished file an object, complete or not at all; by default its ETag is its MD5.

    `check` gets the object that is replaced, or None, and raises what forbids it.

    Raises:
        InvalidInput: the key breaks its rule.
        BucketNotFound: the bucket was deleted meanwhile.
        StorageFull, HomeUnusable: it cannot be written.
    """
    addresses.check_key(key)
    folder = folders.get(home, bucket)
    md5 = incoming.md5
    with _lock(bucket, key), _deleted_meanwhile(bucket):
        status = incoming.path.stat()
        record = Record(key, status.st_size, status.st_mtime_ns, md5, etag or md5, attributes)
        if check:
            check(find(home, bucket, key))
        with blobs.storage_errors(folder):
            path = _placed(incoming.path, paths.plain(folder, key), folder, paths.aside(home, bucket, key))
        records.save(paths.record(home, bucket, key), record)
    return Object(bucket, record, path)


def delete(home: Path, bucket: str, key: str, *, check: Check | None = None) -> None:
    """Delete an object if it is there, and the folders that are empty then.

    `check` gets the object, or None, and raises what forbids it.

    Raises:
        BucketNotFound: there is no such bucket.
        HomeUnusable: it cannot be deleted.
    """
    folder = folders.get(home, bucket)
    with _lock(bucket, key), blobs.storage_errors(folder):
        if check:
            check(find(home, bucket, key))
        for path in _places(home, bucket, key, folder):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                path.unlink()
                _prune(path.parent, folder)
        paths.record(home, bucket, key).unlink(missing_ok=True)


@contextlib.contextmanager
def _deleted_meanwhile(bucket: str) -> Iterator[None]:
    """A block in which a file or folder that is gone means that the bucket was deleted."""
    try:
        yield
    except FileNotFoundError:
        raise BucketNotFound(f"the bucket {bucket!r} was deleted meanwhile: create it again") from None


def _places(home: Path, bucket: str, key: str, folder: Path) -> Iterator[Path]:
    """Where an object can be: its plain path, then beside the bucket. Links are not followed."""
    path = paths.plain(folder, key)
    if path and _is_there(path, folder):
        yield path
    yield paths.aside(home, bucket, key)


def _is_there(path: Path, folder: Path) -> bool:
    """Whether a plain path is a file of the bucket's folder, spelled like this, and reached without links."""
    try:
        is_file = path.is_file() and not path.is_symlink()
        return is_file and paths.is_inside(path, folder) and paths.is_spelled(path, folder)
    except OSError:  # too long for this system, or not to be read
        return False


def _placed(source: Path, path: Path | None, folder: Path, aside: Path) -> Path:
    """Move a file to its plain path if there can be one, else beside the bucket; the path where it is."""
    if path and _moved_into(path, source, folder):
        aside.unlink(missing_ok=True)
        return path
    aside.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(source, aside)  # the bucket may be on another disk
    return aside


def _moved_into(path: Path, source: Path, folder: Path) -> bool:
    """Whether a file could be moved to a path in its bucket's folder."""
    for _ in range(TRIES):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not paths.is_inside(path, folder) or (path.exists() and not paths.is_spelled(path, folder)):
                return False
            source.replace(path)
        except (FileNotFoundError, FileExistsError):  # the folder was deleted, because the last object in it was
            continue
        except OSError as error:
            if error.errno in _NOT_A_PATH:
                return False
            raise
        return True
    return False


def _prune(path: Path, folder: Path) -> None:
    """Delete a folder and those above it, up to the bucket's, while they are empty."""
    while path != folder and path.is_relative_to(folder):
        try:
            path.rmdir()
        except OSError:
            return
        path = path.parent


def _lock(bucket: str, key: str) -> threading.Lock:
    return _LOCKS[hash((bucket, key)) % len(_LOCKS)]
