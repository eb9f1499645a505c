"""Puts a backup back into a home folder, while Tagwise runs or not.

All of the zip is checked before anything is changed. Then files are put in place, which nothing speaks of yet, and
last the databases, each at once: whoever kills the process finds the home as it was before, or as the backup has it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cvcore.backups.contents import DATABASE, FIRST_LINE, LIST, Content, is_database, is_safe, path_of
from cvcore.errors import ArchiveRefused, Conflict, HomeUnusable
from cvcore.files import blobs, staging, zips
from cvcore.progress import Progress, share, silent
from cvcore.settings import MEBIBYTE
from cvcore.store import Store, migrations
from cvcore.store.backups import copies, inspection
from cvcore.store.jobs import worker_lock

PIECE_BYTES = MEBIBYTE
# More than a line of the list has beside the file's name.
FRAME_BYTES = 200
_LINE = re.compile(r"([0-9a-f]{64}) (\d{1,18}) (.+)")
_SECRET = re.compile(r"\.key$|\.pem$")


@dataclass(frozen=True)
class _Listed:
    digest: str
    size_bytes: int


def restore(path: Path, home: Path, progress: Progress = silent) -> Content:
    """Give a home folder the content of a backup. What the home had before stays in its folder `backups`.

    Of that, the database is kept as `before-restore.db`, also if it is damaged; images that the backup does not have
    stay on the disk until `tagwise check --mend` removes them. Meanwhile no worker begins.

    Raises:
        ArchiveRefused: the file is no backup, is damaged, or holds what does not belong in a home folder.
        Conflict: a training runs; or the backup was made by a newer version.
        StorageFull, HomeUnusable: files cannot be written.
    """
    with _opened(path) as archive:
        listed = _listed(archive)
        _check(archive, listed, share(progress, 0, 0.4))
        blobs.make_home(home)
        waiting = partial(progress, "Waiting until another zip is unpacked", 0.4)
        # Where no worker is, none begins meanwhile, and jobs only wait in the queue.
        with staging.if_free(worker_lock(home)) as is_idle, staging.folder(home, waiting) as staged:
            databases = {member: _unpacked(archive, member, staged) for member in listed if is_database(member)}
            _check_databases(home, databases, is_worked_on=not is_idle)
            _put_files(archive, listed, home, share(progress, 0.4, 0.95))
            _put_databases(home, databases)
    images = sum(member.startswith("originals/") or "/originals/" in member for member in listed)
    return Content(path, len(listed), images, len(databases), path.stat().st_size)


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except FileNotFoundError:
        raise ArchiveRefused(f"FILE.zip must be a backup, there is no file at {str(path)!r}: check the path") from None
    except OSError as error:
        raise ArchiveRefused(
            f"FILE.zip must be a backup that can be read, {path} cannot ({error.strerror}): check the path, and who "
            "may read it"
        ) from error
    except zips.BROKEN as error:
        raise ArchiveRefused(f"a backup must be a complete zip, {path.name} is not: take another copy of it") from error


def _listed(archive: zipfile.ZipFile) -> dict[str, _Listed]:
    """The backup's own list of its files, by their paths."""
    # Each of its lines is of a file in the zip: a list that is longer is none.
    most = FRAME_BYTES + sum(len(info.filename.encode()) + FRAME_BYTES for info in archive.infolist())
    try:
        with archive.open(LIST) as file:
            lines = file.read(most).decode().splitlines()
    except (KeyError, *zips.BROKEN) as error:
        raise ArchiveRefused(
            "this zip is no backup: a project is restored by `tagwise unpack`, images by `tagwise import`"
        ) from error
    if not lines or not lines[0].startswith(f"{FIRST_LINE},"):
        raise ArchiveRefused("this backup is of a kind that this Tagwise does not know: install a newer version")
    listed = {}
    for line in lines[1:]:
        match = _LINE.fullmatch(line)
        if not match or not is_safe(match[3]):
            raise ArchiveRefused(f"a backup holds only files of a home folder, {line[-80:]!r} is none: do not use it")
        listed[match[3]] = _Listed(match[1], int(match[2]))
    if DATABASE not in listed:
        raise ArchiveRefused("a backup must hold a database, this one has none: take another copy of it")
    return listed


def _check(archive: zipfile.ZipFile, listed: Mapping[str, _Listed], progress: Progress) -> None:
    """Read everything once, before anything is changed."""
    for number, (member, entry) in enumerate(listed.items()):
        progress("Checking the backup", number / len(listed))
        digest = hashlib.sha256()
        for piece in _pieces(archive, member, entry.size_bytes):
            digest.update(piece)
        if digest.hexdigest() != entry.digest:
            raise ArchiveRefused(f"{member} in the backup is damaged: take another copy of the backup")


def _pieces(archive: zipfile.ZipFile, member: str, size_bytes: int) -> Iterator[bytes]:
    """A member's content piece by piece, never more of it than the list says."""
    try:
        with archive.open(member) as file:
            left = size_bytes
            while left > 0 and (piece := file.read(min(PIECE_BYTES, left))):
                left -= len(piece)
                yield piece
            if left or file.read(1):
                raise ArchiveRefused(f"{member} in the backup is not as long as its list says: take another copy")
    except KeyError:
        raise ArchiveRefused(f"{member} is missing from the backup: take another copy of it") from None
    except zips.BROKEN as error:
        raise ArchiveRefused(f"{member} in the backup is damaged: take another copy of the backup") from error


def _unpacked(archive: zipfile.ZipFile, member: str, staged: Path) -> Path:
    target = staged / member
    with blobs.storage_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with archive.open(member) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, PIECE_BYTES)
    return target


def _check_databases(home: Path, databases: Mapping[str, Path], *, is_worked_on: bool) -> None:
    known = {step.__name__ for step in migrations.STEPS}
    for member, database in databases.items():
        had = inspection.steps(database)
        if not had or inspection.problems(database):
            raise ArchiveRefused(f"{member} in the backup is not a whole database: take another copy of the backup")
        if newer := sorted(had - known):
            raise Conflict(f"this backup was made by a newer Tagwise ({newer[-1]}): install that version to restore it")
        if is_worked_on and (home / member).exists() and inspection.is_working(home / member):
            raise Conflict("a training runs or waits: stop it, or wait for it, and restore then")


def _put_files(archive: zipfile.ZipFile, listed: Mapping[str, _Listed], home: Path, progress: Progress) -> None:
    for number, (member, entry) in enumerate(listed.items()):
        progress(f"Putting files back: {number:,} of {len(listed):,}", number / len(listed))
        target = path_of(home, member)
        if is_database(member) or _is_same(target, entry):
            continue
        blobs.write_pieces(target, _pieces(archive, member, entry.size_bytes), is_secret=bool(_SECRET.search(member)))


def _is_same(target: Path, entry: _Listed) -> bool:
    """Whether a file of the home folder need not be written; one that cannot be read must be."""
    try:
        return target.stat().st_size == entry.size_bytes and blobs.sha256_of(target) == entry.digest
    except OSError:
        return False


def _put_databases(home: Path, databases: Mapping[str, Path]) -> None:
    """The main database last: it decides which of the pupils' homes there are."""
    for member in sorted(databases, key=lambda member: member == DATABASE):
        target = home / member
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if target.exists():
            _keep(target, target.parent / copies.FOLDER / "before-restore.db")
        copies.restore(target, databases[member])
        # An older schema is brought up to date at once, not at the next start.
        Store(target.parent).close()


def _keep(database: Path, path: Path) -> None:
    """Keep the database as it is; one that is damaged leaves its place, since nothing can be written into it."""
    try:
        copies.write_from(database, path)
    except HomeUnusable:
        copies.set_aside(database, path)
