"""Starts the training of a version: of the images that a project has, or of those in manifests."""

from __future__ import annotations

from dataclasses import dataclass

from cvcore import training
from cvcore.errors import InTraining, InvalidInput
from cvcore.records import Project
from cvcore.rekognition import datasets, waiting_trainings
from cvcore.rekognition.datasets import Manifest, ManifestText
from cvcore.rekognition.versions import lifecycle
from cvcore.rekognition.versions.lifecycle import NewVersion
from cvcore.settings import Settings
from cvcore.store import Purpose, Store, Version

# In `Version.details`: the manifests that a training was given, and the ARNs of the datasets made of them.
INPUT, DATASETS = "input", "datasets"


@dataclass(frozen=True)
class Given:
    """The manifests that a training is given; without one to test with, 20 % of the images are set aside."""

    training: Manifest
    testing: Manifest | None = None


def create(
    store: Store, settings: Settings, project: Project, new: NewVersion, *, region: str, given: Given | None = None
) -> Version:
    """Start the training of a project's images: evaluated on its images for testing, or on 20 % of all if it has none.

    If manifests are `given`, their images come first, in the background.

    Raises:
        InvalidInput: a bucket's name breaks its rule; manifests are given, but the project has images of its own.
        BucketNotFound, ObjectNotFound: there is no such bucket or manifest.
        NameTaken: another version has that name.
        InTraining: a training of this project is queued or running already.
        NotTrainable: the message says what is missing.
        Conflict: the project's datasets are being created or updated.
    """
    lifecycle.check_output(store, settings, project, new, region=region)
    if given:
        return _create_with(store, settings, project, new, given, region=region)
    with store.transaction():
        lifecycle.check_name(store, project, new.name, region=region)
        for dataset in datasets.of_project(store, project, region):
            datasets.check_idle(store, dataset)
        job = training.start(store, project, force=True, evaluation=waiting_trainings.method(store, project))
        return lifecycle.add(store, project, store.iterations.get(job.iteration_id or ""), new, region=region)


def _create_with(
    store: Store, settings: Settings, project: Project, new: NewVersion, given: Given, *, region: str
) -> Version:
    """Store a version that is trained when its images are there, and begin to read its manifests."""
    sources: dict[Purpose, ManifestText] = {"TRAIN": datasets.read(settings, given.training)}
    if given.testing:
        sources["TEST"] = datasets.read(settings, given.testing)
    with store.transaction():
        lifecycle.check_name(store, project, new.name, region=region)
        if any(iteration.status == "Training" for iteration in store.iterations.of_project(project.id)):
            raise InTraining("one training at a time: a version of this project is in training, wait for its end")
        _make_room(store, project, region=region)
        made = [
            datasets.create(store, settings, project, purpose, source=source, region=region)
            for purpose, source in sources.items()
        ]
        details = {
            INPUT: {
                "training": _places(given.training),
                "testing": _places(given.testing) if given.testing else [],
            },
            DATASETS: [dataset.arn for dataset in made],
            waiting_trainings.WAITS: list(sources),
        }
        iteration = store.iterations.add(project, "", [], [])
        version = lifecycle.add(store, project, iteration, new, region=region, details=details)
    waiting_trainings.start_waiting(store, project.id)
    return version


def _make_room(store: Store, project: Project, *, region: str) -> None:
    """Delete the images that came with the manifests of an earlier training.

    Raises:
        InvalidInput: the project has others.
        Conflict: they are still coming.
    """
    earlier = store.rekognition_versions.of_project(project.id)
    made = {arn for version in earlier for arn in version.details.get(DATASETS, ())}
    for dataset in datasets.of_project(store, project, region):
        if dataset.arn not in made:
            raise InvalidInput(
                "TrainingData is for a project without datasets, this one has images already: leave TrainingData and "
                "TestingData out to train with them"
            )
        datasets.delete(store, project, dataset)


def _places(manifest: Manifest) -> list[dict[str, str]]:
    return [{"Bucket": manifest.bucket, "Name": manifest.key}]
