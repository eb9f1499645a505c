"""Names under which a project's iterations answer, so that programs need not know which is the newest."""

from __future__ import annotations

from cvcore import names
from cvcore.errors import IterationNotFound, NameRefused, NotTrained, Published
from cvcore.records import Iteration, Project
from cvcore.store import Publication, Store

NAME_LETTERS = 128


def publish(store: Store, iteration: Iteration, name: str, *, resource: str = "", overwrite: bool = False) -> None:
    """Let an iteration answer to a name, beside those it has; the same again changes nothing.

    Raises:
        NameRefused: the name cannot stand in an address.
        NotTrained: there is no model to answer with.
        Published: another iteration has the name, and `overwrite` is not set.
        NotFound: the iteration was deleted meanwhile.
    """
    cleaned = names.clean("publication", name, letters=NAME_LETTERS)
    if set(cleaned) & set("/\\") or cleaned in (".", ".."):
        raise NameRefused("publication", f"a published name stands in an address, so it has no slash, got {name!r}")
    with store.transaction():
        iteration = store.iterations.get(iteration.id)
        if iteration.status != "Completed":
            raise NotTrained(f"only a trained iteration can be published, {iteration.name} is not: train it first")
        holder = store.publications.find(iteration.project_id, cleaned)
        if holder and holder.iteration_id != iteration.id and not overwrite:
            other = store.iterations.get(holder.iteration_id)
            raise Published(f"{cleaned!r} is published as {other.name}: unpublish that, or set overwrite to true")
        if holder is None or holder.iteration_id != iteration.id or holder.resource != resource:
            store.publications.put(iteration.project_id, Publication(cleaned, iteration.id, resource))


def unpublish(store: Store, iteration: Iteration) -> bool:
    """Take all its names from an iteration; whether it had any."""
    with store.transaction():
        had_any = bool(store.publications.of_iteration(iteration.id))
        store.publications.remove(iteration.id)
    return had_any


def withdraw(store: Store, project: Project, name: str) -> bool:
    """Take one name from whichever iteration answers to it; whether any did."""
    return store.publications.remove_name(project.id, name)


def find(store: Store, project: Project, name: str) -> Iteration:
    """The iteration that answers to a name.

    Raises:
        IterationNotFound: nobody does; Custom Vision says "Invalid iteration".
    """
    publication = store.publications.find(project.id, name)
    if publication is None:
        raise IterationNotFound(f"Invalid iteration: nothing is published as {name[:80]!r} in {project.name!r}")
    return store.iterations.get(publication.iteration_id)
