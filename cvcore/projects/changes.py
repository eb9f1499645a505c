"""Changes of tags and test marks that can be undone.

Undoing restores what is still as the change left it. What somebody has changed or deleted since stays as it is, and the
sentence about the undoing says so. `trash` deletes images in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cvcore.errors import InvalidInput, NameTaken
from cvcore.languages import t, tn
from cvcore.projects import retagging, tagging
from cvcore.projects.retagging import Retagging
from cvcore.records import LabelIssue, Project, Tag
from cvcore.settings import Limits
from cvcore.store import Store


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
    message = tn(len(made.changes), "{n} image tagged {tags}.", "{n} images tagged {tags}.", tags=listed)
    return of_retagging(store, project, made, message)


def remove_tags(
    store: Store, project: Project, image_ids: Sequence[str], tag_ids: Sequence[str] | None = None
) -> Change:
    """Remove these tags from images, or all their tags if `tag_ids` is None."""

    def remove() -> None:
        tagging.remove_tags(store, project, image_ids, tag_ids)

    made = retagging.record(store, project, image_ids, remove)
    message = tn(len(made.changes), "Tags removed from {n} image.", "Tags removed from {n} images.")
    return of_retagging(store, project, made, message)


def of_retagging(store: Store, project: Project, made: Retagging, message: str) -> Change:
    """The change for a correction that was made already, with this message."""

    def undo() -> str:
        undone = retagging.undo(store, project, made)
        message = tn(len(undone.changes), "Tags restored on {n} image.", "Tags restored on {n} images.")
        return told(message, len(undone.unchanged + undone.gone))

    return Change(message, undo)


def mark_for_testing(store: Store, project: Project, image_ids: Sequence[str], is_test: bool) -> Change:
    """Make images test images, which are never trained on, or training images again."""
    with store.transaction():
        marked = _marked(store, project, image_ids, not is_test)
        tagging.mark_for_testing(store, project, marked, is_test)

    def undo() -> str:
        with store.transaction():
            back = _marked(store, project, marked, is_test)
            tagging.mark_for_testing(store, project, back, not is_test)
        if is_test:
            message = tn(len(back), "{n} image kept for training again.", "{n} images kept for training again.")
        else:
            message = tn(len(back), "{n} image kept for testing again.", "{n} images kept for testing again.")
        return told(message, len(marked) - len(back))

    if is_test:
        return Change(tn(len(marked), "{n} image kept for testing.", "{n} images kept for testing."), undo)
    return Change(tn(len(marked), "{n} image kept for training.", "{n} images kept for training."), undo)


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
        return told(_is_back(deleted, len(undone.changes)), len(undone.unchanged + undone.gone))

    message = tn(
        len(image_ids),
        "Tag {tag} deleted. Its {n} image stays.",
        "Tag {tag} deleted. Its {n} images stay.",
        tag=deleted.name,
    )
    return Change(message, undo)


def merge_tag(store: Store, project: Project, merged: Tag, into: Tag) -> Change:
    """Make a tag one with another, which its images get in its place. Undoing restores it with its id and images.

    Iterations keep both tags. Undoing raises as that of `delete_tag`.

    Raises:
        InvalidInput: both are the same tag, or `into` was deleted meanwhile.
        TagsRefused: `into` is negative, and an image with the other tag has more tags; nothing is changed.
    """
    if merged.id == into.id:
        raise InvalidInput(t("a tag must be merged into another tag, got {tag!r} twice: choose another", tag=into.name))

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
        return told(_is_back(merged, len(undone.changes)), len(undone.unchanged + undone.gone))

    message = tn(
        len(image_ids),
        "{tag} is one with {into}: {n} image moved.",
        "{tag} is one with {into}: {n} images moved.",
        tag=merged.name,
        into=into.name,
    )
    return Change(message, undo)


def _is_back(tag: Tag, images: int) -> str:
    return tn(images, "Tag {tag} is back, on {n} image.", "Tag {tag} is back, on {n} images.", tag=tag.name)


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
    if not left:
        return message
    stay = tn(
        left,
        "{n} image was changed or deleted meanwhile and stays as it is.",
        "{n} images were changed or deleted meanwhile and stay as they are.",
    )
    return f"{message} {stay}"


def _restore_tag(store: Store, project: Project, deleted: Tag, issues: Sequence[LabelIssue]) -> None:
    if deleted.kind == "Negative":
        tagging.check_no_negative(store, project)
    try:
        store.tags.restore(deleted)
    except NameTaken as error:
        raise NameTaken(
            "tag",
            t(
                "the tag's name must be unique, {tag!r} is taken meanwhile: rename that tag, then undo",
                tag=deleted.name,
            ),
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
