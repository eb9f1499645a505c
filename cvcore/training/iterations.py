"""Find, rename and delete iterations."""

from __future__ import annotations

from cvcore import finetuning, names
from cvcore.errors import InTraining, IterationNotFound, Published
from cvcore.files import blobs
from cvcore.languages import t
from cvcore.networks import keras_backbones
from cvcore.projects import uploads
from cvcore.records import Iteration, Project
from cvcore.store import Store


def find_iteration(store: Store, project: Project, number: int | None = None) -> Iteration:
    """The project's iteration with this number, by default the newest trained one.

    Raises:
        IterationNotFound: it does not exist; the message lists those that do.
    """
    iterations = store.iterations.of_project(project.id)
    for iteration in iterations:
        if iteration.number == number or (number is None and iteration.status == "Completed"):
            return iteration
    if number is None:
        raise IterationNotFound(t("{project!r} has no trained iteration yet: train it first", project=project.name))
    numbers = ", ".join(str(iteration.number) for iteration in iterations) or "none yet"
    raise IterationNotFound(
        t(
            "{project!r} has no iteration {number}: there are {numbers}",
            project=project.name,
            number=number,
            numbers=numbers,
        )
    )


ITERATION_LETTERS = 128


def rename_iteration(store: Store, iteration: Iteration, name: str) -> None:
    """Rename an iteration.

    Raises:
        InvalidInput, NameTaken: the name breaks its rule or is another iteration's.
    """
    store.iterations.rename(iteration, names.clean("iteration", name, letters=ITERATION_LETTERS))


def delete_iteration(store: Store, iteration: Iteration) -> None:
    """Delete an iteration, and the images that nothing else uses any more.

    Raises:
        InTraining, Published: it is being trained, or published under a name.
        NotFound: it was deleted already.
    """
    folder = blobs.iteration_folder(store.home, iteration.id)
    networks = blobs.backbones_folder(store.home)
    with store.transaction():
        job = store.jobs.latest(iteration.project_id, "train")
        if job and job.iteration_id == iteration.id and job.is_active:
            raise InTraining(t("an iteration in training cannot be deleted: cancel the training instead"))
        if publications := store.publications.of_iteration(iteration.id):
            raise Published(
                t(
                    "{iteration} is published as {name!r}: unpublish it before deleting it",
                    iteration=iteration.name,
                    name=publications[0].name,
                )
            )
        uploads.forget(store, store.iterations.delete(iteration.id))
        store.after_commit(lambda: blobs.delete(folder))
        store.after_commit(lambda: finetuning.forget(store, iteration.id))
        if iteration.fingerprint and not store.iterations.count_using(iteration.fingerprint):
            store.trainings.forget_tuned_on(iteration.fingerprint)
            store.after_commit(lambda: keras_backbones.delete_tuned(iteration.fingerprint, networks))
