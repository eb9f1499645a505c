"""Writes a home folder into one zip, while Tagwise runs.

Files are never changed once written, only added and deleted. So files are copied first, and databases last: what came
meanwhile is copied after that, and what a database speaks of is in the zip, or was gone before the database was copied.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import zipfile
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

from cvcore import __version__
from cvcore.backups.contents import (
    DATABASE,
    FIRST_LINE,
    LIST,
    Content,
    databases,
    files,
    is_database,
    is_safe,
    member_of,
)
from cvcore.errors import Conflict, HomeUnusable, InvalidInput, NotFound, StorageFull
from cvcore.files import blobs, disks, zip_writer
from cvcore.languages import t
from cvcore.progress import Progress, silent
from cvcore.store import Store
from cvcore.store.backups import copies, inspection, sqlite_errors

ATTEMPTS = 5


def backup(home: Path, path: Path, progress: Progress = silent) -> Content:
    """Write a home folder, with the homes of a class's pupils inside it, as one zip.

    The zip has the keys of the home folder too: it belongs in a place that is as safe. What cannot be read, or does not
    belong in a home folder, is left out, so that the rest is saved.

    Raises:
        InvalidInput: there is no home there, or the zip cannot be written, or would lie inside the home folder.
        HomeUnusable: the database is damaged.
        StorageFull: it does not fit on the disk.
        Conflict: images are deleted faster than they can be copied.
    """
    if not inspection.is_there(home / DATABASE):
        raise InvalidInput(f"a backup needs a home folder of Tagwise, there is none at {home}: check TAGWISE_HOME")
    if path.resolve().is_relative_to(home.resolve()):
        raise InvalidInput(f"a backup must lie outside the home folder, {path} is inside it: choose another place")
    with zip_writer.create(path) as archive, _scratch(path) as scratch:
        writer = _Writer(home, archive)
        writer.copy_files(progress)
        for database in databases(home):
            writer.copy_database(database, scratch)
        writer.write_list()
    path.chmod(blobs.SECRET)
    homes = sum(map(is_database, writer.listed))
    return Content(path, len(writer.listed), writer.images, homes, path.stat().st_size, tuple(writer.left_out))


class _Writer:
    """Copies files into the zip, and remembers which are in it."""

    def __init__(self, home: Path, archive: zipfile.ZipFile) -> None:
        self._home, self._archive = home, archive
        self.listed: dict[str, tuple[str, int]] = {}
        # In the order in which they were met, each once.
        self.left_out: dict[str, None] = {}
        self.images = 0

    def copy_files(self, progress: Progress) -> None:
        """Copy all files but the databases; one that is deleted meanwhile is left out."""
        found = [path for path in files(self._home) if not is_database(member_of(self._home, path))]
        for number, path in enumerate(found):
            progress(f"Copying files: {number:,} of {len(found):,}", number / len(found))
            self._has(path)

    def copy_database(self, database: Path, scratch: Path) -> None:
        """Copy a database, and before it the files that it speaks of and that came since.

        A pupil's that is damaged is left out.

        Raises:
            HomeUnusable: the home folder's own is damaged.
        """
        try:
            copy, digests = self._consistent_copy(database, scratch)
        except HomeUnusable:
            if database == self._home / DATABASE:
                raise
            self.left_out[member_of(self._home, database)] = None
            return
        for digest in digests:
            self._has(blobs.thumbnail_path(database.parent, digest))
        for iteration_id in inspection.iterations(copy):
            for path in sorted(blobs.iteration_folder(database.parent, iteration_id).glob("*")):
                self._has(path)
        originals = [member_of(self._home, blobs.original_path(database.parent, each)) for each in digests]
        self.images += sum(member in self.listed for member in originals)
        self.left_out |= dict.fromkeys(member for member in originals if member not in self.listed)
        self._copy(copy, member_of(self._home, database))

    def _consistent_copy(self, database: Path, scratch: Path) -> tuple[Path, Collection[str]]:
        """A copy of a database, and the digests of the images that it speaks of.

        The zip has the file of each, but for those that are lost: missing again when the database is copied anew. Of
        others the row was deleted with the file, after the copy.
        """
        missing_before: list[str] = []
        for _ in range(ATTEMPTS):
            digests = _copied(database, scratch)
            missing = [digest for digest in digests if not self._has(blobs.original_path(database.parent, digest))]
            if not missing or missing == missing_before:
                return scratch / DATABASE, digests
            missing_before = missing
        raise Conflict("images are being deleted faster than they can be copied: try again when it is quiet")

    def write_list(self) -> None:
        """Write the list of the files with their SHA-256 and sizes, by which the zip is checked."""
        made = f"{FIRST_LINE}, by {__version__}, {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
        lines = [f"{digest} {size_bytes} {member}" for member, (digest, size_bytes) in self.listed.items()]
        self._archive.writestr(zipfile.ZipInfo(LIST, zip_writer.FIRST_DAY), "\n".join([made, *lines, ""]))

    def _has(self, path: Path) -> bool:
        """Whether a file is in the zip by now; it is copied if it can be, and may be put back."""
        member = member_of(self._home, path)
        if member in self.listed or member in self.left_out:
            return member in self.listed
        try:
            if is_safe(member):
                self._copy(path, member)
            else:
                self.left_out[member] = None
        except NotFound:
            pass
        except HomeUnusable:
            self.left_out[member] = None
        return member in self.listed

    def _copy(self, path: Path, member: str) -> None:
        self.listed[member] = zip_writer.add_file(self._archive, member, path)


def _copied(database: Path, scratch: Path) -> Collection[str]:
    """Copy a database, and bring the copy up to date; returns the digests of the images that it speaks of.

    Raises:
        HomeUnusable: it is damaged, so that it could not be restored; older backups must not make room for it.
    """
    copies.write_from(database, scratch / DATABASE)
    if inspection.problems(scratch / DATABASE):
        raise sqlite_errors.damaged(database)
    Store(scratch).close()
    return inspection.digests(scratch / DATABASE)


@contextlib.contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    """A folder beside the zip for copies of databases, which may be large."""
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name[:40]}.", dir=path.parent))
    try:
        yield folder
    except StorageFull as error:
        # Copies of databases are written there: it is this disk, not that of the home folder.
        raise StorageFull(t(disks.FULL)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
