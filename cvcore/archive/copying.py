"""Copies a project, including its trained iterations."""

from __future__ import annotations

from pathlib import Path

from cvcore import evaluation
from cvcore.archive import analysis_files
from cvcore.files import blobs, lending
from cvcore.projects import create, free_name, uploads
from cvcore.records import Project
from cvcore.store import Store


def copy(store: Store, source: Project, name: str = "", *, into: Store | None = None) -> Project:
    """Copy a project, including its trained iterations; without a name the copy gets a free one.

    `into` is the store of another home folder on the same disk: images and networks are linked there, not stored twice.

    Raises:
        NameRefused, NameTaken: the copy cannot have that name.
        NotFound: a file of an iteration is missing.
        StorageFull, HomeUnusable: files cannot be written.
    """
    target = into or store
    contents, measured = store.whole_projects.read(source), store.whole_projects.measured(source.id)
    if target is not store:
        _lend(store, target, sorted({image.sha256 for image in contents.images if not image.is_erased}))
    written: list[Path] = []
    try:
        with target.transaction():
            project = create(
                target,
                name or free_name(target, source.name),
                description=source.description,
                classification_type=source.classification_type,
                domain=source.domain_id,
                settings=source.settings,
            )
            ids = target.whole_projects.add(project, contents, measured)
            for iteration in store.iterations.trained(source.id):
                if iteration.number not in ids:
                    continue
                folder = blobs.iteration_folder(target.home, ids[iteration.number])
                written.append(folder)
                arrays = blobs.read(blobs.iteration_folder(store.home, iteration.id) / evaluation.ARRAYS)
                blobs.write(folder / evaluation.ARRAYS, arrays)
                analysis_files.copy(store, iteration, folder)
    except BaseException:
        for folder in written:
            blobs.delete(folder)
        uploads.forget(target, measured)
        raise
    return project


def _lend(store: Store, target: Store, digests: list[str]) -> None:
    lending.images(store.home, target.home, digests)
    lending.networks(store.home, target.home)
    store.embeddings.copy(digests, target.embeddings)
