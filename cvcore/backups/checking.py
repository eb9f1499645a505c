"""Checks a home folder: is every file what its name says, is there a file for every row, a row for every file.

An image's file is named by the SHA-256 of its content, so that a changed byte is found.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cvcore import imaging
from cvcore.backups.contents import DATABASE, databases, member_of
from cvcore.errors import ArraysDamaged, HomeUnusable, ImageRefused, TagwiseError
from cvcore.files import blobs, npz
from cvcore.progress import Progress, share, silent
from cvcore.store import Store
from cvcore.store.backups import inspection


@dataclass
class Report:
    """What was looked at, what is damaged, as sentences, and what was mended.

    `leftovers` are files that nothing speaks of: they take space and harm nobody.
    """

    images: int = 0
    iterations: int = 0
    homes: int = 0
    damaged: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    leftover_bytes: int = 0
    mended: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether nothing is damaged that was not mended."""
        return not self.damaged


def check(home: Path, *, mend: bool = False, progress: Progress = silent) -> Report:
    """Read every file and every row of a home folder, and of the homes of a class's pupils inside it.

    With `mend`, thumbnails are made anew, images that are damaged or lost are taken from another home that has them,
    and leftovers are removed. A lost image without a copy keeps its row, so that a backup can bring it back.

    Raises:
        HomeUnusable: the home cannot be opened at all, or has no database: then nothing tells which files are needed.
    """
    if not inspection.is_there(home / DATABASE):
        raise HomeUnusable(
            f"a home folder of Tagwise must have a database, {home / DATABASE} is missing or empty: check "
            "TAGWISE_HOME, or restore the home folder from a backup"
        )
    Store(home).close()
    report = Report()
    found = databases(home)
    for number, database in enumerate(found):
        _Checker(home, database.parent, report, mend=mend).run(
            share(progress, number / len(found), (number + 1) / len(found))
        )
    return report


class _Checker:
    """Checks one home, which may be a pupil's inside `main`."""

    def __init__(self, main: Path, home: Path, report: Report, *, mend: bool) -> None:
        self._main, self._home, self._report, self._mends = main, home, report, mend

    def run(self, progress: Progress) -> None:
        """Check the database, then images, then iterations, then what is left over."""
        database = self._home / DATABASE
        self._report.homes += 1
        try:
            # A pupil's may be of an older schema, until their home is used again.
            Store(self._home).close()
            names, iterations = inspection.digests(database), inspection.iterations(database)
        except TagwiseError as error:
            self._report.damaged.append(str(error))
            return
        self._report.damaged += [f"{self._name(database)}: {each}" for each in inspection.problems(database)]
        for number, (digest, name) in enumerate(names.items()):
            progress(f"Checking images: {number:,} of {len(names):,}", 0.9 * number / len(names))
            self._check_image(digest, name)
        for iteration_id, name in iterations.items():
            self._check_iteration(iteration_id, name)
        self._find_leftovers(set(names), set(iterations))

    def _check_image(self, digest: str, name: str) -> None:
        self._report.images += 1
        path = blobs.original_path(self._home, digest)
        if wrong := _fault(path, digest):
            donor = next((other for other in self._others(digest) if not _fault(other, digest)), None)
            if donor is None:
                self._report.damaged.append(
                    f"the file of {name} {wrong}: {self._name(path)}; restore it from a backup, or upload it again"
                )
                return
            if not self._mend(
                f"{self._name(path)} {wrong}; another home folder has it",
                lambda: blobs.write(path, donor.read_bytes()),
            ):
                return
        thumbnail = blobs.thumbnail_path(self._home, digest)
        if not _is_picture(thumbnail):
            self._mend(f"the thumbnail of {name} is damaged or missing", lambda: _draw(path, thumbnail))

    def _check_iteration(self, iteration_id: str, name: str) -> None:
        self._report.iterations += 1
        folder = blobs.iteration_folder(self._home, iteration_id)
        if not (folder / "arrays.npz").is_file():
            self._report.damaged.append(
                f"the model of {name} is missing: {self._name(folder)}; restore it from a backup, or train again"
            )
        for path in sorted(each for each in folder.glob("*.npz") if each.is_file()):
            try:
                npz.verify(path)
            except ArraysDamaged as error:
                self._report.damaged.append(f"{self._name(path)} of {name} is damaged: {error}")

    def _find_leftovers(self, digests: set[str], iterations: set[str]) -> None:
        """Files of this home that no row speaks of; young ones may be of an upload that is under way."""
        found = [path for path in _files(self._home, "originals", "thumbnails") if path.name not in digests]
        found += [each for each in sorted((self._home / "iterations").glob("*")) if each.name not in iterations]
        for path in found:
            with contextlib.suppress(FileNotFoundError):  # somebody deletes it just now, or it is a link to nowhere
                if not blobs.is_young(path):
                    self._leave_over(path)

    def _leave_over(self, path: Path) -> None:
        self._report.leftovers.append(self._name(path))
        self._report.leftover_bytes += sum(each.stat().st_size for each in [path, *path.rglob("*")] if each.is_file())
        if self._mends:
            blobs.delete(path)
            self._report.mended.append(f"{self._name(path)} is left over")

    def _mend(self, sentence: str, act: Callable[[], None]) -> bool:
        """Tell what can be mended and, if it is to be mended now, do so; returns whether it was."""
        if not self._mends:
            self._report.damaged.append(sentence)
            return False
        try:
            act()
        except (OSError, TagwiseError) as error:
            self._report.damaged.append(f"{sentence}, and could not be mended: {error}")
            return False
        self._report.mended.append(sentence)
        return True

    def _others(self, digest: str) -> Iterator[Path]:
        """Where other homes may have the same image: what was handed out, or collected."""
        for database in databases(self._main):
            if database.parent != self._home:
                yield blobs.original_path(database.parent, digest)

    def _name(self, path: Path) -> str:
        return member_of(self._main, path)


def _fault(path: Path, digest: str) -> str:
    """What is wrong with an original; empty if its content is what its name says."""
    try:
        return "" if blobs.sha256_of(path) == digest else "is damaged"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _draw(original: Path, thumbnail: Path) -> None:
    blobs.write(thumbnail, imaging.rendition(blobs.read(original), imaging.THUMBNAIL_PX), durable=False)


def _is_picture(path: Path) -> bool:
    """Whether a thumbnail can be drawn; thumbnails are small, and their names are of the originals."""
    try:
        imaging.pixels(path.read_bytes(), 8)
    except (OSError, ImageRefused):
        return False
    return True


def _files(home: Path, *folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted((home / folder).glob("??/*")) if path.is_file())
