"""A page of an iteration's pictures, each beside the answer it got and beside what the workspace says of it now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cvcore.array_types import Integers
from cvcore.evaluation import analysis
from cvcore.evaluation.analysis import ImageList, Threshold
from cvcore.metrics.confusion import Answers
from cvcore.records import Iteration, LabelIssue
from cvcore.store import SnapshotImage, SnapshotTag, Store

PAGE = 60


@dataclass(frozen=True)
class SuggestedChange:
    """Tags of the snapshot to put on a picture and to take off; in Multiclass what is put on replaces the other."""

    put_on: tuple[SnapshotTag, ...]
    take_off: tuple[SnapshotTag, ...]


@dataclass(frozen=True)
class ReviewedImage:
    """A picture of an iteration beside the answer it got.

    tags: names as they were at the training. answer: names, empty for no answer. is_judged: whether it was evaluated.
    about: the tag whose probability is told, about_id its id. now: names in the workspace today, None where the
    picture has left it; is_changed: whether they are other tags than at the training. suggestion: None where there is
    nothing to suggest, or nothing left to do. number: its group of near duplicates, or None.
    """

    image_id: str
    sha256: str
    name: str
    tags: tuple[str, ...]
    answer: tuple[str, ...]
    is_judged: bool
    about: str
    about_id: str
    probability: float | None
    now: tuple[str, ...] | None
    is_changed: bool
    suggestion: SuggestedChange | None
    number: int | None


def page(
    store: Store, iteration: Iteration, threshold: Threshold, listed: ImageList, number: int = 1
) -> list[ReviewedImage]:
    """A page, numbered from 1, of a listing's pictures, with what the workspace says of them now.

    Raises:
        NotFound: the iteration was deleted meanwhile.
    """
    part = slice(PAGE * (number - 1), PAGE * number)
    rows = listed.rows[part]
    images = store.iterations.images_at(iteration.id, rows.tolist())
    if len(images) < len(rows):
        store.iterations.get(iteration.id)
    told = analysis.answers_of(analysis.load_rows(store, iteration, rows), threshold)
    tags = store.iterations.tags(iteration.id)
    workspace = _workspace(store, iteration, images)
    columns = zip(*(each[part].tolist() for each in _columns(listed)), strict=True)
    return [
        _reviewed_image(told, tags, workspace, place, image, *about)
        for place, (image, about) in enumerate(zip(images, columns, strict=True))
    ]


def _columns(listed: ImageList) -> tuple[Integers, ...]:
    return listed.about, listed.put_on, listed.take_off, listed.numbers


@dataclass(frozen=True)
class _Workspace:
    """What the workspace says now: the tags' names by id, and the ids each picture there carries."""

    names: dict[str, str]
    carried: dict[str, tuple[str, ...]]


def _workspace(store: Store, iteration: Iteration, images: Iterable[SnapshotImage]) -> _Workspace:
    ids = [image.image_id for image in images]
    names = {tag.id: tag.name for tag in store.tags.of_project(iteration.project_id)}
    present = store.images.present(ids)
    return _Workspace(names, {each.id: each.tag_ids for each in store.images.with_ids(ids) if each.id in present})


def _reviewed_image(
    told: Answers,
    tags: Sequence[SnapshotTag],
    workspace: _Workspace,
    place: int,
    image: SnapshotImage,
    about: int,
    put_on: int,
    take_off: int,
    number: int,
) -> ReviewedImage:
    carried = workspace.carried.get(image.image_id)
    is_judged = bool(told.evaluated[place])
    suggestion = SuggestedChange(*(tuple(tags[each] for each in (one,) if each >= 0) for one in (put_on, take_off)))
    return ReviewedImage(
        image_id=image.image_id,
        sha256=image.sha256,
        name=image.name,
        tags=tuple(tags[column].name for column in image.columns),
        answer=tuple(tags[column].name for column in np.flatnonzero(told.given[place]).tolist()),
        is_judged=is_judged,
        about=tags[about].name,
        about_id=tags[about].tag_id,
        probability=float(told.probabilities[place, about]) if is_judged else None,
        now=None if carried is None else tuple(workspace.names[each] for each in carried if each in workspace.names),
        is_changed=carried is not None and set(carried) != {tags[column].tag_id for column in image.columns},
        suggestion=suggestion if _is_open(suggestion, carried, workspace) else None,
        number=number if number >= 0 else None,
    )


def _is_open(suggestion: SuggestedChange, carried: tuple[str, ...] | None, workspace: _Workspace) -> bool:
    """Whether a suggestion can be followed, and has not been."""
    on, off = ([tag.tag_id for tag in each] for each in (suggestion.put_on, suggestion.take_off))
    if carried is None or not workspace.names.keys() >= {*on}:
        return False
    return not set(carried).issuperset(on) or not set(carried).isdisjoint(off)


def dismiss(store: Store, reviewed: Sequence[ReviewedImage]) -> None:
    """Say that what is suspected of pictures is right as it is: neither this list nor a later one names it again."""
    issues = [LabelIssue(each.image_id, each.about_id, each.about in each.tags) for each in reviewed]
    store.dismissed_issues.dismiss(issues)
