"""Pages of an iteration's images to review: each with its answer and the tags it has in the workspace now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from cvcore.evaluation import analysis
from cvcore.evaluation.analysis import Threshold
from cvcore.evaluation.by_image.image_lists import ImageList
from cvcore.metrics.confusion import Answers
from cvcore.records import Iteration, LabelIssue
from cvcore.store import SnapshotImage, SnapshotTag, Store

PAGE = 60


@dataclass(frozen=True)
class SuggestedChange:
    """Tags of the snapshot to add to and remove from an image; in Multiclass an added tag replaces the old one."""

    add: tuple[SnapshotTag, ...]
    remove: tuple[SnapshotTag, ...]


@dataclass(frozen=True)
class ReviewedImage:
    """An image of an iteration with the answer it got.

    tags: names as they were at the training. answer: names, empty for no answer. is_evaluated: whether it was
    evaluated. about: the tag whose probability is shown, about_id its id. now: the names of its tags in the workspace
    today, None if the image is no longer there; is_changed: whether these differ from the tags at the training.
    suggestion: None if there is none or it is done already. number: its group of near duplicates, or None.
    """

    image_id: str
    sha256: str
    name: str
    tags: tuple[str, ...]
    answer: tuple[str, ...]
    is_evaluated: bool
    about: str
    about_id: str
    probability: float | None
    now: tuple[str, ...] | None
    is_changed: bool
    suggestion: SuggestedChange | None
    number: int | None


def page(
    store: Store, iteration: Iteration, threshold: Threshold, image_list: ImageList, number: int = 1
) -> list[ReviewedImage]:
    """Page `number` (from 1) of a list of images, with the tags they have in the workspace now.

    Raises:
        NotFound: the iteration was deleted meanwhile.
    """
    on_page = slice(PAGE * (number - 1), PAGE * number)
    shown = ImageList(*(getattr(image_list, field.name)[on_page] for field in fields(image_list)))
    images = store.iterations.images_at(iteration.id, shown.rows.tolist())
    if len(images) < len(shown.rows):
        store.iterations.get(iteration.id)
    answers = analysis.answers_of(analysis.load_rows(store, iteration, shown.rows), threshold)
    context = _Page(shown, answers, store.iterations.tags(iteration.id), _workspace(store, iteration, images))
    return [_reviewed_image(context, place, image) for place, image in enumerate(images)]


@dataclass(frozen=True)
class _Workspace:
    """The workspace now: tag names by tag id, and the tag ids of the page's images by image id."""

    names: dict[str, str]
    carried: dict[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class _Page:
    """The data of a page's images, in their order, and the workspace."""

    image_list: ImageList
    answers: Answers
    tags: Sequence[SnapshotTag]
    workspace: _Workspace


def _workspace(store: Store, iteration: Iteration, images: Iterable[SnapshotImage]) -> _Workspace:
    ids = [image.image_id for image in images]
    names = {tag.id: tag.name for tag in store.tags.of_project(iteration.project_id)}
    present = store.images.present(ids)
    return _Workspace(names, {image.id: image.tag_ids for image in store.images.with_ids(ids) if image.id in present})


def _reviewed_image(context: _Page, place: int, image: SnapshotImage) -> ReviewedImage:
    answers, tags, names = context.answers, context.tags, context.workspace.names
    carried = context.workspace.carried.get(image.image_id)
    about, add, remove, number = (
        int(getattr(context.image_list, name)[place]) for name in ("about", "add_tags", "remove_tags", "numbers")
    )
    is_evaluated = bool(answers.evaluated[place])
    suggestion = SuggestedChange(*(tuple(tags[tag] for tag in (column,) if tag >= 0) for column in (add, remove)))
    return ReviewedImage(
        image_id=image.image_id,
        sha256=image.sha256,
        name=image.name,
        tags=tuple(tags[column].name for column in image.columns),
        answer=tuple(tags[column].name for column in np.flatnonzero(answers.predicted[place]).tolist()),
        is_evaluated=is_evaluated,
        about=tags[about].name,
        about_id=tags[about].tag_id,
        probability=float(answers.probabilities[place, about]) if is_evaluated else None,
        now=None if carried is None else tuple(names[tag_id] for tag_id in carried if tag_id in names),
        is_changed=carried is not None and set(carried) != {tags[column].tag_id for column in image.columns},
        suggestion=suggestion if _is_open(suggestion, carried, context.workspace) else None,
        number=number if number >= 0 else None,
    )


def _is_open(suggestion: SuggestedChange, carried: tuple[str, ...] | None, workspace: _Workspace) -> bool:
    """Whether a suggestion can be applied and is not applied yet."""
    add, remove = ([tag.tag_id for tag in tags] for tags in (suggestion.add, suggestion.remove))
    if carried is None or not workspace.names.keys() >= {*add}:
        return False
    return not set(carried).issuperset(add) or not set(carried).isdisjoint(remove)


def dismiss(store: Store, reviewed: Sequence[ReviewedImage]) -> list[LabelIssue]:
    """Dismiss the label issues of images, because their tags are right; an issue returns when the image is retagged.

    Returns what was dismissed; `store.dismissed_issues.reopen_issues` undoes it.
    """
    issues = [LabelIssue(image.image_id, image.about_id, image.about in image.tags) for image in reviewed]
    store.dismissed_issues.dismiss(issues)
    return issues


def reopen(store: Store, iteration: Iteration) -> list[LabelIssue]:
    """List all label issues of an iteration again. Returns those that were dismissed, to dismiss them again."""
    dismissed = store.dismissed_issues.of_iteration(iteration.id)
    images = store.iterations.images_at(iteration.id, [row for row, _, _ in dismissed])
    store.dismissed_issues.reopen(iteration.id)
    return [
        LabelIssue(image.image_id, tag_id, carried)
        for image, (_, tag_id, carried) in zip(images, dismissed, strict=True)
    ]
