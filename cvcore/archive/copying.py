"""Copies a project, including its trained iterations."""

from __future__ import annotations

from pathlib import Path

from cvcore import evaluation
from cvcore.archive import analysis_files
from cvcore.files import blobs
from cvcore.projects import create, free_name
from cvcore.records import Project
from cvcore.store import Store


def copy(store: Store, source: Project, name: str = "") -> Project:
    """Copy a project, including its trained iterations; without a name the copy gets a free one.

    Raises:
        NameRefused, NameTaken: the copy cannot have that name.
        NotFound: a file of an iteration is missing.
        StorageFull, HomeUnusable: an iteration's arrays cannot be written.
    """
    written: list[Path] = []
    try:
        with store.transaction():
            project = create(
                store,
                name or free_name(store, source.name),
                description=source.description,
                classification_type=source.classification_type,
                domain=source.domain_id,
                settings=source.settings,
            )
            ids = store.whole_projects.add(
                project, store.whole_projects.read(source), store.whole_projects.measured(source.id)
            )
            for iteration in store.iterations.trained(source.id):
                folder = blobs.iteration_folder(store.home, ids[iteration.number])
                written.append(folder)
                arrays = blobs.read(blobs.iteration_folder(store.home, iteration.id) / evaluation.ARRAYS)
                blobs.write(folder / evaluation.ARRAYS, arrays)
                analysis_files.copy(store, iteration, folder)
    except BaseException:
        for folder in written:
            blobs.delete(folder)
        raise
    return project
