"""Starts the trainings of versions: at once, or when the images of the manifests that they were given are there."""

from __future__ import annotations

from dataclasses import replace

from cvcore import training
from cvcore.errors import InTraining, TagwiseError
from cvcore.records import HOLD_OUT, TEST_SET, EvaluationMethod, Project
from cvcore.store import FOR_TESTING, Store, Version

# In `Version.details`: the purposes of the datasets that a training waits for.
WAITS = "waits"


def method(store: Store, project: Project) -> EvaluationMethod:
    """How a version is evaluated: on the images for testing, on 20 % of all images if there are none."""
    return TEST_SET if store.images.count(project.id, FOR_TESTING) else HOLD_OUT


def start_waiting(store: Store, project_id: str) -> None:
    """Start a project's trainings that waited for datasets which are complete now; without them, they fail."""
    for version in store.rekognition_versions.of_project(project_id):
        if version.details.get(WAITS):
            with store.transaction():
                _start(store, project_id, version)


def _start(store: Store, project_id: str, version: Version) -> None:
    current = store.rekognition_versions.find(version.iteration_id)
    if not current or not current.details.get(WAITS):
        return  # another thread was faster
    datasets = [store.rekognition_datasets.find(project_id, purpose) for purpose in current.details[WAITS]]
    if any(dataset and dataset.is_in_progress for dataset in datasets):
        return
    broken = [dataset for dataset in datasets if not dataset or dataset.status.endswith("FAILED")]
    try:
        if broken:
            problem = broken[0].message if broken[0] else "Its images were deleted before the training began."
            store.iterations.fail(current.iteration_id, problem)
        else:
            project = store.projects.get(project_id)
            how = method(store, project)
            training.start(store, project, force=True, evaluation=how, iteration_id=current.iteration_id)
    except InTraining:
        return  # it is the next one
    except TagwiseError as error:
        store.iterations.fail(current.iteration_id, str(error))
    details = {key: value for key, value in current.details.items() if key != WAITS}
    store.rekognition_versions.put(replace(current, details=details))
