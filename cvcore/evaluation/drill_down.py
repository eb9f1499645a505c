"""The pictures behind every number of an iteration: a cell, a count, a list of suspects.

Nothing is worked out twice: what was last asked for is kept in memory, as arrays of row numbers.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Integers
from cvcore.evaluation import label_issues, out_of_fold
from cvcore.evaluation.out_of_fold import OutOfFold
from cvcore.metrics import confusion
from cvcore.metrics.confusion import Answers, Cell, Swap, TagOutcome
from cvcore.records import MULTICLASS, Iteration
from cvcore.store import Store

Threshold = float | NDArray[np.float64] | tuple[float, ...]
ListName = Literal["suspects", "losses", "duplicates"]
Selection = Cell | TagOutcome | Swap | ListName

HARDEST = 240
PAIRS = 20

_NONE = -1


@dataclass(frozen=True, eq=False)
class ImageList:
    """The pictures behind a number: int arrays (m,), -1 for none.

    rows: the pictures. about: the tag, a column, whose probability explains why a picture is here. put_on and
    take_off: the tags, columns, that the picture would have to change for the model to be right. numbers: which
    group of near duplicates it is of.
    """

    rows: Integers
    about: Integers
    put_on: Integers
    take_off: Integers
    numbers: Integers


def answers(store: Store, iteration: Iteration, threshold: Threshold) -> Answers:
    """An iteration's answers at a threshold, one number or one a tag.

    Raises:
        NotTrained, ModelDamaged: as `evaluation.load`.
        InvalidInput: a threshold is outside 0..1.
    """
    return _answers(out_of_fold.load(store, iteration), _key(threshold))


def matrix(store: Store, iteration: Iteration, threshold: Threshold) -> Integers:
    """A Multiclass iteration's `confusion.matrix`; raises as `answers`."""
    return _matrix(out_of_fold.load(store, iteration), _key(threshold))


def swaps(store: Store, iteration: Iteration, threshold: Threshold) -> Integers:
    """A Multilabel iteration's `confusion.swaps`; raises as `answers`."""
    return _swaps(out_of_fold.load(store, iteration), _key(threshold))


def most_confused(store: Store, iteration: Iteration, threshold: Threshold) -> list[tuple[Cell | Swap, int]]:
    """The commonest confusions with their counts, at most 20, the commonest first; raises as `answers`."""
    if iteration.classification_type == MULTICLASS:
        found = confusion.most_confused(matrix(store, iteration, threshold)[:-1, :-1], PAIRS)
        return [(Cell(row, column), count) for row, column, count in found]
    found = confusion.most_confused(swaps(store, iteration, threshold), PAIRS)
    return [(Swap(row, column), count) for row, column, count in found]


def differently_tagged_duplicates(store: Store, iteration: Iteration) -> int:
    """How many groups of near duplicates are tagged differently; raises as `evaluation.load`."""
    return _duplicates(out_of_fold.load(store, iteration)).differing


def images_behind(store: Store, iteration: Iteration, threshold: Threshold, asked: Selection) -> ImageList:
    """The pictures behind a number or of a list, suspects without those that were found right; raises as `answers`."""
    if isinstance(asked, TagOutcome):
        return _of_tag(store, iteration, threshold, asked)
    judged = out_of_fold.load(store, iteration)
    listed = _images_behind(judged, _key(threshold), asked)
    if asked != "suspects":
        return listed
    return _only(listed, ~_is_dismissed(store, iteration, judged, listed))


def dismissed_count(store: Store, iteration: Iteration) -> int:
    """How many suspects are left out because someone found them right; raises as `evaluation.load`."""
    judged = out_of_fold.load(store, iteration)
    return int(_is_dismissed(store, iteration, judged, _images_behind(judged, 0.5, "suspects")).sum())


def answers_of(judged: OutOfFold, threshold: Threshold) -> Answers:
    """The answers at a threshold, one number or one a tag, of arrays at hand.

    Raises:
        InvalidInput: a threshold is outside 0..1.
    """
    return confusion.answers(
        judged.truth, judged.probabilities, judged.evaluated, np.asarray(threshold), multilabel=judged.multilabel
    )


def _of_tag(store: Store, iteration: Iteration, threshold: Threshold, asked: TagOutcome) -> ImageList:
    """The pictures behind a tag's count, from the tag's own columns and the few rows that may be meant.

    A click on one is the first that a page does with the arrays, which are too large to be read for it.
    """
    carried, told = out_of_fold.load_column(store, iteration, asked.tag)
    maybe = carried if asked.outcome in ("tp", "fn") else ~carried
    if asked.outcome in ("tp", "fp"):
        limits = np.asarray(threshold, np.float64)
        maybe = maybe & (told.astype(np.float64) >= (limits[asked.tag] if limits.ndim else limits))
    rows = np.flatnonzero(maybe)
    judged = out_of_fold.load_rows(store, iteration, rows)
    listed = _behind(judged, answers_of(judged, threshold), asked)
    return replace(listed, rows=rows[listed.rows])


def _is_dismissed(store: Store, iteration: Iteration, judged: OutOfFold, listed: ImageList) -> Bools:
    """Which of the suspects were found right, as (m,); one tagged otherwise since is a suspect again."""
    columns = {tag.tag_id: column for column, tag in enumerate(out_of_fold.tags(store, iteration))}
    settled = {
        (row, columns[tag_id])
        for row, tag_id, carried in store.dismissed_issues.of_iteration(iteration.id)
        if tag_id in columns and carried == judged.truth[row, columns[tag_id]]
    }
    places = zip(listed.rows.tolist(), listed.about.tolist(), strict=True)
    return np.fromiter((place in settled for place in places), np.bool_, len(listed.rows))


def _only(listed: ImageList, chosen: Bools) -> ImageList:
    return ImageList(*(getattr(listed, each.name)[chosen] for each in fields(listed)))


def _key(threshold: Threshold) -> float | tuple[float, ...]:
    """The threshold in a form that a cache can keep."""
    return threshold if isinstance(threshold, float | int) else tuple(map(float, threshold))


@functools.lru_cache(maxsize=4)
def _answers(judged: OutOfFold, threshold: float | tuple[float, ...]) -> Answers:
    return answers_of(judged, threshold)


@functools.lru_cache(maxsize=16)
def _matrix(judged: OutOfFold, threshold: float | tuple[float, ...]) -> Integers:
    return confusion.matrix(_answers(judged, threshold))


@functools.lru_cache(maxsize=16)
def _swaps(judged: OutOfFold, threshold: float | tuple[float, ...]) -> Integers:
    return confusion.swaps(_answers(judged, threshold))


@functools.lru_cache(maxsize=8)
def _label_issues(judged: OutOfFold) -> label_issues.LabelIssues:
    return label_issues.find_label_issues(
        judged.truth, judged.probabilities, judged.evaluated, multilabel=judged.multilabel
    )


@functools.lru_cache(maxsize=8)
def _hardest(judged: OutOfFold) -> Integers:
    return label_issues.hardest_images(
        judged.truth, judged.probabilities, judged.evaluated, HARDEST, multilabel=judged.multilabel
    )


@functools.lru_cache(maxsize=8)
def _duplicates(judged: OutOfFold) -> label_issues.DuplicateGroups:
    return label_issues.duplicate_groups(judged.truth, judged.groups)


@functools.lru_cache(maxsize=32)
def _images_behind(judged: OutOfFold, threshold: float | tuple[float, ...], asked: Cell | Swap | ListName) -> ImageList:
    match asked:
        case "suspects":
            found = _label_issues(judged)
            return _image_list(judged, found.rows, found.tags, found.tags)
        case "losses":
            rows = _hardest(judged)
            surprising = _most_surprising(judged, rows)
            return _image_list(judged, rows, surprising, surprising)
        case "duplicates":
            twins = _duplicates(judged)
            return _image_list(judged, twins.rows, _top(judged, twins.rows), numbers=twins.numbers)
        case _:
            return _behind(judged, _answers(judged, threshold), asked)


def _behind(judged: OutOfFold, told: Answers, asked: Cell | TagOutcome | Swap) -> ImageList:
    """The pictures behind a number."""
    rows = confusion.rows(told, asked)
    match asked:
        case Cell():
            return _image_list(judged, rows, _top(judged, rows), confusion.column(told.given[rows]))
        case TagOutcome(tag, outcome) if outcome in ("tp", "tn"):
            return _image_list(judged, rows, tag)
        case TagOutcome(tag, "fn") if not judged.multilabel:
            return _image_list(judged, rows, tag, confusion.column(told.given[rows]))
        case TagOutcome(tag):
            return _image_list(judged, rows, tag, tag)
        case Swap(missed, given):
            return _image_list(judged, rows, given, given, take_off=missed)


def _image_list(
    judged: OutOfFold,
    rows: Integers,
    about: Integers | int,
    change: Integers | int = _NONE,
    *,
    take_off: int = _NONE,
    numbers: Integers | int = _NONE,
) -> ImageList:
    """A listing in which each picture would change its `change`: a tag it carries comes off, another goes on."""
    about, change, off, numbers = (np.broadcast_to(each, rows.shape) for each in (about, change, take_off, numbers))
    tags = judged.truth.shape[1]
    change = np.where(change < tags, change, _NONE)  # no answer is nothing to suggest
    carried = np.zeros(rows.shape, np.bool_)
    carried[change >= 0] = judged.truth[rows[change >= 0], change[change >= 0]]
    off = np.where(carried & judged.multilabel, change, off)
    return ImageList(rows, about, np.where(carried, _NONE, change), off, numbers)


def _top(judged: OutOfFold, rows: Integers) -> Integers:
    """Each picture's most probable tag; of one that was not evaluated, which has none, the first."""
    return np.asarray(np.nan_to_num(judged.probabilities[rows]).argmax(axis=1))


def _most_surprising(judged: OutOfFold, rows: Integers) -> Integers:
    """The tag that speaks loudest against what a picture is tagged."""
    if not judged.multilabel:
        return _top(judged, rows)
    carried, told = judged.truth[rows], judged.probabilities[rows]
    return np.asarray(np.where(carried, 1 - told, told).argmax(axis=1))
