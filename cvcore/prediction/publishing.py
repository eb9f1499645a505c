"""Published names of a project's iterations, so that programs need not know which iteration is the newest."""

from __future__ import annotations

from cvcore import names
from cvcore.errors import IterationNotFound, NameRefused, NotTrained, Published
from cvcore.languages import t
from cvcore.records import Iteration, Project
from cvcore.store import Publication, Store

NAME_LETTERS = 128


def publish(store: Store, iteration: Iteration, name: str, *, resource: str = "", overwrite: bool = False) -> None:
    """Publish an iteration under a name, beside those it has; publishing it again changes nothing.

    Raises:
        NameRefused: the name cannot be part of a URL.
        NotTrained: the iteration has no model yet.
        Published: another iteration has the name, and `overwrite` is not set.
        NotFound: the iteration was deleted meanwhile.
    """
    cleaned = names.clean("publication", name, letters=NAME_LETTERS)
    if set(cleaned) & set("/\\") or cleaned in (".", ".."):
        raise NameRefused(
            "publication", t("a published name must have no slash, got {name!r}: choose another", name=name)
        )
    with store.transaction():
        iteration = store.iterations.get(iteration.id)
        if iteration.status != "Completed":
            raise NotTrained(
                t(
                    "an iteration must be trained to be published, {iteration} is not: train it first",
                    iteration=iteration.name,
                )
            )
        holder = store.publications.find(iteration.project_id, cleaned)
        if holder and holder.iteration_id != iteration.id and not overwrite:
            other = store.iterations.get(holder.iteration_id)
            raise Published(
                t(
                    "a published name must be of one iteration, {name!r} is of {other}: unpublish it there, or set "
                    "overwrite to true",
                    name=cleaned,
                    other=other.name,
                )
            )
        if holder is None or holder.iteration_id != iteration.id or holder.resource != resource:
            store.publications.put(iteration.project_id, Publication(cleaned, iteration.id, resource))


def unpublish(store: Store, iteration: Iteration) -> bool:
    """Remove all published names of an iteration; returns whether it had any."""
    with store.transaction():
        had_any = bool(store.publications.of_iteration(iteration.id))
        store.publications.remove(iteration.id)
    return had_any


def withdraw(store: Store, project: Project, name: str) -> bool:
    """Remove one published name; returns whether an iteration had it."""
    return store.publications.remove_name(project.id, name)


def find(store: Store, project: Project, name: str) -> Iteration:
    """The iteration that is published under a name.

    Raises:
        IterationNotFound: there is none; Custom Vision says "Invalid iteration".
    """
    publication = store.publications.find(project.id, name)
    if publication is None:
        raise IterationNotFound(
            t(
                "Invalid iteration: nothing is published as {name!r} in {project!r}",
                name=name[:80],
                project=project.name,
            )
        )
    return store.iterations.get(publication.iteration_id)
