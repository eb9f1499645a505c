"""Create, rename and delete tags, add them to images and remove them, by the rules of the classification type."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cvcore import names
from cvcore.errors import ImageNotFound, InvalidInput, NegativeTaken, TagNotFound, TagsRefused
from cvcore.languages import t
from cvcore.records import MULTICLASS, Project, Tag, TagKind
from cvcore.settings import Limits
from cvcore.store import Store

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Rules:
    """What decides which tags an image may have: the project, its tags' names and kinds by id, and their ids by name.

    They hold until something is written.
    """

    project: Project
    tags: Mapping[str, tuple[str, TagKind]]
    ids: Mapping[str, str]


@dataclass(frozen=True)
class AddedPairs:
    """Pairs of image id and tag id: added now, there before, or refused because the image has too many tags."""

    created: Pairs
    duplicated: Pairs
    exceeded: Pairs


def find(store: Store, project: Project, name: str) -> Tag:
    """The project's tag with that name.

    Raises:
        TagNotFound: there is no such tag; the message lists the existing ones.
    """
    tags = store.tags.of_project(project.id)
    for tag in tags:
        if tag.name == name:
            return tag
    existing = ", ".join(repr(tag.name) for tag in tags[:10]) or "none yet"
    raise TagNotFound(
        t(
            "{project!r} has no tag {name!r}: there are {existing}",
            project=project.name,
            name=name[:80],
            existing=existing,
        )
    )


def create(
    store: Store, project: Project, name: str, *, limits: Limits, kind: TagKind = "Regular", description: str = ""
) -> Tag:
    """Create a tag of the project.

    Raises:
        InvalidInput: the name is empty, too long or has an invalid character, or the description is too long.
        NameTaken: the project has a tag with that name.
        NegativeTaken: the project has a negative tag already.
    """
    with store.transaction():
        if kind == "Negative":
            check_no_negative(store, project)
        return store.tags.add(
            project.id, names.tag(name, letters=limits.tag_letters), kind, names.description(description)
        )


def ensure(store: Store, project: Project, tag_names: Sequence[str], *, limits: Limits) -> list[Tag]:
    """The project's tags with those names, without duplicates, in that order; missing tags are created.

    Raises:
        InvalidInput: one of the names cannot be a tag's; no tag is created then.
    """
    with store.transaction():
        return [store.tags.get(tag_id) for tag_id in ensure_ids(store, project, tag_names, limits=limits)]


def ensure_ids(store: Store, project: Project, tag_names: Sequence[str], *, limits: Limits) -> list[str]:
    """As `ensure`, but returns only the tags' ids: faster, because the tags' images are not counted."""
    cleaned = [names.tag(name, letters=limits.tag_letters) for name in tag_names]
    with store.transaction():
        ids = {name: tag_id for tag_id, (name, _) in store.tags.names_and_kinds(project.id).items()}
        for name in cleaned:
            if name not in ids:
                ids[name] = store.tags.add(project.id, name).id
    return [ids[name] for name in dict.fromkeys(cleaned)]


def rename(store: Store, tag: Tag, name: str, *, limits: Limits) -> None:
    """Give a tag another name; iterations keep the name they were trained with.

    Raises:
        InvalidInput: the name cannot be a tag's.
        NameTaken: another tag of the project has that name.
        NotFound: it was deleted meanwhile.
    """
    cleaned = names.tag(name, letters=limits.tag_letters)
    with store.transaction():
        # Read again, so that a kind that was set meanwhile is kept.
        store.tags.update(dataclasses.replace(store.tags.get(tag.id), name=cleaned))


def describe(store: Store, tag: Tag, description: str) -> None:
    """Set a tag's description.

    Raises:
        InvalidInput: the description is too long.
        NotFound: the tag was deleted meanwhile.
    """
    with store.transaction():
        store.tags.update(dataclasses.replace(store.tags.get(tag.id), description=names.description(description)))


def set_kind(store: Store, project: Project, tag: Tag, kind: TagKind) -> None:
    """Make a tag the project's negative tag, for images that show none of the other tags, or a regular tag again.

    Raises:
        NegativeTaken: the project has a negative tag already.
        TagsRefused: images have this tag together with others.
        NotFound: it was deleted meanwhile.
    """
    with store.transaction():
        tag = store.tags.get(tag.id)
        if kind == "Negative" and tag.kind != "Negative":
            check_no_negative(store, project)
            mixed = [image for image in store.images.with_many_tags(project.id) if tag.id in image.tag_ids]
            if mixed:
                raise TagsRefused(
                    "negative",
                    t(
                        "a negative tag must be an image's only tag, {number} images have {tag!r} and another: "
                        "remove one first",
                        number=len(mixed),
                        tag=tag.name,
                    ),
                )
        store.tags.update(dataclasses.replace(tag, kind=kind))


def delete(store: Store, tag: Tag) -> None:
    """Delete a tag; its images stay, without it."""
    store.tags.delete(tag.id)


def add_tags(store: Store, project: Project, image_ids: Sequence[str], tag_ids: Sequence[str]) -> None:
    """Add tags to images; in a Multiclass project the new tag replaces the present one.

    Images that were deleted or belong to other projects are left out; if `tag_ids` is empty nothing changes.

    Raises:
        InvalidInput: a tag does not belong to the project.
        TagsRefused: an image cannot have these tags together; nothing is changed.
        NotFound: the project was deleted meanwhile.
    """
    with store.transaction():
        rules = rules_of(store, project)
        check_by(rules, tag_ids)
        images = [image for image in store.images.with_ids(image_ids) if image.project_id == project.id]
        if rules.project.classification_type == MULTICLASS and tag_ids:
            store.tags.detach([image.id for image in images])
        else:
            for image in images:
                check_by(rules, (*image.tag_ids, *tag_ids))
        store.tags.attach([image.id for image in images], tag_ids)
        store.projects.touch(project.id)


def add_pairs(store: Store, project: Project, pairs: Sequence[tuple[str, str]]) -> AddedPairs:
    """Add tags to images, by pairs of image id and tag id; tags that the images have already stay.

    In a Multiclass project a second tag of an image is not added and counts as exceeded: nothing is replaced.

    Raises:
        ImageNotFound, TagNotFound: an image or tag is not in the project; nothing is changed.
        TagsRefused: an image would have the negative tag together with another; nothing is changed.
    """
    outcomes: dict[str, list[tuple[str, str]]] = {"created": [], "duplicated": [], "exceeded": []}
    with store.transaction():
        rules = rules_of(store, project)
        images = store.images.with_ids([image_id for image_id, _ in pairs])
        carried = {image.id: list(image.tag_ids) for image in images if image.project_id == project.id}
        for image_id, tag_id in pairs:
            if image_id not in carried:
                raise ImageNotFound(
                    t(
                        "there is no image {image_id!r} in {project!r}: it may have been deleted",
                        image_id=image_id[:80],
                        project=project.name,
                    )
                )
            if tag_id not in rules.tags:
                raise TagNotFound(
                    t(
                        "there is no tag {tag_id!r} in {project!r}: it may have been deleted",
                        tag_id=tag_id[:80],
                        project=project.name,
                    )
                )
            outcome = _outcome(rules, carried[image_id], tag_id)
            outcomes[outcome].append((image_id, tag_id))
            if outcome == "created":
                carried[image_id].append(tag_id)
                store.tags.attach([image_id], [tag_id])
        store.projects.touch(project.id)
    return AddedPairs(**{outcome: tuple(of_outcome) for outcome, of_outcome in outcomes.items()})


def remove_tags(store: Store, project: Project, image_ids: Sequence[str], tag_ids: Sequence[str] | None = None) -> None:
    """Remove these tags from images, or all their tags if `tag_ids` is None."""
    with store.transaction():
        store.tags.detach(image_ids, tag_ids)
        store.projects.touch(project.id)


def mark_for_testing(store: Store, project: Project, image_ids: Sequence[str], is_test: bool) -> None:
    """Make images test images, which are never trained on, or training images again."""
    with store.transaction():
        store.images.mark_for_testing(image_ids, is_test)
        store.projects.touch(project.id)


def check(store: Store, project: Project, tag_ids: Sequence[str]) -> None:
    """Check that one image may have all these tags.

    Raises:
        InvalidInput: a tag does not belong to the project.
        TagsRefused: several tags in a Multiclass project, the negative tag with another, or more than 100 tags.
        NotFound: the project was deleted meanwhile.
    """
    check_by(rules_of(store, project), tag_ids)


def check_no_negative(store: Store, project: Project) -> None:
    """Check that the project has no negative tag; raises NegativeTaken if it has one."""
    for name, kind in store.tags.names_and_kinds(project.id).values():
        if kind == "Negative":
            raise NegativeTaken(
                t(
                    "a project must have at most one negative tag, this one has {name!r}: make that regular first",
                    name=name,
                )
            )


def may_have(store: Store, project: Project, tag_ids: Sequence[str]) -> bool:
    """Whether one image may have all these tags, and they all exist."""
    try:
        check(store, project, tag_ids)
    except (InvalidInput, TagsRefused):
        return False
    return True


def rules_of(store: Store, project: Project) -> Rules:
    """The rules of now: project and tags can change during a long upload.

    Raises:
        NotFound: the project was deleted meanwhile.
    """
    tags = store.tags.names_and_kinds(project.id)
    return Rules(store.projects.get(project.id), tags, {name: tag_id for tag_id, (name, _) in tags.items()})


def check_by(rules: Rules, tag_ids: Sequence[str]) -> None:
    """As `check`, by rules that were read before."""
    if unknown := [tag_id for tag_id in tag_ids if tag_id not in rules.tags]:
        raise InvalidInput(
            t(
                "an image's tags must belong to its project, {tag!r} does not: reload the page",
                tag=unknown[0][:80],
            )
        )
    chosen = [rules.tags[tag_id] for tag_id in dict.fromkeys(tag_ids)]
    if len(chosen) < 2:
        return
    listed = ", ".join(repr(name) for name, _ in chosen[:5]) + (", …" if len(chosen) > 5 else "")
    if rules.project.classification_type == MULTICLASS:
        raise TagsRefused(
            "one", t("an image of a Multiclass project must have one tag, got {tags}: choose one", tags=listed)
        )
    if any(kind == "Negative" for _, kind in chosen):
        raise TagsRefused(
            "negative", t("a negative tag must be an image's only tag, got {tags}: choose one", tags=listed)
        )
    if len(chosen) > Limits.tags_per_image:
        raise TagsRefused(
            "many",
            t(
                "an image must have at most {most} tags, got {number}: choose fewer",
                most=Limits.tags_per_image,
                number=len(chosen),
            ),
        )


def _outcome(rules: Rules, carried: Sequence[str], tag_id: str) -> str:
    if tag_id in carried:
        return "duplicated"
    try:
        check_by(rules, [*carried, tag_id])
    except TagsRefused as refusal:
        if refusal.reason == "negative":
            raise
        return "exceeded"
    return "created"
