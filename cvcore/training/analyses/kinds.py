"""Every kind of analysis, and how one is asked for and made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cvcore import analyses, image_maps, learning_curves, next_steps, robustness
from cvcore.analyses import KeptFile
from cvcore.errors import NotTrained
from cvcore.languages import t
from cvcore.networks.keras_backend import Device
from cvcore.progress import Progress, Stopped, silent
from cvcore.records import Iteration, Job, JobKind
from cvcore.store import Store
from cvcore.training.analyses import image_map, learning_curve
from cvcore.training.analyses import next_steps as steps
from cvcore.training.analyses import robustness as changed_images


@dataclass(frozen=True)
class Analysis:
    """A kind of analysis: what people call it, its file, and the function that makes it.

    `make` gets a trained iteration and returns what the file holds. It reports its progress, which raises Stopped when
    the job is cancelled or a training waits; what it raises otherwise ends the job, with the message as its reason.
    """

    noun: str
    file: KeptFile[Any]
    make: Callable[[Store, Iteration, Progress, Device], Any]


ANALYSES: Mapping[JobKind, Analysis] = MappingProxyType(
    {
        "learning-curve": Analysis("learning curve", learning_curves.FILE, learning_curve.measure),
        "map": Analysis("map", image_maps.FILE, image_map.make),
        "next-steps": Analysis("list of next steps", next_steps.FILE, steps.find),
        "robustness": Analysis("measurement of the robustness", robustness.FILE, changed_images.measure),
    }
)


def request(store: Store, iteration: Iteration, kind: JobKind) -> Job:
    """Queue an analysis for the worker, unless it is queued or running; trainings run first.

    Raises:
        NotTrained: the iteration is not trained.
    """
    if iteration.status != "Completed":
        noun = ANALYSES[kind].noun
        raise NotTrained(
            t("a {noun} needs a trained iteration, {iteration!r} is not: train it", noun=noun, iteration=iteration.name)
        )
    with store.transaction():
        latest = store.jobs.latest(iteration.project_id, kind, iteration.id)
        if latest and latest.is_active and not latest.cancel_requested:
            return latest
        return store.jobs.add(kind, iteration.project_id, iteration.id)


def made(store: Store, iteration: Iteration, kind: JobKind, progress: Progress = silent, device: Device = "cpu") -> Any:
    """The iteration's result of an analysis; made and kept if there is none.

    Raises:
        NotTrained: the iteration is not trained.
        IterationNotFound: it was deleted meanwhile.
        Stopped: `progress` asked to stop.
        TagwiseError: it cannot be made; the message says why.
    """
    analysis = ANALYSES[kind]
    result = analyses.load(store, iteration, analysis.file)
    if result is None:
        try:
            result = analysis.make(store, iteration, progress, device)
        except Stopped:
            raise
        except Exception:
            # Of a deleted iteration anything can be missing: that it was deleted is the reason.
            store.iterations.get(iteration.id)
            raise
        with store.transaction():
            store.iterations.get(iteration.id)
            analyses.save(store, iteration, analysis.file, result)
    return result


def run(store: Store, job: Job, progress: Progress, device: Device = "cpu") -> None:
    """Do a job of one of these kinds; the errors are those of `made`."""
    if job.iteration_id:
        made(store, store.iterations.get(job.iteration_id), job.kind, progress, device)
