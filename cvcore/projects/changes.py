"""Changes of tags and test marks that can be undone, of a few images or of very many.

Undoing restores what is still as the change left it. What somebody has changed or deleted since stays as it is, and the
sentence about the undoing says so. `trash` deletes images in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from cvcore.errors import InvalidInput, NameTaken
from cvcore.languages import t, tn
from cvcore.progress import Progress, silent
from cvcore.projects import retagging, tagging, undoing
from cvcore.projects.retagging import Packed, Retagging
from cvcore.projects.undoing import Change, Kind, told
from cvcore.records import LabelIssue, Project, Tag
from cvcore.settings import Limits
from cvcore.store import Store


def tag(
    store: Store,
    project: Project,
    image_ids: Sequence[str],
    tag_names: Sequence[str],
    *,
    limits: Limits,
    progress: Progress = silent,
) -> Change:
    """Add tags to images by name, as `tagging.add_tags`; missing tags are created, and deleted by the undoing.

    Raises:
        InvalidInput: a name cannot be a tag's; nothing is changed.
        TagsRefused: an image cannot have these tags together; nothing is changed.
    """
    with store.transaction():
        known = store.tags.names_and_kinds(project.id)
        tag_ids = tagging.ensure_ids(store, project, tag_names, limits=limits)
    new = [tag_id for tag_id in tag_ids if tag_id not in known]
    kind = replace(_adding(store, project, tag_ids), finish=lambda: delete_unused(store, project, new))
    return undoing.change(store, kind, image_ids, progress)


def add_tags(store: Store, project: Project, image_ids: Sequence[str], tag_ids: Sequence[str]) -> Change:
    """Add tags to images as `tagging.add_tags`, with its errors; in a Multiclass project undoing restores the old."""
    return undoing.change(store, _adding(store, project, tag_ids), image_ids)


def remove_tags(
    store: Store,
    project: Project,
    image_ids: Sequence[str],
    tag_ids: Sequence[str] | None = None,
    *,
    progress: Progress = silent,
) -> Change:
    """Remove these tags from images, or all their tags if `tag_ids` is None."""

    def remove(ids: Sequence[str]) -> None:
        tagging.remove_tags(store, project, ids, tag_ids)

    def said(number: int) -> str:
        return tn(number, "Tags removed from {n} image.", "Tags removed from {n} images.")

    return undoing.change(store, _retagging(store, project, remove, said), image_ids, progress)


def of_retagging(store: Store, project: Project, made: Retagging, message: str) -> Change:
    """The change for a correction that was made already, with this message."""

    def undo() -> str:
        undone = retagging.undo(store, project, made)
        return _restored(len(undone.changes), len(undone.unchanged + undone.gone))

    return Change(message, undo)


def mark_for_testing(
    store: Store, project: Project, image_ids: Sequence[str], is_test: bool, *, progress: Progress = silent
) -> Change:
    """Make images test images, which are never trained on, or training images again."""

    def mark(ids: Sequence[str]) -> tuple[int, str]:
        marked = _marked(store, project, ids, not is_test)
        tagging.mark_for_testing(store, project, marked, is_test)
        return len(marked), undoing.joined(marked)

    def undo(kept: str) -> tuple[int, int]:
        marked = undoing.ids_of(kept)
        back = _marked(store, project, marked, is_test)
        tagging.mark_for_testing(store, project, back, not is_test)
        return len(back), len(marked) - len(back)

    def said(number: int) -> str:
        if is_test:
            return tn(number, "{n} image kept for testing.", "{n} images kept for testing.")
        return tn(number, "{n} image kept for training.", "{n} images kept for training.")

    def undone(back: int, left: int) -> str:
        if is_test:
            message = tn(back, "{n} image kept for training again.", "{n} images kept for training again.")
        else:
            message = tn(back, "{n} image kept for testing again.", "{n} images kept for testing again.")
        return told(message, left)

    return undoing.change(store, Kind(mark, undo, said, undone), image_ids, progress)


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


def delete_unused(store: Store, project: Project, tag_ids: Sequence[str]) -> None:
    """Delete those of these tags that no image has; deleted ones are left out."""
    with store.transaction():
        known = store.tags.names_and_kinds(project.id)
        for tag_id in tag_ids:
            if tag_id in known and not store.tags.image_ids(tag_id):
                store.tags.delete(tag_id)


def _adding(store: Store, project: Project, tag_ids: Sequence[str]) -> Kind[Packed]:
    def add(ids: Sequence[str]) -> None:
        tagging.add_tags(store, project, ids, tag_ids)

    def said(number: int) -> str:
        names = store.tags.names_and_kinds(project.id)
        listed = ", ".join(names[tag_id][0] for tag_id in tag_ids if tag_id in names)
        return tn(number, "{n} image tagged {tags}.", "{n} images tagged {tags}.", tags=listed)

    return _retagging(store, project, add, said)


def _retagging(
    store: Store, project: Project, act: Callable[[Sequence[str]], None], said: Callable[[int], str]
) -> Kind[Packed]:
    """The kind of change for an action that changes images' tags."""

    def do(ids: Sequence[str]) -> tuple[int, Packed]:
        made = retagging.record(store, project, ids, lambda: act(ids))
        return len(made.changes), retagging.packed(made)

    def undo(kept: Packed) -> tuple[int, int]:
        undone = retagging.undo(store, project, retagging.unpacked(kept))
        return len(undone.changes), len(undone.unchanged + undone.gone)

    return Kind(do, undo, said, _restored)


def _restored(back: int, left: int) -> str:
    return told(tn(back, "Tags restored on {n} image.", "Tags restored on {n} images."), left)


def _marked(store: Store, project: Project, image_ids: Sequence[str], is_test: bool) -> list[str]:
    """The ids of those images in the project's workspace that are test images, or that are not."""
    present = store.images.present(image_ids)
    return [
        image.id
        for image in store.images.with_ids(image_ids)
        if image.id in present and image.project_id == project.id and image.is_test == is_test
    ]


def _is_back(tag: Tag, images: int) -> str:
    return tn(images, "Tag {tag} is back, on {n} image.", "Tag {tag} is back, on {n} images.", tag=tag.name)


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
