"""Versions of a project: its iterations, as Rekognition's clients name, start, stop and delete them.

Iterations that were trained elsewhere are versions, too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cvcore import prediction, training
from cvcore.buckets import addresses, folders
from cvcore.errors import Conflict, InTraining, InvalidInput, NameTaken
from cvcore.projects import naming
from cvcore.records import Iteration, Project
from cvcore.rekognition import arns, background, waiting_trainings
from cvcore.rekognition.versions import output_files
from cvcore.settings import Settings
from cvcore.store import Store, Version

# Where the files of versions are that were not trained by a client of Rekognition.
OUTPUT = "tagwise-output"


@dataclass(frozen=True)
class NewVersion:
    """What a client says of a version that it makes; `bucket` and `prefix` are where its files shall be."""

    name: str
    bucket: str
    prefix: str = ""
    description: str = ""
    kms_key_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def add(
    store: Store,
    project: Project,
    iteration: Iteration,
    new: NewVersion,
    *,
    region: str,
    source_arn: str = "",
    details: Mapping[str, Any] | None = None,
) -> Version:
    """Store that an iteration is a version, and call it by the version's name; `source_arn` is of what it copies."""
    arn = arns.of_iteration(store, project, iteration, region, version_name=new.name)
    version = Version(
        iteration.id,
        arn,
        new.name,
        description=new.description,
        output_bucket=new.bucket,
        output_prefix=new.prefix,
        source_arn=source_arn,
        kms_key_id=new.kms_key_id,
        details=dict(details or {}),
    )
    store.rekognition_versions.put(version)
    store.rekognition_arns.put_tags(arn, new.tags)
    _rename(store, iteration, new.name)
    return version


def check_output(store: Store, settings: Settings, project: Project, new: NewVersion, *, region: str) -> None:
    """Check that output files can be written; a bucket that an S3 service elsewhere has is not asked for.

    Raises:
        InvalidInput: the bucket's name breaks its rule, or the files' keys would be too long.
        BucketNotFound: there is no such bucket.
    """
    if not settings.s3_endpoint:
        folders.get(settings.home, new.bucket)
    project_name = arns.of_project(store, project, region).split("/")[1]
    addresses.check_key(output_files.named(new.bucket, new.prefix, project_name, new.name).training_validation)


def check_name(store: Store, project: Project, name: str, *, region: str) -> None:
    """Check that no version of a project has that name.

    Raises:
        NameTaken: one has.
    """
    if any(name == version.name for _, version in of_project(store, project, region=region)):
        raise NameTaken("iteration", f"a version's name must be new, {name!r} is another version's: choose another")


def of_project(store: Store, project: Project, *, region: str) -> list[tuple[Iteration, Version]]:
    """A project's versions, the newest first; iterations that no client has seen become versions."""
    known = {version.iteration_id: version for version in store.rekognition_versions.of_project(project.id)}
    iterations = store.iterations.of_project(project.id)
    return [(each, known.get(each.id) or _seen(store, project, each, region=region)) for each in iterations]


def find(store: Store, arn: str, *, region: str) -> tuple[Project, Iteration, Version]:
    """The version that an ARN names, with its project and iteration.

    Raises:
        InvalidInput, NotFound: as `arns.version`.
    """
    project, iteration = arns.version(store, arn)
    version = store.rekognition_versions.find(iteration.id) or _seen(store, project, iteration, region=region)
    return project, iteration, version


def is_training(store: Store, settings: Settings, project: Project, names: Sequence[str]) -> bool:
    """Whether one of a project's versions with these names is being trained."""
    known = store.rekognition_versions.of_project(project.id)
    go_on(store, settings, project, known)
    return any(store.iterations.is_training(version.iteration_id) for version in known if version.name in names)


def go_on(store: Store, settings: Settings, project: Project, versions: Sequence[Version]) -> None:
    """Go on with trainings that wait for their images, if this was interrupted."""
    if any(version.details.get(waiting_trainings.WAITS) for version in versions):
        background.wake(store, settings)
        waiting_trainings.start_waiting(store, project.id)


def start(store: Store, arn: str, *, region: str, min_units: int, max_units: int | None = None) -> None:
    """Make a trained version ready to detect: its network is loaded.

    Raises:
        InvalidInput, NotFound: as `find`; or its training failed, or it has fewer units at most than at least.
        Conflict: it is being trained, or runs already.
        ModelDamaged: its network's file is missing or damaged.
    """
    if max_units is not None and max_units < min_units:
        raise InvalidInput(f"MaxInferenceUnits must be at least MinInferenceUnits, got {max_units} and {min_units}")
    iteration = find(store, arn, region=region)[1]
    if iteration.status == "Completed":
        prediction.extractor(store, iteration)
    with store.transaction():
        _, iteration, version = find(store, arn, region=region)
        if iteration.status == "Failed":
            raise InvalidInput(f"a version must be trained to be started, the training of {version.name} failed")
        if iteration.status == "Training":
            raise Conflict(f"a version must be trained to be started, {version.name} is in training: wait for its end")
        if version.state == "RUNNING":
            raise Conflict(f"{version.name} is running already: there is nothing to do")
        running = replace(version, state="RUNNING", min_units=min_units, max_units=max_units)
        store.rekognition_versions.put(running)


def stop(store: Store, arn: str, *, region: str) -> None:
    """Make a version detect no more.

    Raises:
        InvalidInput, NotFound: as `find`.
        Conflict: it is not running.
    """
    with store.transaction():
        version = find(store, arn, region=region)[2]
        if version.state != "RUNNING":
            raise Conflict(f"a version must be running to be stopped, {version.name} is not: there is nothing to do")
        store.rekognition_versions.put(replace(version, state="STOPPED"))


def delete(store: Store, arn: str, *, region: str) -> None:
    """Delete a version and its iteration; its output files stay.

    Raises:
        InvalidInput, NotFound: as `find`.
        Conflict: it is running, in training, or published to Custom Vision's clients.
    """
    with store.transaction():
        _, iteration, version = find(store, arn, region=region)
        if version.state == "RUNNING":
            raise Conflict(f"a version that runs cannot be deleted: stop {version.name} first")
        if iteration.status == "Training":
            raise InTraining(f"a version in training cannot be deleted: wait until {version.name} is trained")
        training.delete_iteration(store, iteration)


def _seen(store: Store, project: Project, iteration: Iteration, *, region: str) -> Version:
    """An iteration that was trained elsewhere, as a version from now on."""
    with store.transaction():
        if known := store.rekognition_versions.find(iteration.id):
            return known
        arn = arns.of_iteration(store, project, iteration, region)
        _, project_name, _, name, _ = arn.split("/")
        prefix = f"{project_name}/{name}"
        created_at = iteration.created_at
        version = Version(iteration.id, arn, name, output_bucket=OUTPUT, output_prefix=prefix, created_at=created_at)
        store.rekognition_versions.put(version)
        return version


def _rename(store: Store, iteration: Iteration, name: str) -> None:
    """Call an iteration by a name, or one like it if the name is too long or taken."""
    letters = training.ITERATION_LETTERS
    for variant in naming.variants(name[:letters], letters):
        with contextlib.suppress(NameTaken):
            training.rename_iteration(store, iteration, variant)
            return
