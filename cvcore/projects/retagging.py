"""Wrong tags put right, and put back.

A correction changes the workspace, never an iteration: the next training uses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cvcore.projects import tagging
from cvcore.records import MULTICLASS, Project
from cvcore.store import Store


@dataclass(frozen=True)
class Change:
    """A picture's tags, as ids, before and after."""

    image_id: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class Retagging:
    """What became of pictures: changed; as they were, because nothing was to be done; or gone from the workspace."""

    changes: tuple[Change, ...]
    unchanged: tuple[str, ...]
    gone: tuple[str, ...]


def retag(
    store: Store,
    project: Project,
    image_ids: Sequence[str],
    *,
    put_on: Sequence[str] = (),
    take_off: Sequence[str] = (),
) -> Retagging:
    """Give pictures other tags in the workspace, all or none.

    In Multiclass a tag that is put on takes the place of the other. In Multilabel it is added; a negative tag makes
    way for others, and others for it. Pictures that have left the workspace are told, and stay as they are.

    Raises:
        InvalidInput: a tag is no longer the project's.
        TagsRefused: the tags cannot be together on a picture.
        NotFound: the project was deleted meanwhile.
    """
    with store.transaction():
        project = store.projects.get(project.id)
        negative = {tag.id for tag in store.tags.of_project(project.id) if tag.kind == "Negative"}
        replaces = project.classification_type == MULTICLASS and bool(put_on)

        def after(before: tuple[str, ...]) -> tuple[str, ...]:
            kept = [tag for tag in before if tag not in take_off and not replaces]
            if not negative.isdisjoint(put_on):
                kept = []
            elif put_on:
                kept = [tag for tag in kept if tag not in negative]
            return tuple(dict.fromkeys([*kept, *put_on]))

        changes, gone = _planned(store, project, image_ids)
        return _done(store, project, [Change(each.image_id, each.before, after(each.before)) for each in changes], gone)


def tag_untagged(store: Store, project: Project, wanted: Mapping[str, Sequence[str]]) -> Retagging:
    """Tag pictures that carry no tag yet, each with its own, by the picture's id.

    Those that someone has tagged meanwhile, and those for which a tag is wanted that is gone, stay as they are.

    Raises:
        TagsRefused: the tags wanted cannot be together on a picture; none is changed.
        NotFound: the project was deleted meanwhile.
    """
    with store.transaction():
        project = store.projects.get(project.id)
        known = {tag.id for tag in store.tags.of_project(project.id)}
        changes, gone = _planned(store, project, list(wanted))

        def after(each: Change) -> tuple[str, ...]:
            can = not each.before and known.issuperset(wanted[each.image_id])
            return tuple(wanted[each.image_id]) if can else each.before

        return _done(store, project, [Change(each.image_id, each.before, after(each)) for each in changes], gone)


def undo(store: Store, project: Project, correction: Retagging) -> Retagging:
    """Take a correction back, but for pictures that someone has tagged otherwise meanwhile; raises as `correct`."""
    made = {each.image_id: each for each in correction.changes}
    with store.transaction():
        project = store.projects.get(project.id)
        changes, gone = _planned(store, project, list(made))
        back = [
            Change(each.image_id, each.before, made[each.image_id].before)
            if set(each.before) == set(made[each.image_id].after)
            else each
            for each in changes
        ]
        return _done(store, project, back, gone)


def _planned(store: Store, project: Project, image_ids: Sequence[str]) -> tuple[list[Change], tuple[str, ...]]:
    """The project's pictures that are still in its workspace, each as a change of nothing, and the ids of others."""
    present = store.images.present(image_ids)
    there = [each for each in store.images.with_ids(image_ids) if each.id in present and each.project_id == project.id]
    found = {each.id for each in there}
    return [Change(each.id, each.tag_ids, each.tag_ids) for each in there], tuple(
        image_id for image_id in image_ids if image_id not in found
    )


def _done(store: Store, project: Project, changes: Sequence[Change], gone: tuple[str, ...]) -> Retagging:
    made = [each for each in changes if set(each.before) != set(each.after)]
    for after in dict.fromkeys(each.after for each in made):
        ids = [each.image_id for each in made if each.after == after]
        tagging.remove_tags(store, project, ids)
        tagging.add_tags(store, project, ids, after)
    unchanged = tuple(each.image_id for each in changes if set(each.before) == set(each.after))
    return Retagging(tuple(made), unchanged, gone)
