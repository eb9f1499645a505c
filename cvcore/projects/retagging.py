"""Correct images' tags in the workspace, and undo corrections.

Corrections never change an iteration; the next training uses them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cvcore.projects import tagging
from cvcore.records import MULTICLASS, Image, Project
from cvcore.store import Store


@dataclass(frozen=True)
class Change:
    """An image's tags, as ids, before and after."""

    image_id: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class Retagging:
    """The result for each image: changed, unchanged because its tags were right already, or no longer there."""

    changes: tuple[Change, ...]
    unchanged: tuple[str, ...]
    gone: tuple[str, ...]


# The ids, joined by commas, of the images that have the same tags before and the same after.
Packed = tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...]


def retag(
    store: Store,
    project: Project,
    image_ids: Sequence[str],
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
) -> Retagging:
    """Add and remove tags of images in the workspace; if one image is refused, no image is changed.

    In Multiclass an added tag replaces the image's tag. In Multilabel it is added to the others; a negative tag
    replaces all other tags, and is replaced by them. Images that are no longer in the workspace are not changed.

    Raises:
        InvalidInput: a tag no longer belongs to the project.
        TagsRefused: an image cannot have these tags together.
        NotFound: the project was deleted meanwhile.
    """
    with store.transaction():
        project = store.projects.get(project.id)
        kinds = store.tags.names_and_kinds(project.id)
        negative = {tag_id for tag_id, (_, kind) in kinds.items() if kind == "Negative"}
        replaces = project.classification_type == MULTICLASS and bool(add)

        def after(before: tuple[str, ...]) -> tuple[str, ...]:
            remaining = [tag for tag in before if tag not in remove and not replaces]
            if not negative.isdisjoint(add):
                remaining = []
            elif add:
                remaining = [tag for tag in remaining if tag not in negative]
            return tuple(dict.fromkeys([*remaining, *add]))

        present, gone = _present(store, project, image_ids)
        return _apply(
            store, project, [Change(image.id, image.tag_ids, after(image.tag_ids)) for image in present], gone
        )


def tag_untagged(store: Store, project: Project, tag_ids: Mapping[str, Sequence[str]]) -> Retagging:
    """Tag images that have no tag yet: `tag_ids` has each image's new tags by its id.

    Images that were tagged meanwhile are not changed, and neither are images whose new tags include a deleted tag.

    Raises:
        TagsRefused: an image cannot have these tags together; no image is changed.
        NotFound: the project was deleted meanwhile.
    """
    with store.transaction():
        project = store.projects.get(project.id)
        known = store.tags.names_and_kinds(project.id).keys()
        present, gone = _present(store, project, list(tag_ids))

        def after(image: Image) -> tuple[str, ...]:
            can_tag = not image.tag_ids and known >= set(tag_ids[image.id])
            return tuple(tag_ids[image.id]) if can_tag else image.tag_ids

        return _apply(store, project, [Change(image.id, image.tag_ids, after(image)) for image in present], gone)


def record(store: Store, project: Project, image_ids: Sequence[str], action: Callable[[], object]) -> Retagging:
    """Run an action that changes the tags of these images, in one transaction; returns what it changed."""
    with store.transaction():
        before, _ = _present(store, project, image_ids)
        action()
        after = {image.id: image.tag_ids for image in store.images.with_ids(image_ids)}
    changes = [Change(image.id, image.tag_ids, after[image.id]) for image in before]
    return _retagging(changes, ())


def packed(correction: Retagging) -> Packed:
    """What undoing needs of a correction, in a tenth of the memory.

    >>> packed(Retagging((Change("a", (), ("1",)), Change("b", (), ("1",))), ("c",), ()))
    (((), ('1',), 'a,b'),)
    """
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for change in correction.changes:
        groups.setdefault((change.before, change.after), []).append(change.image_id)
    return tuple((before, after, ",".join(image_ids)) for (before, after), image_ids in groups.items())


def unpacked(kept: Packed) -> Retagging:
    """The correction that was packed, with what was changed alone."""
    return Retagging(
        tuple(Change(image_id, before, after) for before, after, ids in kept for image_id in ids.split(",")), (), ()
    )


def undo(store: Store, project: Project, correction: Retagging) -> Retagging:
    """Undo a correction, except for images that were changed meanwhile, or whose old tags are no longer possible.

    Raises:
        NotFound: the project was deleted meanwhile.
    """
    changes = {change.image_id: change for change in correction.changes}
    with store.transaction():
        project = store.projects.get(project.id)
        present, gone = _present(store, project, list(changes))
        olds = {change.before for change in correction.changes}
        possible = {tag_ids for tag_ids in olds if tagging.may_have(store, project, tag_ids)}

        def after(image: Image) -> tuple[str, ...]:
            change = changes[image.id]
            is_as_left = set(image.tag_ids) == set(change.after)
            return change.before if is_as_left and change.before in possible else image.tag_ids

        return _apply(store, project, [Change(image.id, image.tag_ids, after(image)) for image in present], gone)


def _present(store: Store, project: Project, image_ids: Sequence[str]) -> tuple[list[Image], tuple[str, ...]]:
    """The images that are still in the project's workspace, and the ids of those that are not."""
    in_workspace = store.images.present(image_ids)
    images = [
        image
        for image in store.images.with_ids(image_ids)
        if image.id in in_workspace and image.project_id == project.id
    ]
    present = {image.id for image in images}
    return images, tuple(image_id for image_id in image_ids if image_id not in present)


def _apply(store: Store, project: Project, changes: Sequence[Change], gone: tuple[str, ...]) -> Retagging:
    retagging = _retagging(changes, gone)
    by_tags: dict[tuple[str, ...], list[str]] = {}
    for change in retagging.changes:
        by_tags.setdefault(change.after, []).append(change.image_id)
    for after, image_ids in by_tags.items():
        tagging.remove_tags(store, project, image_ids)
        tagging.add_tags(store, project, image_ids, after)
    return retagging


def _retagging(changes: Sequence[Change], gone: tuple[str, ...]) -> Retagging:
    actual = tuple(change for change in changes if set(change.before) != set(change.after))
    unchanged = tuple(change.image_id for change in changes if set(change.before) == set(change.after))
    return Retagging(actual, unchanged, gone)
