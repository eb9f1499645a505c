"""Writes a home folder into one zip, while Tagwise runs.

Files are never changed once written, only added and deleted. So files are copied first, and databases last: what came
meanwhile is copied after that, and what a database speaks of is in the zip, or was gone before the database was copied.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cvcore import __version__
from cvcore.backups.contents import DATABASE, FIRST_LINE, LIST, Content, databases, files, is_database, member_of
from cvcore.errors import Conflict, InvalidInput, NotFound
from cvcore.files import blobs, zip_writer
from cvcore.progress import Progress, silent
from cvcore.store.backups import copies, inspection

ATTEMPTS = 5


def backup(home: Path, path: Path, progress: Progress = silent) -> Content:
    """Write a home folder, with the homes of a class's pupils inside it, as one zip.

    The zip has the keys of the home folder too: it belongs in a place that is as safe.

    Raises:
        InvalidInput: there is no home there, or the zip cannot be written, or would lie inside the home folder.
        StorageFull: it does not fit on the disk.
        Conflict: images are deleted faster than they can be copied.
    """
    if not (home / DATABASE).exists():
        raise InvalidInput(f"a backup needs a home folder of Tagwise, there is none at {home}: check TAGWISE_HOME")
    if path.resolve().is_relative_to(home.resolve()):
        raise InvalidInput(f"a backup must lie outside the home folder, {path} is inside it: choose another place")
    with zip_writer.create(path) as archive, _scratch(path) as scratch:
        writer = _Writer(home, archive)
        writer.copy_files(progress)
        for database in databases(home):
            writer.copy_database(database, scratch / DATABASE)
        writer.write_list()
    path.chmod(blobs.SECRET)
    return Content(path, len(writer.listed), writer.images, len(databases(home)), path.stat().st_size)


class _Writer:
    """Copies files into the zip, and remembers which are in it."""

    def __init__(self, home: Path, archive: zipfile.ZipFile) -> None:
        self._home, self._archive = home, archive
        self.listed: dict[str, tuple[str, int]] = {}
        self.images = 0

    def copy_files(self, progress: Progress) -> None:
        """Copy all files but the databases; one that is deleted meanwhile is left out."""
        found = [path for path in files(self._home) if not is_database(member_of(self._home, path))]
        for number, path in enumerate(found):
            progress(f"Copying files: {number:,} of {len(found):,}", number / len(found))
            self._has(path)

    def copy_database(self, database: Path, scratch: Path) -> None:
        """Copy a database, and before it the files that it speaks of and that came since.

        An image that is in the copy and was deleted before its file was copied: then the copy is made anew.
        """
        home = database.parent
        for _ in range(ATTEMPTS):
            copies.write_from(database, scratch)
            digests = inspection.digests(scratch)
            gone = [digest for digest in digests if not self._has(blobs.original_path(home, digest))]
            if not gone or self._are_lost(database, gone):
                break
        else:
            raise Conflict("images are being deleted faster than they can be copied: try again when it is quiet")
        for digest in digests:
            self._has(blobs.thumbnail_path(home, digest))
        for iteration_id in inspection.iterations(scratch):
            for path in sorted(blobs.iteration_folder(home, iteration_id).glob("*")):
                self._has(path)
        self.images += sum(member_of(self._home, blobs.original_path(home, each)) in self.listed for each in digests)
        self._copy(scratch, member_of(self._home, database))

    def write_list(self) -> None:
        """Write the list of the files with their SHA-256 and sizes, by which the zip is checked."""
        made = f"{FIRST_LINE}, by {__version__}, {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
        lines = [f"{digest} {size_bytes} {member}" for member, (digest, size_bytes) in self.listed.items()]
        self._archive.writestr(zipfile.ZipInfo(LIST, zip_writer.FIRST_DAY), "\n".join([made, *lines, ""]))

    def _has(self, path: Path) -> bool:
        """Whether a file is in the zip by now; it is copied if it can be."""
        member = member_of(self._home, path)
        if member not in self.listed:
            with contextlib.suppress(NotFound):
                self._copy(path, member)
        return member in self.listed

    def _copy(self, path: Path, member: str) -> None:
        self.listed[member] = zip_writer.add_file(self._archive, member, path)

    @staticmethod
    def _are_lost(database: Path, digests: list[str]) -> bool:
        """Whether these files are missing for longer: the database, as it is now, speaks of all of them still."""
        return inspection.digests(database).keys() >= set(digests)


@contextlib.contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    """A folder beside the zip for copies of databases, which may be large."""
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name[:40]}.", dir=path.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
