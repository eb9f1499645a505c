"""A whole project as one zip: to hand to a class, to move to another machine, to keep.

::

    tagwise.json                    what this is, and of every other file the SHA-256 and the size
    project.json                    all that the database knows of it, see `cvcore.archive.project_json`
    originals/SHA-256               its pictures as they were uploaded
    iterations/NUMBER/arrays.npz    what came of each training
    networks/FINGERPRINT.tflite     the networks that its iterations look through, and their records in JSON

Keys are not in it, nor what its iterations were asked, nor trainings under way.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from cvcore import __version__, evaluation
from cvcore.archive import network_files, project_json
from cvcore.errors import ModelDamaged, NotFound
from cvcore.files import blobs, zip_writer
from cvcore.progress import Progress, silent
from cvcore.records import Project
from cvcore.store import Store

MANIFEST, KIND, VERSION = "tagwise.json", "Tagwise project", 1

Files = dict[str, tuple[str, int]]


@dataclass(frozen=True)
class Packed:
    """What was written."""

    path: Path
    images: int
    iterations: int
    size_bytes: int


def pack(store: Store, project: Project, path: Path, progress: Progress = silent) -> Packed:
    """Write a project as a zip, as it is at this moment; memory holds one piece at a time.

    Raises:
        InvalidInput, StorageFull: the file cannot be written; nothing is left behind.
        NotFound: the project or a picture of it was deleted meanwhile, or a file is missing.
        ModelDamaged: a stored file is not what it was.
    """
    whole = store.whole_projects.read(store.projects.get(project.id))
    ids = {each.number: each.id for each in store.iterations.trained(project.id)}
    files: Files = {}
    with zip_writer.create(path) as archive:
        files[project_json.FILE] = zip_writer.add_text(archive, project_json.FILE, project_json.as_json(whole))
        for done, image in enumerate(whole.images):
            progress("Packing pictures", done / (len(whole.images) + 1))
            if image.is_erased:
                continue
            original = blobs.original_path(store.home, image.sha256)
            _add(archive, files, original_member(image.sha256), original, image.sha256)
        for iteration in whole.iterations:
            if iteration.number not in ids:
                raise NotFound(f"{iteration.name} was deleted just now: pack the project again")
            arrays = blobs.iteration_folder(store.home, ids[iteration.number]) / evaluation.ARRAYS
            _add(archive, files, arrays_member(iteration.number), arrays)
        for fingerprint in sorted({each.fingerprint for each in whole.iterations}):
            network_files.add(archive, files, store, fingerprint)
        told = {"kind": KIND, "version": VERSION, "made_by": __version__, "files": _as_json(files)}
        zip_writer.add_text(archive, MANIFEST, json.dumps(told, indent=1))
    return Packed(path, len(whole.images), len(whole.iterations), path.stat().st_size)


def original_member(sha256: str) -> str:
    """Where a picture lies in the zip."""
    return f"originals/{sha256}"


def arrays_member(number: int) -> str:
    """Where an iteration's arrays lie in the zip."""
    return f"iterations/{number}/{evaluation.ARRAYS}"


def _add(archive: zipfile.ZipFile, files: Files, member: str, source: Path, sha256: str = "") -> None:
    files[member] = zip_writer.add_file(archive, member, source)
    if sha256 and files[member][0] != sha256:
        raise ModelDamaged(f"the picture {source.name} must be as it was uploaded, it is damaged: restore a backup")


def _as_json(files: Files) -> dict[str, dict[str, str | int]]:
    return {member: {"sha256": sha256, "size_bytes": size} for member, (sha256, size) in files.items()}
