"""Unpacks a project zip: every file is checked before anything is stored, then all is stored in one transaction.

Nothing in the zip is trusted. Files are staged in a folder of the home that is always emptied at the end; images are
decoded like any upload; arrays' headers are checked before they are read; no name in the zip is used as a path. All
ids are new, so that a zip can be unpacked beside the original, or twice.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from cvcore import evaluation, image_facts, imaging, projects
from cvcore.archive import analysis_files, network_files, npz_reader, packing, project_json, project_zip
from cvcore.archive.network_files import PackedNetwork
from cvcore.archive.project_zip import ProjectZip
from cvcore.array_types import Float32s
from cvcore.errors import ArchiveRefused, TagsRefused
from cvcore.files import blobs, staging
from cvcore.imaging import FileOrigin
from cvcore.languages import carried, t
from cvcore.progress import Progress, silent
from cvcore.projects import quotas, tagging, uploads
from cvcore.records import MULTILABEL, Project
from cvcore.settings import MEBIBYTE, Limits
from cvcore.store import Measured, Store
from cvcore.store.project_contents import Contents, ImageContents, IterationContents

ARRAYS_BYTES = 1024 * MEBIBYTE


@dataclass
class _Staged:
    """Checked files, ready to be stored: images and arrays in the folder, what was read of them, and networks.

    `digests` are those of the images as they are stored, by those in the zip.
    """

    folder: Path
    digests: dict[str, str] = field(default_factory=dict)
    measured: dict[str, Measured] = field(default_factory=dict)
    files: dict[str, tuple[FileOrigin, Float32s]] = field(default_factory=dict)
    networks: list[PackedNetwork] = field(default_factory=list)


def unpack(
    store: Store, source: Path | BinaryIO, *, limits: Limits, name: str = "", progress: Progress = silent
) -> Project:
    """Create a project from a project zip; if anything fails, nothing is stored.

    Without `name` the project keeps the name in the zip, with a number if that name is taken.

    Raises:
        ArchiveRefused, ImageRefused: the zip is cut short, was changed, or is from a newer Tagwise or another program.
        NameRefused, NameTaken: the project cannot have that name.
        StorageFull, HomeUnusable: it cannot be written.
    """
    if name:
        name = projects.checked_name(store, name)
    progress(t("Opening the zip"), 0.0)
    with project_zip.opened(source, limits) as opened:
        archive = project_zip.read(opened)
        contents = project_json.read(archive.read(project_json.FILE, project_json.FILE_BYTES), limits)
        _check_members(archive, contents)
        waits = t("Waiting until another project is unpacked")
        with staging.folder(store.home, lambda: progress(waits, 0.0)) as folder:
            staged = _Staged(folder)
            _stage_images(archive, contents, staged, limits, progress)
            contents = _as_stored(contents, staged)
            sizes = {sha256: measured.size_bytes for sha256, measured in staged.measured.items()}
            if refusal := quotas.refusal(store, sizes, limits):
                raise ArchiveRefused(refusal)
            progress(t("Checking iterations"), 0.95)
            for iteration in contents.iterations:
                _stage_arrays(archive, iteration, staged)
            for fingerprint in sorted({iteration.fingerprint for iteration in contents.iterations}):
                if network := network_files.read(archive, fingerprint):
                    staged.networks.append(network)
            project = _store(store, contents, staged, name)
    store.jobs.embed_soon(project.id)
    return project


def _check_members(archive: ProjectZip, contents: Contents) -> None:
    originals = {packing.original_member(image.sha256) for image in contents.images if not image.is_erased}
    arrays = {packing.arrays_member(iteration.number) for iteration in contents.iterations}
    networks = {member for iteration in contents.iterations for member in network_files.members(iteration.fingerprint)}
    analyses = analysis_files.allowed(archive, {iteration.number for iteration in contents.iterations})
    archive.check_members(needed={project_json.FILE, *originals, *arrays}, allowed=networks | analyses)


def _stage_images(archive: ProjectZip, contents: Contents, staged: _Staged, limits: Limits, progress: Progress) -> None:
    def stage(sha256: str) -> tuple[str, str, Measured, tuple[FileOrigin, Float32s]]:
        member = packing.original_member(sha256)
        data = archive.read(member, limits.image_bytes)
        if blobs.sha256(data) != sha256:
            raise ArchiveRefused(
                t(
                    "a project zip must be unchanged, {member} is another image: copy or download it again",
                    member=member,
                )
            )
        # As an upload, which in a class loses the place where it was taken.
        stored = imaging.fitted(data, limits, shrinks=False).data
        digest, image = blobs.sha256(stored), imaging.read(stored, limits)
        blobs.write(blobs.original_path(staged.folder, digest), stored)
        blobs.write(blobs.thumbnail_path(staged.folder, digest), image.thumbnail, durable=False)
        origin = imaging.origin(data)
        read = FileOrigin(origin.file_type, origin.camera or told[sha256].camera, origin.day or told[sha256].day)
        return sha256, digest, Measured(image.width, image.height, len(stored), image.signature), (read, image.measures)

    told = {image.sha256: image.facts for image in contents.images if not image.is_erased}
    digests = list(told)
    # One image is decoded while the disk writes another.
    pool = ThreadPoolExecutor(2)
    try:
        for done, (sha256, digest, measured, read) in enumerate(pool.map(carried(stage), digests)):
            progress(t("Checking images"), 0.95 * done / len(digests))
            staged.digests[sha256], staged.measured[digest], staged.files[digest] = digest, measured, read
    finally:
        pool.shutdown(cancel_futures=True)


def _as_stored(contents: Contents, staged: _Staged) -> Contents:
    """The contents with the digests of the images as they are stored.

    Of images that become the same without their places one stays: of the workspace and with tags, if there is one. The
    others are erased, so that iterations keep their numbers.
    """
    originals: dict[str, str] = {}
    for image in sorted(contents.images, key=lambda each: (each.is_erased, not each.in_workspace, not each.tags)):
        originals.setdefault(staged.digests.get(image.sha256, image.sha256), image.sha256)

    def as_stored(image: ImageContents) -> ImageContents:
        digest = staged.digests.get(image.sha256, image.sha256)
        if image.sha256 == originals[digest]:
            return replace(image, sha256=digest)
        # Digests stay unique: the image that came without a place takes that of the one that is stored in its stead.
        free = originals[digest] if image.sha256 == digest else image.sha256
        return replace(image, sha256=free, in_workspace=False, is_erased=True)

    return replace(contents, images=tuple(map(as_stored, contents.images)))


def _stage_arrays(archive: ProjectZip, iteration: IterationContents, staged: _Staged) -> None:
    member = packing.arrays_member(iteration.number)
    data = archive.read(member, ARRAYS_BYTES)
    rows, columns = len(iteration.images), iteration.columns
    arrays = npz_reader.read(
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
    probabilities = arrays["probabilities"].astype(np.float64)
    is_valid = np.isnan(probabilities) | ((probabilities >= 0) & (probabilities <= 1))
    is_multilabel = iteration.classification_type == MULTILABEL
    if not (is_valid.all() and np.isfinite(arrays["kernel"]).all() and bool(arrays["multilabel"]) == is_multilabel):
        raise ArchiveRefused(
            t(
                "a project zip's {member} must match the project, its numbers do not: copy or download it again",
                member=member,
            )
        )
    folder = _iteration_folder(staged.folder, iteration.number)
    blobs.write(folder / evaluation.ARRAYS, data)
    for name, result in analysis_files.read(archive, iteration):
        blobs.write(folder / name, result)


def _store(store: Store, contents: Contents, staged: _Staged, name: str) -> Project:
    """Store rows and files in one transaction; if that fails, the files are deleted."""
    written: list[Path] = []
    try:
        with store.transaction():
            project = projects.create(
                store,
                name or projects.free_name(store, contents.name),
                description=contents.description,
                classification_type=contents.classification_type,
                domain=contents.domain_id,
                settings=contents.settings,
            )
            ids = store.whole_projects.add(project, contents, staged.measured)
            _check_tags(store, project, contents)
            image_facts.keep(store, staged.files)
            for sha256 in staged.measured:
                blobs.place(blobs.original_path(staged.folder, sha256), blobs.original_path(store.home, sha256))
                blobs.place(blobs.thumbnail_path(staged.folder, sha256), blobs.thumbnail_path(store.home, sha256))
            for number, iteration_id in ids.items():
                folder = blobs.iteration_folder(store.home, iteration_id)
                written.append(folder)
                for path in _iteration_folder(staged.folder, number).iterdir():
                    blobs.place(path, folder / path.name)
            for network in staged.networks:
                written += network_files.keep(store, network)
    except BaseException:
        for path in written:
            blobs.delete(path)
        uploads.forget(store, staged.measured)
        raise
    return project


def _check_tags(store: Store, project: Project, contents: Contents) -> None:
    """Refuse a zip with an image whose tags the project's type does not allow together."""
    by_name = {tag.name: tag.id for tag in store.tags.of_project(project.id)}
    ids = {tag.key: by_name[tag.name] for tag in contents.tags}
    try:
        for tag_ids in {tuple(ids[key] for key in image.tags) for image in contents.images}:
            tagging.check(store, project, tag_ids)
    except TagsRefused as refusal:
        raise ArchiveRefused(
            t("a project zip must follow the rules of its project type: {reason}", reason=refusal)
        ) from refusal


def _iteration_folder(folder: Path, number: int) -> Path:
    return folder / "iterations" / str(number)
