"""Files in the home folder: originals and thumbnails by SHA-256, models. Written completely or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from cvcore.errors import HomeUnusable, NotFound, StorageFull
from cvcore.files import disks
from cvcore.languages import t

# A temporary file that is older was left by a process that died.
ABANDONED_S = 3600
# That there is no such file is told by who looks for it.
REFUSED = frozenset(
    getattr(errno, name)
    for name in ("EACCES", "EROFS", "EPERM", "ENOTDIR", "EISDIR", "ENOTEMPTY", "EFBIG", "EIO", "ENXIO")
)
SECRET = 0o600
FLUSHERS = 8

Waiting = TypeVar("Waiting")


def sha256(data: bytes) -> str:
    """The SHA-256 of a file's content, 64 hexadecimal digits; files are named by it.

    >>> sha256(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(data).hexdigest()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def original_path(home: Path, digest: str) -> Path:
    """The path of an image's bytes as uploaded."""
    return _path(home, "originals", digest)


def thumbnail_path(home: Path, digest: str) -> Path:
    """The path of an image's thumbnail."""
    return _path(home, "thumbnails", digest)


def has_originals(home: Path) -> bool:
    """Whether any image's file is in a home folder."""
    return any(path.is_file() for path in home.glob("originals/??/*"))


def iteration_folder(home: Path, iteration_id: str) -> Path:
    """The folder of an iteration's arrays."""
    return home / "iterations" / iteration_id


def checkpoint_folder(home: Path, iteration_id: str) -> Path:
    """The folder where an Advanced training keeps what it needs to resume after a crash."""
    return home / "checkpoints" / iteration_id


def backbones_folder(home: Path) -> Path:
    """The folder of converted backbones."""
    return home / "backbones"


def similar_folder(home: Path, project_id: str) -> Path:
    """The folder of the index by which a project's similar images are found."""
    return home / "similar" / project_id


def pupil_home(home: Path, class_id: str, pupil_id: str) -> Path:
    """The home folder of a pupil of a class."""
    return home / "classes" / class_id / pupil_id


def deleted_home(home: Path) -> Path:
    """The home folder, inside a pupil's, of the projects that they deleted."""
    return home / "deleted"


def read(path: Path) -> bytes:
    """The bytes of a stored file.

    Raises:
        NotFound: it is not there.
        HomeUnusable: it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFound(
            t("the file {file} is missing from the home folder; restore it from a backup", file=path.name)
        ) from None
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> HomeUnusable:
    """The refusal for a stored file that is there and cannot be read."""
    return HomeUnusable(
        t(
            "the file {file} in the home folder cannot be read ({reason}): restore it from a backup",
            file=path.name,
            reason=error.strerror,
        )
    )


def write(path: Path, data: bytes, *, durable: bool = True, is_secret: bool = False) -> None:
    """Write a file completely or not at all: to a temporary file beside it, flushed if `durable`, then renamed.

    A secret file can be read by its owner only.

    Raises:
        StorageFull, HomeUnusable: it cannot be written; nothing is left behind.
    """
    with _writing(path) as temporary:
        _fill(temporary, [data], durable=durable, mode=SECRET if is_secret else 0o666)
        temporary.replace(path)


def write_missing(files: Mapping[Path, bytes], *, durable: bool = True) -> None:
    """Write those of the files that are not there, each completely or not at all; all are open at once.

    If `durable`, all are on the disk when the first gets its name, and their names are when this returns.

    Raises:
        StorageFull, HomeUnusable: not all can be written; some can be there.
    """
    temporaries = {path: _temporary(path) for path in files if not path.exists()}
    if not temporaries:
        return
    folders = {path.parent for path in temporaries}
    try:
        with storage_errors(Path(os.path.commonpath(folders))):
            for folder in folders:
                if not folder.is_dir():
                    folder.mkdir(parents=True, exist_ok=True)
            _fill_all({temporary: files[path] for path, temporary in temporaries.items()}, durable=durable)
            for path, temporary in temporaries.items():
                temporary.replace(path)
            if durable:
                _flush_names(folders)
    except BaseException:
        for temporary in temporaries.values():
            delete(temporary)
        raise


def write_pieces(path: Path, pieces: Iterable[bytes], *, is_secret: bool = False) -> None:
    """Write a large file as `write` does, piece by piece."""
    with _writing(path) as temporary:
        _fill(temporary, pieces, durable=True, mode=SECRET if is_secret else 0o666)
        temporary.replace(path)


def write_first(path: Path, data: bytes) -> None:
    """Write a secret file, readable by its owner only, completely or not at all, and never over one that is there.

    Of several processes that do so at once, the first one's file stays.

    Raises:
        StorageFull, HomeUnusable: it cannot be written; nothing is left behind.
    """
    with _writing(path) as temporary:
        _fill(temporary, [data], durable=True, mode=SECRET)
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(temporary)


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A temporary folder to fill; moved to `path` when the block ends without an error, else deleted.

    Raises:
        StorageFull, HomeUnusable: it cannot be written; nothing is left behind.
    """
    with _writing(path) as temporary:
        temporary.mkdir()
        yield temporary
        if path.exists():
            shutil.rmtree(path)
        temporary.replace(path)


@contextlib.contextmanager
def scratch_folder(home: Path) -> Iterator[Path]:
    """A temporary folder in the home folder, deleted when the block ends; after a kill `leftovers` deletes it.

    Raises:
        StorageFull, HomeUnusable: it cannot be written.
    """
    with _writing(home / "scratch") as temporary:
        temporary.mkdir()
        yield temporary


def is_being_written(path: Path) -> bool:
    """Whether a file or folder is a temporary one that another process may still fill: made within the last hour."""
    if not path.name.startswith("."):
        return False
    try:
        return time.time() - path.stat().st_mtime < ABANDONED_S
    except FileNotFoundError:  # moved to its place meanwhile
        return True


def is_young(path: Path) -> bool:
    """Whether a file was written within the last hour: what it belongs to may not be recorded yet."""
    return time.time() - path.stat().st_mtime < ABANDONED_S


def place(source: Path, target: Path) -> None:
    """Move a file within the home folder to `target`, unless `target` exists already.

    Raises:
        StorageFull, HomeUnusable: it cannot be moved.
    """
    with storage_errors(target):
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)


def delete(path: Path) -> None:
    """Delete a file or folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def make_home(home: Path) -> None:
    """Make the home folder, readable by its owner only, and check that it can be written.

    Raises:
        StorageFull: the disk is full.
        HomeUnusable: it cannot be made or written; the message names the folder and `TAGWISE_HOME`.
    """
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise _refusal(error, home) from error


def exposure(home: Path) -> str:
    """A line to say where others on this computer may look into the home folder; empty where they may not.

    Its mode is not changed: a folder that is shared on purpose stays so. On Windows there are no modes.
    """
    mode = stat.S_IMODE(home.stat().st_mode)
    if os.name != "posix" or not mode & 0o077:
        return ""
    return f"others on this computer may look into the home folder, its mode is {mode:o}: chmod 700 '{home}' ends that"


@contextlib.contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """A block in which the system's errors about writing at `path` become Tagwise's."""
    try:
        yield
    except OSError as error:
        if disks.is_full(error) or error.errno in REFUSED:
            raise _refusal(error, path) from error
        raise


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[Path]:
    temporary = _temporary(path)
    with storage_errors(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
        finally:
            delete(temporary)


def _temporary(path: Path) -> Path:
    return path.parent / f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}"


def _fill(path: Path, pieces: Iterable[bytes], *, durable: bool, mode: int) -> None:
    with _created(path, mode) as file:
        file.writelines(pieces)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def _fill_all(contents: Mapping[Path, bytes], *, durable: bool) -> None:
    """As `_fill`, of many files: all are written before the first is flushed, so that the disk takes them together."""
    with contextlib.ExitStack() as opened:
        files = []
        for path, content in contents.items():
            files.append(opened.enter_context(_created(path, 0o666)))
            files[-1].write(content)
            files[-1].flush()
        if durable:
            _at_once(os.fsync, [file.fileno() for file in files])


def _created(path: Path, mode: int) -> BinaryIO:
    """A new file to write."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    return os.fdopen(descriptor, "wb")


def _flush_names(folders: Iterable[Path]) -> None:
    """Wait until the names in these folders are on the disk."""
    if os.name == "posix":
        _at_once(_flush_name, list(folders))


def _flush_name(folder: Path) -> None:
    with contextlib.suppress(OSError):  # some network shares refuse it
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _at_once(flush: Callable[[Waiting], None], waiting: Sequence[Waiting]) -> None:
    """Wait for all together: a disk takes many writes in the time of a few, and one after the other in that of many."""
    if len(waiting) == 1:
        flush(waiting[0])
        return
    shares = [waiting[start::FLUSHERS] for start in range(min(FLUSHERS, len(waiting)))]
    with ThreadPoolExecutor(len(shares), thread_name_prefix="flush") as pool:
        for _ in pool.map(partial(_one_by_one, flush), shares):
            pass


def _one_by_one(flush: Callable[[Waiting], None], waiting: Sequence[Waiting]) -> None:
    for each in waiting:
        flush(each)


def _refusal(error: OSError, path: Path) -> HomeUnusable | StorageFull:
    if disks.is_full(error):
        return StorageFull(t(disks.HOME_FULL))
    return HomeUnusable(
        t(
            "the home folder must be writable, {path} is not ({reason}): set TAGWISE_HOME to a folder that is",
            path=path,
            reason=error.strerror,
        )
    )


def _path(home: Path, kind: str, digest: str) -> Path:
    if len(digest) != 64 or digest.strip("0123456789abcdef"):
        raise NotFound(t("an image's name must be 64 hexadecimal digits, got {digest!r}", digest=digest[:80]))
    return home.joinpath(kind, digest[:2], digest)
