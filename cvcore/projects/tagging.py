"""Tags: made, renamed, put on pictures and taken off, under the rules of the project's classification type."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cvcore import names
from cvcore.errors import ImageNotFound, InvalidInput, NegativeTaken, TagNotFound, TagsRefused
from cvcore.records import MULTICLASS, Project, Tag, TagKind
from cvcore.settings import Limits
from cvcore.store import Store

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Added:
    """What became of pairs of image id and tag id: put on now, on before, or one too many for the picture."""

    created: Pairs
    duplicated: Pairs
    exceeded: Pairs


def find(store: Store, project: Project, name: str) -> Tag:
    """The project's tag of that name.

    Raises:
        TagNotFound: there is none; the message says what there is.
    """
    tags = store.tags.of_project(project.id)
    for tag in tags:
        if tag.name == name:
            return tag
    there = ", ".join(repr(tag.name) for tag in tags[:10]) or "none yet"
    raise TagNotFound(f"{project.name!r} has no tag {name[:80]!r}: there are {there}")


def create(
    store: Store, project: Project, name: str, *, limits: Limits, kind: TagKind = "Regular", description: str = ""
) -> Tag:
    """A new tag of the project.

    Raises:
        InvalidInput: the name is empty, too long or has a sign it must not have, or the description is too long.
        NameTaken: the project has one of that name.
        NegativeTaken: it would be the second negative tag.
    """
    with store.transaction():
        if kind == "Negative":
            _check_no_negative(store, project)
        return store.tags.add(
            project.id, names.tag(name, letters=limits.tag_letters), kind, names.description(description)
        )


def ensure(store: Store, project: Project, wanted: Sequence[str], *, limits: Limits) -> list[Tag]:
    """The project's tags of those names, made where they are missing, in that order.

    Raises:
        InvalidInput: one of the names cannot be a tag's; none is made then.
    """
    cleaned = [names.tag(name, letters=limits.tag_letters) for name in wanted]
    with store.transaction():
        known = {tag.name: tag for tag in store.tags.of_project(project.id)}
        for name in cleaned:
            if name not in known:
                known[name] = store.tags.add(project.id, name)
    return [known[name] for name in dict.fromkeys(cleaned)]


def rename(store: Store, tag: Tag, name: str, *, limits: Limits) -> None:
    """Call a tag by another name; iterations keep the name they were trained with.

    Raises:
        InvalidInput: the name cannot be a tag's.
        NameTaken: the project has another of that name.
        NotFound: it was deleted meanwhile.
    """
    cleaned = names.tag(name, letters=limits.tag_letters)
    with store.transaction():
        # Read again, so that the kind someone else has given it meanwhile stays.
        store.tags.update(dataclasses.replace(store.tags.get(tag.id), name=cleaned))


def describe(store: Store, tag: Tag, description: str) -> None:
    """Say in words what a tag is for.

    Raises:
        InvalidInput: it is too long.
        NotFound: the tag was deleted meanwhile.
    """
    with store.transaction():
        store.tags.update(dataclasses.replace(store.tags.get(tag.id), description=names.description(description)))


def set_kind(store: Store, project: Project, tag: Tag, kind: TagKind) -> None:
    """Make a tag the project's negative one, images of nothing, or a regular one again.

    Raises:
        NegativeTaken, TagsRefused: the project has a negative tag, or pictures carry this tag together with others.
        NotFound: it was deleted meanwhile.
    """
    with store.transaction():
        tag = store.tags.get(tag.id)
        if kind == "Negative" and tag.kind != "Negative":
            _check_no_negative(store, project)
            mixed = [image for image in store.images.with_many_tags(project.id) if tag.id in image.tag_ids]
            if mixed:
                raise TagsRefused(
                    "negative",
                    f"a negative tag must be a picture's only one, {len(mixed)} pictures carry {tag.name!r} "
                    "and another: take one off first",
                )
        store.tags.update(dataclasses.replace(tag, kind=kind))


def delete(store: Store, tag: Tag) -> None:
    """Remove a tag; its pictures stay, without it."""
    store.tags.delete(tag.id)


def add_tags(store: Store, project: Project, image_ids: Sequence[str], tag_ids: Sequence[str]) -> None:
    """Tag pictures: in a multiclass project the tag takes the place of what they carry, else it is added.

    Pictures that are gone and other projects' are left out; no tags change nothing.

    Raises:
        InvalidInput: a tag is not the project's.
        TagsRefused: the tags cannot be together on a picture; nothing is changed.
        NotFound: the project was deleted meanwhile.
    """
    with store.transaction():
        project, known = _present(store, project)
        _check(project, known, tag_ids)
        there = [image for image in store.images.with_ids(image_ids) if image.project_id == project.id]
        if project.classification_type == MULTICLASS and tag_ids:
            store.tags.detach([image.id for image in there])
        else:
            for image in there:
                _check(project, known, (*image.tag_ids, *tag_ids))
        store.tags.attach([image.id for image in there], tag_ids)
        store.projects.touch(project.id)


def add_pairs(store: Store, project: Project, pairs: Sequence[tuple[str, str]]) -> Added:
    """Put tags on pictures, pair by pair of image id and tag id, beside what they carry.

    In a Multiclass project a picture that carries a tag exceeds with a second one: nothing is replaced.

    Raises:
        ImageNotFound, TagNotFound: one of them is not in the project; nothing is changed.
        TagsRefused: a negative tag would stand beside another; nothing is changed.
    """
    added: dict[str, list[tuple[str, str]]] = {"created": [], "duplicated": [], "exceeded": []}
    with store.transaction():
        project, known = _present(store, project)
        there = {image.id: image for image in store.images.with_ids([image_id for image_id, _ in pairs])}
        carried = {image.id: list(image.tag_ids) for image in there.values() if image.project_id == project.id}
        for image_id, tag_id in pairs:
            if image_id not in carried:
                raise ImageNotFound(
                    f"there is no image {image_id[:80]!r} in {project.name!r}: it may have been deleted"
                )
            if tag_id not in known:
                raise TagNotFound(f"there is no tag {tag_id[:80]!r} in {project.name!r}: it may have been deleted")
            fate = _fate(project, known, carried[image_id], tag_id)
            added[fate].append((image_id, tag_id))
            if fate == "created":
                carried[image_id].append(tag_id)
                store.tags.attach([image_id], [tag_id])
        store.projects.touch(project.id)
    return Added(**{fate: tuple(pairs) for fate, pairs in added.items()})


def remove_tags(store: Store, project: Project, image_ids: Sequence[str], tag_ids: Sequence[str] | None = None) -> None:
    """Take these tags, or all, off pictures."""
    with store.transaction():
        store.tags.detach(image_ids, tag_ids)
        store.projects.touch(project.id)


def mark_for_testing(store: Store, project: Project, image_ids: Sequence[str], is_test: bool) -> None:
    """Keep pictures for testing, so that they never train, or give them back to training."""
    with store.transaction():
        store.images.mark_for_testing(image_ids, is_test)
        store.projects.touch(project.id)


def check(store: Store, project: Project, tag_ids: Sequence[str]) -> None:
    """Whether one picture may carry all these tags.

    Raises:
        InvalidInput: a tag is not the project's.
        TagsRefused: more than one in a multiclass project, a negative one beside another, or more than 100.
        NotFound: the project was deleted meanwhile.
    """
    _check(*_present(store, project), tag_ids)


def _present(store: Store, project: Project) -> tuple[Project, dict[str, Tag]]:
    # As they are now: a long upload outlives what others change in the meantime.
    return store.projects.get(project.id), {tag.id: tag for tag in store.tags.of_project(project.id)}


def _check(project: Project, known: Mapping[str, Tag], tag_ids: Sequence[str]) -> None:
    if unknown := [tag_id for tag_id in tag_ids if tag_id not in known]:
        raise InvalidInput(f"a picture's tags must be its project's, {unknown[0][:80]!r} is none: load the page again")
    tags = [known[tag_id] for tag_id in dict.fromkeys(tag_ids)]
    called = ", ".join(repr(tag.name) for tag in tags[:5]) + (", …" if len(tags) > 5 else "")
    if project.classification_type == MULTICLASS and len(tags) > 1:
        raise TagsRefused("one", f"a picture of a Multiclass project carries one tag, got {called}: choose one")
    if len(tags) > 1 and any(tag.kind == "Negative" for tag in tags):
        raise TagsRefused("negative", f"a negative tag must be a picture's only one, got {called}: choose one")
    if len(tags) > Limits.tags_per_image:
        raise TagsRefused(
            "many", f"a picture carries at most {Limits.tags_per_image} tags, got {len(tags)}: choose fewer"
        )


def _fate(project: Project, known: Mapping[str, Tag], carried: Sequence[str], tag_id: str) -> str:
    if tag_id in carried:
        return "duplicated"
    try:
        _check(project, known, [*carried, tag_id])
    except TagsRefused as refusal:
        if refusal.reason == "negative":
            raise
        return "exceeded"
    return "created"


def _check_no_negative(store: Store, project: Project) -> None:
    for tag in store.tags.of_project(project.id):
        if tag.kind == "Negative":
            raise NegativeTaken(
                f"a project has at most one negative tag, this one has {tag.name!r}: make that regular first"
            )
