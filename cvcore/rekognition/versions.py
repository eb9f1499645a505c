"""Versions of a project: its iterations, as Rekognition's clients train, start, stop and delete them.

Iterations that were trained elsewhere are versions, too. A version's files are written before anybody is told that its
training has ended, so nothing is missing after a crash.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cvcore import evaluation, training
from cvcore.buckets import folders
from cvcore.errors import Conflict, InvalidInput, NameTaken, TagwiseError
from cvcore.projects import naming
from cvcore.records import HOLD_OUT, TEST_SET, EvaluationMethod, Iteration, Project
from cvcore.rekognition import arns, output_files
from cvcore.settings import Settings
from cvcore.store import FOR_TESTING, Store, Version
from cvcore.wording import none_for_nan

# Where the files of versions are that were not trained by a client of Rekognition.
OUTPUT = "tagwise-output"

# What `Version.details` has: the manifests that the training was given, whether the output files are there, and why
# they cannot be written.
INPUT, WRITTEN, PROBLEM = "input", "written", "problem"

_writing = threading.Lock()


@dataclass(frozen=True)
class NewVersion:
    """What a client says of a version that it makes; `bucket` and `prefix` are where its files shall be."""

    name: str
    bucket: str
    prefix: str = ""
    description: str = ""
    kms_key_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Described:
    """A version, its iteration, its state in Rekognition's word and in a sentence, and its F1 score, if it has one."""

    version: Version
    iteration: Iteration
    status: str
    message: str
    f1: float | None = None

    @property
    def has_files(self) -> bool:
        """Whether its output files are there."""
        return bool(self.version.details.get(WRITTEN))


def create(store: Store, settings: Settings, project: Project, new: NewVersion, *, region: str) -> Version:
    """Start the training of a project's images: evaluated on its images for testing, or on 20 % of all if it has none.

    Raises:
        InvalidInput: the output bucket's name breaks its rule.
        BucketNotFound: there is no such bucket.
        NameTaken: another version has that name.
        InTraining: a training of this project is queued or running already.
        NotTrainable: the message says what is missing.
    """
    check_bucket(settings, new.bucket)
    with store.transaction():
        check_name(store, project, new.name, region=region)
        job = training.start(store, project, force=True, evaluation=_method(store, project))
        return add(store, project, store.iterations.get(job.iteration_id or ""), new, region=region)


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


def check_bucket(settings: Settings, bucket: str) -> None:
    """Check that output files can be written into a bucket; one that an S3 service elsewhere has is not asked for.

    Raises:
        InvalidInput, BucketNotFound: they cannot.
    """
    if not settings.s3_endpoint:
        folders.get(settings.home, bucket)


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


def described(
    store: Store,
    settings: Settings,
    project: Project,
    *,
    region: str,
    names: Sequence[str] = (),
    after: int | None = None,
    take: int,
) -> tuple[list[Described], int | None]:
    """A page of the project's versions, or of those with these names, the newest first; and where the next one begins.

    `after` is where this page begins, None for the first. The files of trained versions are written.
    """
    found = [
        (iteration, version)
        for iteration, version in of_project(store, project, region=region)
        if (not names or version.name in names) and (after is None or iteration.number < after)
    ]
    page = [_described(store, settings, project, *each) for each in found[:take]]
    return page, found[take - 1][0].number if len(found) > take else None


def is_training(store: Store, project: Project, names: Sequence[str]) -> bool:
    """Whether one of a project's versions with these names is being trained."""
    known = store.rekognition_versions.of_project(project.id)
    return any(store.iterations.is_training(version.iteration_id) for version in known if version.name in names)


def start(store: Store, arn: str, *, region: str, min_units: int, max_units: int | None = None) -> None:
    """Make a trained version ready to detect.

    Raises:
        InvalidInput, NotFound: as `find`; or its training failed, or it has fewer units at most than at least.
        Conflict: it is being trained, or runs already.
    """
    if max_units is not None and max_units < min_units:
        raise InvalidInput(f"MaxInferenceUnits must be at least MinInferenceUnits, got {max_units} and {min_units}")
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


def _method(store: Store, project: Project) -> EvaluationMethod:
    return TEST_SET if store.images.count(project.id, FOR_TESTING) else HOLD_OUT


def _described(store: Store, settings: Settings, project: Project, iteration: Iteration, version: Version) -> Described:
    if iteration.status == "Training":
        return Described(version, iteration, "TRAINING_IN_PROGRESS", "The model is being trained.")
    if iteration.status == "Failed":
        return Described(version, iteration, "TRAINING_FAILED", iteration.error)
    version = _with_files(store, settings, project, iteration, version)
    status, message = _state(version)
    problem = str(version.details.get(PROBLEM, ""))
    return Described(version, iteration, status, f"{message} {problem}".rstrip(), _f1(store, iteration))


def _f1(store: Store, iteration: Iteration) -> float | None:
    """The F1 score, None if there is none or its file is damaged."""
    try:
        return none_for_nan(evaluation.overview(store, iteration).rekognition.overall_f1)
    except TagwiseError:
        return None


def _state(version: Version) -> tuple[str, str]:
    if version.state == "RUNNING":
        return "RUNNING", "The model is running."
    if version.min_units is not None:
        return "STOPPED", "The model is stopped and can be started again."
    if version.source_arn:
        return "COPYING_COMPLETED", "The model was copied and is ready to run."
    return "TRAINING_COMPLETED", "The model is ready to run."


def _with_files(store: Store, settings: Settings, project: Project, iteration: Iteration, version: Version) -> Version:
    """The version, after its output files were written if they were not, or with the reason why they cannot be."""
    if version.details.get(WRITTEN):
        return version
    # Clients that wait for the same version ask at the same time.
    with _writing:
        version = store.rekognition_versions.find(version.iteration_id) or version
        if version.details.get(WRITTEN):
            return version
        details = {key: value for key, value in version.details.items() if key != PROBLEM}
        try:
            if version.output_bucket == OUTPUT:
                folders.create(settings.home, OUTPUT)
            output_files.write(store, settings, project, iteration, version)
            details[WRITTEN] = True
        except TagwiseError as error:
            details[PROBLEM] = f"Its output files cannot be written: {error}"
        with store.transaction():
            # It may have been started, or deleted, meanwhile.
            if latest := store.rekognition_versions.find(version.iteration_id):
                version = replace(latest, details=details)
                store.rekognition_versions.put(version)
        return version
