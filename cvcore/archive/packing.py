"""Packs a whole project as one zip: for a class, for another machine, or as a backup.

::

    tagwise.json                    the kind and version of the zip; SHA-256 and size of every other file
    project.json                    the project's rows of the database, see `cvcore.store.project_contents`
    originals/SHA-256               the images as they were uploaded
    iterations/NUMBER/arrays.npz    each trained iteration's arrays
    iterations/NUMBER/…             what analyses found, see `analysis_files`
    networks/FINGERPRINT.tflite     the networks that the iterations use, and their records in JSON

It contains no keys, predictions or running trainings.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from cvcore import __version__, evaluation
from cvcore.archive import analysis_files, network_files, project_json
from cvcore.archive.project_zip import KIND, MANIFEST, OLDEST_VERSION, VERSION
from cvcore.errors import ModelDamaged, NotFound
from cvcore.files import blobs, zip_writer
from cvcore.languages import t
from cvcore.progress import Progress, silent
from cvcore.records import Project
from cvcore.store import Store

Files = dict[str, tuple[str, int]]


@dataclass(frozen=True)
class Packed:
    """A zip that was written."""

    path: Path
    images: int
    iterations: int
    size_bytes: int


def pack(store: Store, project: Project, path: Path, progress: Progress = silent) -> Packed:
    """Write a project, as it is at this moment, as a zip; files are copied piece by piece.

    Raises:
        InvalidInput, StorageFull: the zip cannot be written; nothing is left behind.
        NotFound: the project or one of its images was deleted meanwhile, or a file is missing.
        ModelDamaged: a stored file was changed.
    """
    contents = store.whole_projects.read(store.projects.get(project.id))
    trained = {iteration.number: iteration for iteration in store.iterations.trained(project.id)}
    version = OLDEST_VERSION
    files: Files = {}
    with zip_writer.create(path) as archive:
        files[project_json.FILE] = zip_writer.add_text(archive, project_json.FILE, project_json.as_json(contents))
        for done, image in enumerate(contents.images):
            progress(t("Packing images"), done / (len(contents.images) + 1))
            if image.is_erased:
                continue
            original = blobs.original_path(store.home, image.sha256)
            _add(archive, files, original_member(image.sha256), original, image.sha256)
        for iteration in contents.iterations:
            if iteration.number not in trained:
                raise NotFound(t("{iteration} was deleted just now: pack the project again", iteration=iteration.name))
            arrays = blobs.iteration_folder(store.home, trained[iteration.number].id) / evaluation.ARRAYS
            _add(archive, files, arrays_member(iteration.number), arrays)
            if analysis_files.add(archive, files, store, trained[iteration.number]):
                version = VERSION
        for fingerprint in sorted({iteration.fingerprint for iteration in contents.iterations}):
            network_files.add(archive, files, store, fingerprint)
        manifest = {"kind": KIND, "version": version, "made_by": __version__, "files": _as_json(files)}
        zip_writer.add_text(archive, MANIFEST, json.dumps(manifest, indent=1))
    return Packed(path, len(contents.images), len(contents.iterations), path.stat().st_size)


def original_member(sha256: str) -> str:
    """The member name of an image."""
    return f"originals/{sha256}"


def arrays_member(number: int) -> str:
    """The member name of an iteration's arrays."""
    return f"iterations/{number}/{evaluation.ARRAYS}"


def _add(archive: zipfile.ZipFile, files: Files, member: str, source: Path, sha256: str = "") -> None:
    files[member] = zip_writer.add_file(archive, member, source)
    if sha256 and files[member][0] != sha256:
        raise ModelDamaged(t("the file of the image {image} is damaged: restore it from a backup", image=source.name))


def _as_json(files: Files) -> dict[str, dict[str, str | int]]:
    return {member: {"sha256": sha256, "size_bytes": size} for member, (sha256, size) in files.items()}
