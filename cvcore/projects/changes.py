"""Changes of tags and test marks that can be undone.

Undoing restores what is still as the change left it. What somebody has changed or deleted since stays as it is, and the
sentence about the undoing says so. `trash` deletes images in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cvcore.errors import InvalidInput, NameTaken
from cvcore.projects import retagging, tagging
from cvcore.projects.retagging import Retagging
from cvcore.records import LabelIssue, Project, Tag
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.wording import count


@dataclass(frozen=True)
class Change:
    """A change that was made: what it did, as a sentence, and the function that undoes it and says what that did."""

    message: str
    undo: Callable[[], str]


def tag(
    store: Store, project: Project, image_ids: Sequence[str], tag_names: Sequence[str], *, limits: Limits
) -> Change:
    """Add tags to images by name, as `tagging.add_tags`; missing tags are created, and deleted by the undoing.

    Raises:
        InvalidInput: a name cannot be a tag's; nothing is changed.
        TagsRefused: an image cannot have these tags together; nothing is changed.
    """
    with store.transaction():
        known = store.tags.names_and_kinds(project.id)
        tag_ids = tagging.ensure_ids(store, project, tag_names, limits=limits)
        change = add_tags(store, project, image_ids, tag_ids)
    new = [tag_id for tag_id in tag_ids if tag_id not in known]

    def undo() -> str:
        with store.transaction():
            message = change.undo()
            delete_unused(store, project, new)
        return message

    return Change(change.message, undo)


def add_tags(store: Store, project: Project, image_ids: Sequence[str], tag_ids: Sequence[str]) -> Change:
    """Add tags to images as `tagging.add_tags`, with its errors; in a Multiclass project undoing restores the old."""

    def add() -> None:
        tagging.add_tags(store, project, image_ids, tag_ids)

    made = retagging.record(store, project, image_ids, add)
    names = store.tags.names_and_kinds(project.id)
    listed = ", ".join(names[tag_id][0] for tag_id in tag_ids if tag_id in names)
    return of_retagging(store, project, made, f"{count(len(made.changes), 'image')} tagged {listed}.")


def remove_tags(
    store: Store, project: Project, image_ids: Sequence[str], tag_ids: Sequence[str] | None = None
) -> Change:
    """Remove these tags from images, or all their tags if `tag_ids` is None."""

    def remove() -> None:
        tagging.remove_tags(store, project, image_ids, tag_ids)

    made = retagging.record(store, project, image_ids, remove)
    return of_retagging(store, project, made, f"Tags removed from {count(len(made.changes), 'image')}.")


def of_retagging(store: Store, project: Project, made: Retagging, message: str) -> Change:
    """The change for a correction that was made already, with this message."""

    def undo() -> str:
        undone = retagging.undo(store, project, made)
        return told(f"Tags restored on {count(len(undone.changes), 'image')}.", len(undone.unchanged + undone.gone))

    return Change(message, undo)


def mark_for_testing(store: Store, project: Project, image_ids: Sequence[str], is_test: bool) -> Change:
    """Make images test images, which are never trained on, or training images again."""
    purposes = {True: "testing", False: "training"}
    with store.transaction():
        marked = _marked(store, project, image_ids, not is_test)
        tagging.mark_for_testing(store, project, marked, is_test)

    def undo() -> str:
        with store.transaction():
            back = _marked(store, project, marked, is_test)
            tagging.mark_for_testing(store, project, back, not is_test)
        message = f"{count(len(back), 'image')} kept for {purposes[not is_test]} again."
        return told(message, len(marked) - len(back))

    return Change(f"{count(len(marked), 'image')} kept for {purposes[is_test]}.", undo)


def delete_tag(store: Store, project: Project, deleted: Tag) -> Change:
    """Delete a tag; its images stay, without it. Undoing restores it with its id, images and dismissed issues.

    Undoing raises NameTaken or NegativeTaken if another tag has its name or is negative now.
    """
    with store.transaction():
        deleted = store.tags.get(deleted.id)
        issues = store.dismissed_issues.of_tag(deleted.id)
        image_ids = store.tags.image_ids(deleted.id)
        made = retagging.record(store, project, image_ids, lambda: tagging.delete(store, deleted))
        store.projects.touch(project.id)

    def undo() -> str:
        with store.transaction():
            _restore_tag(store, project, deleted, issues)
            undone = retagging.undo(store, project, made)
        message = f"Tag {deleted.name} is back, on {count(len(undone.changes), 'image')}."
        return told(message, len(undone.unchanged + undone.gone))

    return Change(f"Tag {deleted.name} deleted. Its {count(len(image_ids), 'image')} stay.", undo)


def merge_tag(store: Store, project: Project, merged: Tag, into: Tag) -> Change:
    """Make a tag one with another, which its images get in its place. Undoing restores it with its id and images.

    Iterations keep both tags. Undoing raises as that of `delete_tag`.

    Raises:
        InvalidInput: both are the same tag, or `into` was deleted meanwhile.
        TagsRefused: `into` is negative, and an image with the other tag has more tags; nothing is changed.
    """
    if merged.id == into.id:
        raise InvalidInput(f"a tag must be merged into another tag, got {into.name!r} twice: choose another")

    def move() -> None:
        tagging.delete(store, merged)
        tagging.add_tags(store, project, image_ids, [into.id])

    with store.transaction():
        merged = store.tags.get(merged.id)
        issues = store.dismissed_issues.of_tag(merged.id)
        image_ids = store.tags.image_ids(merged.id)
        made = retagging.record(store, project, image_ids, move)

    def undo() -> str:
        with store.transaction():
            _restore_tag(store, project, merged, issues)
            undone = retagging.undo(store, project, made)
        message = f"Tag {merged.name} is back, on {count(len(undone.changes), 'image')}."
        return told(message, len(undone.unchanged + undone.gone))

    return Change(f"{merged.name} is one with {into.name}: {count(len(image_ids), 'image')} moved.", undo)


def delete_unused(store: Store, project: Project, tag_ids: Sequence[str]) -> None:
    """Delete those of these tags that no image has; deleted ones are left out."""
    with store.transaction():
        known = store.tags.names_and_kinds(project.id)
        for tag_id in tag_ids:
            if tag_id in known and not store.tags.image_ids(tag_id):
                store.tags.delete(tag_id)


def told(message: str, left: int) -> str:
    """The sentence about an undoing, with how many images it left as they are.

    >>> told("Tags restored on 3 images.", 1)
    'Tags restored on 3 images. 1 image was changed or deleted meanwhile and stays as it is.'
    """
    verbs = "was changed or deleted meanwhile and stays as it is"
    if left != 1:
        verbs = "were changed or deleted meanwhile and stay as they are"
    return f"{message} {count(left, 'image')} {verbs}." if left else message


def _restore_tag(store: Store, project: Project, deleted: Tag, issues: Sequence[LabelIssue]) -> None:
    if deleted.kind == "Negative":
        tagging.check_no_negative(store, project)
    try:
        store.tags.restore(deleted)
    except NameTaken as error:
        raise NameTaken(
            "tag", f"the tag's name must be unique, {deleted.name!r} is taken meanwhile: rename that tag, then undo"
        ) from error
    store.dismissed_issues.dismiss(issues)


def _marked(store: Store, project: Project, image_ids: Sequence[str], is_test: bool) -> list[str]:
    """The ids of those images in the project's workspace that are test images, or that are not."""
    present = store.images.present(image_ids)
    return [
        image.id
        for image in store.images.with_ids(image_ids)
        if image.id in present and image.project_id == project.id and image.is_test == is_test
    ]
