"""What follows from an iteration's out-of-fold predictions, computed when first needed and kept beside its arrays.

`load_analysis` keeps the last few iterations in memory, and nothing else does: when one of them is dropped, its arrays
go, and with them all that was computed from them.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float32s, Integers
from cvcore.errors import ModelDamaged
from cvcore.evaluation import label_issues as issues
from cvcore.evaluation import out_of_fold
from cvcore.evaluation.label_issues import DuplicateGroups, LabelIssues
from cvcore.evaluation.out_of_fold import OutOfFold
from cvcore.metrics import confusion, reports
from cvcore.metrics.confusion import Answers, Cell, Swap, TagOutcome
from cvcore.records import MULTILABEL, Iteration
from cvcore.store import Store

Threshold = float | NDArray[np.float64] | tuple[float, ...]
ListName = Literal["label_issues", "hardest", "duplicates"]
Selection = Cell | TagOutcome | Swap | ListName

HARDEST = 240

# How many iterations are kept, and of each how many thresholds' answers (10 MB for 100,000 images and 100 tags) and
# how many results, which are small.
ITERATIONS_KEPT = 8
ANSWERS_KEPT, RESULTS_KEPT = 2, 32

_NONE = -1

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class ImageList:
    """The images behind a number: int arrays (m,), -1 for none.

    rows: the images. about: the tag, a column, whose probability explains why an image is here. add_tags and
    remove_tags: the tag, a column, that the image would have to gain or lose for the model to be right. numbers: the
    group of near duplicates it is in.
    """

    rows: Integers
    about: Integers
    add_tags: Integers
    remove_tags: Integers
    numbers: Integers


class Analysis:
    """An iteration's out-of-fold predictions and what was computed from them so far.

    Thresholds are one number or one a tag; methods that take one raise InvalidInput where it is outside 0..1.
    """

    def __init__(self, predictions: OutOfFold) -> None:
        self.out_of_fold = predictions
        self._answers = _Recent(ANSWERS_KEPT)
        self._results = _Recent(RESULTS_KEPT)

    @functools.cached_property
    def label_issues(self) -> LabelIssues:
        """The images whose tags are probably wrong."""
        arrays = self.out_of_fold
        return issues.find_label_issues(
            arrays.truth, arrays.probabilities, arrays.evaluated, multilabel=arrays.multilabel
        )

    @functools.cached_property
    def hardest_images(self) -> Integers:
        """The rows of the 240 images with the highest cross-entropy, the highest first."""
        arrays = self.out_of_fold
        return issues.hardest_images(
            arrays.truth, arrays.probabilities, arrays.evaluated, HARDEST, multilabel=arrays.multilabel
        )

    @functools.cached_property
    def duplicate_groups(self) -> DuplicateGroups:
        """The groups of near duplicates."""
        return issues.duplicate_groups(self.out_of_fold.truth, self.out_of_fold.groups)

    def answers(self, threshold: Threshold) -> Answers:
        """The answers at a threshold."""
        return self._answers.result(_key(threshold), lambda: answers_of(self.out_of_fold, threshold))

    def matrix(self, threshold: Threshold) -> Integers:
        """`confusion.matrix` at a threshold."""
        return self._results.result(("matrix", _key(threshold)), lambda: confusion.matrix(self.answers(threshold)))

    def swaps(self, threshold: Threshold) -> Integers:
        """`confusion.swaps` at a threshold."""
        return self._results.result(("swaps", _key(threshold)), lambda: confusion.swaps(self.answers(threshold)))

    def report(self, threshold: Threshold) -> reports.Report:
        """`reports.report` at a threshold."""
        arrays, limits = self.out_of_fold, np.asarray(threshold)
        return self._results.result(
            ("report", _key(threshold)),
            lambda: reports.report(
                arrays.truth, arrays.probabilities, arrays.folds, arrays.groups, limits, multilabel=arrays.multilabel
            ),
        )

    def images_behind(self, threshold: Threshold, selection: Selection) -> ImageList:
        """The images behind a number at a threshold, or of a list; label issues with those that were dismissed."""
        is_list = isinstance(selection, str)  # lists don't depend on the threshold
        key = ("images", None if is_list else _key(threshold), selection)
        return self._results.result(key, lambda: self._images_behind(threshold, selection))

    def _images_behind(self, threshold: Threshold, selection: Selection) -> ImageList:
        arrays = self.out_of_fold
        match selection:
            case "label_issues":
                doubts = self.label_issues
                return _image_list(arrays, doubts.rows, doubts.tags, doubts.tags)
            case "hardest":
                rows = self.hardest_images
                surprising = _most_surprising(arrays, rows)
                return _image_list(arrays, rows, surprising, surprising)
            case "duplicates":
                twins = self.duplicate_groups
                return _image_list(arrays, twins.rows, _top(arrays, twins.rows), numbers=twins.numbers)
            case _:
                return images_at(arrays, self.answers(threshold), selection)


class _Recent:
    """The results of the last few keys. Safe with threads: two may compute the same result, neither gets another's."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._results: dict[Hashable, Any] = {}
        self._lock = threading.Lock()

    def result(self, key: Hashable, compute: Callable[[], Result]) -> Result:
        """The result kept for the key, else what `compute` returns."""
        with self._lock:
            kept = self._results.pop(key, None)
        result: Result = compute() if kept is None else kept
        with self._lock:
            self._results[key] = result
            while len(self._results) > self._most:
                del self._results[next(iter(self._results))]
        return result


def load_analysis(store: Store, iteration: Iteration) -> Analysis:
    """A trained iteration's analysis; those of the last few iterations are kept in memory.

    Raises:
        NotTrained: it is not trained.
        ModelDamaged: its file is missing or damaged.
        NotFound: the iteration was deleted meanwhile.
    """
    try:
        return _load(out_of_fold.folder(store, iteration) / out_of_fold.ARRAYS)
    except ModelDamaged:
        store.iterations.get(iteration.id)
        raise


def load(store: Store, iteration: Iteration) -> OutOfFold:
    """A trained iteration's arrays; raises as `load_analysis`."""
    return load_analysis(store, iteration).out_of_fold


def load_column(store: Store, iteration: Iteration, tag: int) -> tuple[Bools, Float32s]:
    """Which images carry a tag, a column, and its probabilities, as (images,) both; raises as `load_analysis`."""
    if column := out_of_fold.read_column(out_of_fold.folder(store, iteration) / out_of_fold.ARRAYS, tag):
        return column
    whole = load(store, iteration)
    return whole.truth[:, tag], whole.probabilities[:, tag]


def load_rows(store: Store, iteration: Iteration, rows: Integers) -> OutOfFold:
    """A trained iteration's arrays with these of its images alone, in that order; raises as `load_analysis`."""
    path = out_of_fold.folder(store, iteration) / out_of_fold.ARRAYS
    if part := out_of_fold.read_rows(path, rows, multilabel=iteration.classification_type == MULTILABEL):
        return part
    whole = load(store, iteration)
    return replace(whole, **{name: getattr(whole, name)[rows] for name in out_of_fold.BY_IMAGE})


@functools.lru_cache(maxsize=ITERATIONS_KEPT)
def _load(path: Path) -> Analysis:
    return Analysis(out_of_fold.read(path))


def answers_of(predictions: OutOfFold, threshold: Threshold) -> Answers:
    """The answers at a threshold, one number or one a tag.

    Raises:
        InvalidInput: a threshold is outside 0..1.
    """
    return confusion.answers(
        predictions.truth,
        predictions.probabilities,
        predictions.evaluated,
        np.asarray(threshold),
        multilabel=predictions.multilabel,
    )


def images_at(predictions: OutOfFold, answers: Answers, selection: Cell | TagOutcome | Swap) -> ImageList:
    """The images behind a number, with what each would have to change for the model to be right."""
    rows = confusion.rows(answers, selection)
    match selection:
        case Cell():
            return _image_list(predictions, rows, _top(predictions, rows), confusion.column(answers.predicted[rows]))
        case TagOutcome(tag, outcome) if outcome in ("tp", "tn"):
            return _image_list(predictions, rows, tag)
        case TagOutcome(tag, "fn") if not predictions.multilabel:
            return _image_list(predictions, rows, tag, confusion.column(answers.predicted[rows]))
        case TagOutcome(tag):
            return _image_list(predictions, rows, tag, tag)
        case Swap(missed, wrong):
            return _image_list(predictions, rows, wrong, wrong, remove=missed)


def _image_list(
    predictions: OutOfFold,
    rows: Integers,
    about: Integers | int,
    change: Integers | int = _NONE,
    *,
    remove: int = _NONE,
    numbers: Integers | int = _NONE,
) -> ImageList:
    """A list in which each image would change its `change`: a tag it carries would be removed, another added."""
    about, change, lost, numbers = (np.broadcast_to(each, rows.shape) for each in (about, change, remove, numbers))
    tags = predictions.truth.shape[1]
    change = np.where(change < tags, change, _NONE)  # no answer is nothing to suggest
    carried = np.zeros(rows.shape, np.bool_)
    carried[change >= 0] = predictions.truth[rows[change >= 0], change[change >= 0]]
    lost = np.where(carried & predictions.multilabel, change, lost)
    return ImageList(rows, about, np.where(carried, _NONE, change), lost, numbers)


def _top(predictions: OutOfFold, rows: Integers) -> Integers:
    """Each image's most probable tag; of one that was not evaluated, which has no probabilities, the first."""
    return np.asarray(np.nan_to_num(predictions.probabilities[rows]).argmax(axis=1))


def _most_surprising(predictions: OutOfFold, rows: Integers) -> Integers:
    """The tag whose probability contradicts most how the image is tagged."""
    if not predictions.multilabel:
        return _top(predictions, rows)
    carried, scores = predictions.truth[rows], predictions.probabilities[rows]
    return np.asarray(np.where(carried, 1 - scores, scores).argmax(axis=1))


def _key(threshold: Threshold) -> float | tuple[float, ...]:
    """The threshold in a form that can be a key."""
    return threshold if isinstance(threshold, float | int) else tuple(map(float, threshold))
