"""Describes versions. Their files are written before anybody is told that their training has ended.

So nothing is missing after a crash, and what could not be written is written when it is asked for again.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cvcore import evaluation
from cvcore.buckets import folders
from cvcore.errors import TagwiseError
from cvcore.records import Iteration, Project
from cvcore.rekognition.versions import lifecycle, output_files
from cvcore.rekognition.waiting_trainings import WAITS
from cvcore.settings import Settings
from cvcore.store import Store, Version
from cvcore.wording import none_for_nan

# In `Version.details`: whether the output files are there, and why they cannot be written.
WRITTEN, PROBLEM = "written", "problem"

_writing = threading.Lock()


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
    lifecycle.go_on(store, settings, project, store.rekognition_versions.of_project(project.id))
    found = [
        (iteration, version)
        for iteration, version in lifecycle.of_project(store, project, region=region)
        if (not names or version.name in names) and (after is None or iteration.number < after)
    ]
    page = [_described(store, settings, project, *each) for each in found[:take]]
    return page, found[take - 1][0].number if len(found) > take else None


def _described(store: Store, settings: Settings, project: Project, iteration: Iteration, version: Version) -> Described:
    if iteration.status == "Training":
        is_waiting = bool(version.details.get(WAITS))
        message = "The images are being read." if is_waiting else "The model is being trained."
        return Described(version, iteration, "TRAINING_IN_PROGRESS", message)
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
            if version.output_bucket == lifecycle.OUTPUT:
                folders.create(settings.home, lifecycle.OUTPUT)
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
