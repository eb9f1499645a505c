"""Copies a version into another project of this Tagwise."""

from __future__ import annotations

from cvcore import evaluation
from cvcore.errors import InvalidInput
from cvcore.files import blobs
from cvcore.records import Project
from cvcore.rekognition.versions import lifecycle
from cvcore.rekognition.versions.lifecycle import NewVersion
from cvcore.settings import Settings
from cvcore.store import Store, Version


def copy(
    store: Store,
    settings: Settings,
    source: Project,
    source_arn: str,
    destination: Project,
    new: NewVersion,
    *,
    region: str,
) -> Version:
    """Copy a trained version of `source` into a project, which may be the same.

    Its images are in the copy only, not in the project's workspace.

    Raises:
        InvalidInput, NotFound: as `lifecycle.find`; the version is another project's, or is not trained.
        BucketNotFound, NameTaken: as `creation.create`.
        StorageFull, HomeUnusable: its arrays cannot be written.
    """
    project, iteration, version = lifecycle.find(store, source_arn, region=region)
    if project.id != source.id:
        raise InvalidInput(f"the version to copy must be of the source project, {version.name} is of {project.name!r}")
    if iteration.status != "Completed":
        raise InvalidInput(f"a version must be trained to be copied, {version.name} is not: wait for its end")
    lifecycle.check_output(store, settings, destination, new, region=region)
    arrays = blobs.read(blobs.iteration_folder(store.home, iteration.id) / evaluation.ARRAYS)
    with store.transaction():
        lifecycle.check_name(store, destination, new.name, region=region)
        copy_id = store.rekognition_versions.copy_iteration(iteration.id, destination.id)
        folder = blobs.iteration_folder(store.home, copy_id)
        try:
            blobs.write(folder / evaluation.ARRAYS, arrays)
            copied = store.iterations.get(copy_id)
            return lifecycle.add(store, destination, copied, new, region=region, source_arn=version.arn)
        except BaseException:
            blobs.delete(folder)
            raise
