"""A project zip comes in: every file checked against its SHA-256 before anything is kept, then all of it at once.

What stands in the zip is a stranger's word. Files are laid out in a folder of the home that is emptied whatever
happens; pictures are decoded like any upload; arrays are measured before they are read; no name in the zip becomes a
path here. What came lies under ids of its own, so that a zip can come in beside the original, or twice.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, BinaryIO, Literal
from zipfile import ZipFile, ZipInfo

import filelock
import numpy as np
from msgspec import Meta

from cvcore import evaluation, imaging, projects
from cvcore.archive import json_reader, network_files, npz_reader, packing, project_json
from cvcore.archive.network_files import PackedNetwork
from cvcore.archive.packing import MANIFEST, VERSION
from cvcore.errors import ArchiveRefused, TagsRefused
from cvcore.files import blobs, zips
from cvcore.progress import Progress, silent
from cvcore.projects import tagging, uploads
from cvcore.records import MULTILABEL, Project
from cvcore.settings import MEBIBYTE, Limits
from cvcore.store import Measured, Store
from cvcore.store.project_contents import Contents, IterationContents, Sha256

ENTRIES, BYTES = 400_000, 65_536 * MEBIBYTE
MANIFEST_BYTES, ARRAYS_BYTES = 64 * MEBIBYTE, 1024 * MEBIBYTE


@dataclass(frozen=True)
class _Head:
    """The first lines of a tagwise.json, which every version has."""

    kind: Literal["Tagwise project"]
    version: Annotated[int, Meta(ge=1, le=2**31)]
    made_by: Annotated[str, Meta(max_length=40)] = ""


@dataclass(frozen=True)
class _File:
    """A file in the zip, as tagwise.json lists it."""

    sha256: Sha256
    size_bytes: Annotated[int, Meta(ge=0, le=BYTES)]


@dataclass(frozen=True)
class _Manifest:
    """The list of files in a tagwise.json of this version."""

    files: Annotated[dict[Annotated[str, Meta(max_length=200)], _File], Meta(max_length=ENTRIES)]


@dataclass(frozen=True)
class _Zip:
    """An open project zip: its members by name, and what its tagwise.json says of each."""

    archive: ZipFile
    infos: dict[str, ZipInfo]
    files: dict[str, tuple[str, int]]

    def read(self, member: str, size_bytes: int) -> bytes:
        """A member's bytes, once they were found to be what tagwise.json says, and no more than so many."""
        if member not in self.files:
            raise ArchiveRefused(f"a project zip must be whole, {member} is missing in it: copy or download it again")
        sha256, size = self.files[member]
        if size > size_bytes:
            raise ArchiveRefused(
                f"{member} in a project zip may be {size_bytes // MEBIBYTE} MB large, this one is larger: see that it "
                "is one of Tagwise's"
            )
        data = zips.read(self.archive, self.infos[member], size + 1)
        if len(data) != size or blobs.sha256(data) != sha256:
            raise ArchiveRefused(
                f"{member} in a project zip must be what was packed, its SHA-256 is another: copy or download it again"
            )
        return data


@dataclass
class _Staged:
    """What lies ready: pictures in the folder, by SHA-256, and networks."""

    folder: Path
    measured: dict[str, Measured] = field(default_factory=dict)
    networks: list[PackedNetwork] = field(default_factory=list)


def unpack(
    store: Store, source: Path | BinaryIO, *, limits: Limits, name: str = "", progress: Progress = silent
) -> Project:
    """The project that a zip holds, as a new one: whole, or nothing of it is kept.

    It gets the name given, else its own or, where that is taken, a free one.

    Raises:
        ArchiveRefused, ImageRefused: the zip is cut short, changed, of a newer Tagwise or none of Tagwise's.
        NameRefused, NameTaken: the name given cannot be its name.
        StorageFull, HomeUnusable: it cannot be written.
    """
    if name:
        name = projects.checked_name(store, name)
    progress("Opening the zip", 0.0)
    archive = zips.opened(source, dataclasses.replace(limits, archive_entries=ENTRIES, archive_bytes=BYTES))
    with archive:
        found = _looked_into(archive)
        whole = project_json.read(found.read(project_json.FILE, project_json.FILE_BYTES), limits)
        _check_members(found, whole)
        with _staging(store.home, progress) as folder:
            staged = _Staged(folder)
            _stage_pictures(found, whole, staged, limits, progress)
            progress("Checking iterations", 0.95)
            for iteration in whole.iterations:
                _stage_arrays(found, iteration, staged)
            for fingerprint in sorted({each.fingerprint for each in whole.iterations}):
                if network := network_files.read(found.files, found.read, fingerprint):
                    staged.networks.append(network)
            project = _keep(store, whole, staged, name)
    store.jobs.embed_soon(project.id)
    return project


def _looked_into(archive: ZipFile) -> _Zip:
    infos = {zips.path_of(info): info for info in archive.infolist()}
    # Of a zip that was cut short zipfile may find the end of the last one that lies in it, an npz.
    if min((info.header_offset for info in archive.infolist()), default=0) > 0:
        raise ArchiveRefused("a zip must be whole, this one lacks its end: copy or download it again")
    if MANIFEST not in infos:
        raise ArchiveRefused(
            f"a project zip holds {MANIFEST}, this one does not: upload a zip of pictures on the Images page"
        )
    if len(infos) != len(archive.infolist()) or any(map(zips.refusal, infos.values())):
        raise ArchiveRefused("a project zip must be as Tagwise writes it, this one is not: copy or download it again")
    return _Zip(archive, infos, _files(zips.read(archive, infos[MANIFEST], MANIFEST_BYTES)))


def _files(data: bytes) -> dict[str, tuple[str, int]]:
    """The SHA-256 and the size of each file, as tagwise.json lists them."""
    head = json_reader.read(data, _Head, MANIFEST)
    if head.version > VERSION:
        raise ArchiveRefused(
            f"this project zip is of a newer Tagwise ({head.made_by}), its version {head.version} is not known "
            f"here, only up to {VERSION}: update Tagwise"
        )
    manifest = json_reader.read(data, _Manifest, MANIFEST)
    return {member: (file.sha256, file.size_bytes) for member, file in manifest.files.items()}


def _check_members(found: _Zip, whole: Contents) -> None:
    """Refuse a zip that lacks a file, or holds one that belongs to nothing."""
    wanted = {project_json.FILE, *(packing.original_member(each.sha256) for each in whole.images if not each.is_erased)}
    wanted |= {packing.arrays_member(iteration.number) for iteration in whole.iterations}
    allowed = {member for each in whole.iterations for member in network_files.members(each.fingerprint)}
    there = found.infos.keys() - {MANIFEST}
    if missing := sorted(wanted - (there & found.files.keys())):
        raise ArchiveRefused(f"a project zip must be whole, {missing[0]} is missing in it: copy or download it again")
    if more := sorted((there | found.files.keys()) - wanted - (allowed & there & found.files.keys())):
        raise ArchiveRefused(
            f"a project zip holds what belongs to its project, {more[0][:80]!r} does not: copy or download it again"
        )


@contextlib.contextmanager
def _staging(home: Path, progress: Progress) -> Iterator[Path]:
    """A folder of the home's to lay files out in, for one project at a time; what a dead process left there goes."""
    lock = filelock.FileLock(home / "unpacking.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        progress("Waiting for another project to come in", 0.0)
        lock.acquire()
    folder = home / "unpacking"
    try:
        blobs.delete(folder)
        yield folder
    finally:
        blobs.delete(folder)
        lock.release()


def _stage_pictures(found: _Zip, whole: Contents, staged: _Staged, limits: Limits, progress: Progress) -> None:
    def stage(sha256: str) -> tuple[str, Measured]:
        member = packing.original_member(sha256)
        data = found.read(member, limits.image_bytes)
        if blobs.sha256(data) != sha256:
            raise ArchiveRefused(f"{member} in a project zip must be that picture, it is another: download it again")
        picture = imaging.read(data, limits)
        blobs.write(blobs.original_path(staged.folder, sha256), data)
        blobs.write(blobs.thumbnail_path(staged.folder, sha256), picture.thumbnail, durable=False)
        return sha256, Measured(picture.width, picture.height, len(data), picture.signature)

    digests = [image.sha256 for image in whole.images if not image.is_erased]
    # One picture is decoded while the disk writes another.
    pool = ThreadPoolExecutor(2)
    try:
        for done, (sha256, measured) in enumerate(pool.map(stage, digests)):
            progress("Checking pictures", 0.95 * done / len(digests))
            staged.measured[sha256] = measured
    finally:
        pool.shutdown(cancel_futures=True)


def _stage_arrays(found: _Zip, iteration: IterationContents, staged: _Staged) -> None:
    member = packing.arrays_member(iteration.number)
    data = found.read(member, ARRAYS_BYTES)
    rows, columns = len(iteration.images), iteration.columns
    read = npz_reader.read(
        data,
        {
            "truth": ("b", (rows, columns)),
            "probabilities": ("f", (rows, columns)),
            "folds": ("i", (rows,)),
            "groups": ("i", (rows,)),
            "kernel": ("f", (None, columns)),
            "bias": ("f", (columns,)),
            "multilabel": ("b", ()),
        },
        member,
    )
    probabilities = read["probabilities"].astype(np.float64)
    sound = np.isnan(probabilities) | ((probabilities >= 0) & (probabilities <= 1))
    is_multilabel = iteration.classification_type == MULTILABEL
    if not (sound.all() and np.isfinite(read["kernel"]).all() and bool(read["multilabel"]) == is_multilabel):
        raise ArchiveRefused(
            f"a project zip's {member} must fit the project, its numbers do not: copy or download it again"
        )
    blobs.write(_arrays_path(staged.folder, iteration.number), data)


def _keep(store: Store, whole: Contents, staged: _Staged, name: str) -> Project:
    """Put all of it in place, in one transaction; files that are left over when that fails go."""
    kept: list[Path] = []
    try:
        with store.transaction():
            project = projects.create(
                store,
                name or projects.free_name(store, whole.name),
                description=whole.description,
                classification_type=whole.classification_type,
                domain=whole.domain_id,
                settings=whole.settings,
            )
            ids = store.whole_projects.add(project, whole, staged.measured)
            _check_tags(store, project, whole)
            for sha256 in staged.measured:
                blobs.place(blobs.original_path(staged.folder, sha256), blobs.original_path(store.home, sha256))
                blobs.place(blobs.thumbnail_path(staged.folder, sha256), blobs.thumbnail_path(store.home, sha256))
            for number, iteration_id in ids.items():
                folder = blobs.iteration_folder(store.home, iteration_id)
                kept.append(folder)
                blobs.place(_arrays_path(staged.folder, number), folder / evaluation.ARRAYS)
            for network in staged.networks:
                kept += network_files.keep(store, network)
    except BaseException:
        for path in kept:
            blobs.delete(path)
        uploads.forget(store, staged.measured)
        raise
    return project


def _check_tags(store: Store, project: Project, whole: Contents) -> None:
    """Refuse pictures whose tags cannot be together."""
    named = {tag.name: tag.id for tag in store.tags.of_project(project.id)}
    ids = {tag.key: named[tag.name] for tag in whole.tags}
    try:
        for together in {tuple(ids[key] for key in image.tags) for image in whole.images}:
            tagging.check(store, project, together)
    except TagsRefused as refusal:
        raise ArchiveRefused(f"a project zip must keep the rules of its type: {refusal}") from refusal


def _arrays_path(folder: Path, number: int) -> Path:
    return folder / "arrays" / str(number)
