"""Results computed from an iteration's out-of-fold predictions when first needed, and kept in memory with its arrays.

`load_analysis` keeps the last few iterations in memory. This is the only cache of the arrays. Dropping an iteration
frees its arrays and every result stored in its `Analysis`.
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

HARDEST = 60

# How many iterations are kept; and per iteration, the answers at how many thresholds (each 10 MB for 100,000 images
# and 100 tags) and how many other results, which are small.
ITERATIONS_KEPT = 8
ANSWERS_KEPT, RESULTS_KEPT = 2, 32

_NONE = -1

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class ImageList:
    """The images behind a number: int arrays (m,), -1 where there is no tag or group.

    rows: the images. about: the column of the tag whose probability is shown with the image. add_tags and remove_tags:
    the column of the tag that must be added to or removed from the image for the model to be right. numbers: the
    image's group of near duplicates.
    """

    rows: Integers
    about: Integers
    add_tags: Integers
    remove_tags: Integers
    numbers: Integers


class Analysis:
    """An iteration's out-of-fold predictions and the results computed from them so far.

    Thresholds are one number or one per tag; methods that take one raise InvalidInput where it is outside 0..1.
    """

    def __init__(self, predictions: OutOfFold, near_duplicates: Integers | None = None) -> None:
        self.out_of_fold = predictions
        self.near_duplicates = predictions.groups if near_duplicates is None else near_duplicates
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
        """The rows of the 60 hardest images that are wrong or nearly, the hardest first."""
        arrays = self.out_of_fold
        return issues.hardest_images(
            arrays.truth, arrays.probabilities, arrays.evaluated, HARDEST, multilabel=arrays.multilabel
        )

    @functools.cached_property
    def duplicate_groups(self) -> DuplicateGroups:
        """The groups of near duplicates."""
        return issues.duplicate_groups(self.out_of_fold.truth, self.near_duplicates)

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
        """The images behind a number at a threshold, or of a list; dismissed label issues are included."""
        is_list = isinstance(selection, str)  # lists don't depend on the threshold
        key = ("images", None if is_list else _key(threshold), selection)
        return self._results.result(key, lambda: self._images_behind(threshold, selection))

    def _images_behind(self, threshold: Threshold, selection: Selection) -> ImageList:
        arrays = self.out_of_fold
        match selection:
            case "label_issues":
                found = self.label_issues
                return _image_list(arrays, found.rows, found.tags, found.tags)
            case "hardest":
                return wrong_images(arrays, self.hardest_images)
            case "duplicates":
                duplicates = self.duplicate_groups
                top_tags = _top(arrays, duplicates.rows)
                return _image_list(arrays, duplicates.rows, top_tags, numbers=duplicates.numbers)
            case _:
                return images_at(arrays, self.answers(threshold), selection)


class _Recent:
    """The results of the last few keys. Safe with threads: two threads can compute the same result at once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._results: dict[Hashable, Any] = {}
        self._lock = threading.Lock()

    def result(self, key: Hashable, compute: Callable[[], Result]) -> Result:
        """The result kept for the key, else what `compute` returns."""
        with self._lock:
            kept = self._results.pop(key, None)
        result: Result = compute() if kept is None else kept
        with self._lock:
            self._results[key] = result
            while len(self._results) > self._limit:
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
    """Which images carry the tag of a column, and its probabilities: both (images,); raises as `load_analysis`."""
    if column := out_of_fold.read_column(out_of_fold.folder(store, iteration) / out_of_fold.ARRAYS, tag):
        return column
    predictions = load(store, iteration)
    return predictions.truth[:, tag], predictions.probabilities[:, tag]


def load_rows(store: Store, iteration: Iteration, rows: Integers) -> OutOfFold:
    """A trained iteration's arrays, with only these rows of images, in this order; raises as `load_analysis`."""
    path = out_of_fold.folder(store, iteration) / out_of_fold.ARRAYS
    if selected := out_of_fold.read_rows(path, rows, multilabel=iteration.classification_type == MULTILABEL):
        return selected
    predictions = load(store, iteration)
    return replace(predictions, **{name: getattr(predictions, name)[rows] for name in out_of_fold.BY_IMAGE})


@functools.lru_cache(maxsize=ITERATIONS_KEPT)
def _load(path: Path) -> Analysis:
    predictions = out_of_fold.read(path)
    return Analysis(predictions, out_of_fold.read_near_duplicates(path.parent / out_of_fold.KEPT_TOGETHER, predictions))


def answers_of(predictions: OutOfFold, threshold: Threshold) -> Answers:
    """The answers at a threshold, one number or one per tag.

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
    """The images behind a number, each with the change of tags that would make the model right."""
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


def wrong_images(predictions: OutOfFold, rows: Integers) -> ImageList:
    """Images with these rows, each with the change of its tags that would surprise the model least."""
    surprising = _most_surprising(predictions, rows)
    return _image_list(predictions, rows, surprising, surprising)


def _image_list(
    predictions: OutOfFold,
    rows: Integers,
    about: Integers | int,
    toggled_tags: Integers | int = _NONE,
    *,
    remove: int = _NONE,
    numbers: Integers | int = _NONE,
) -> ImageList:
    """The list of images; `toggled_tags` are removed where the image carries it, added where it does not."""
    about, toggled, removed, numbers = (
        np.broadcast_to(values, rows.shape) for values in (about, toggled_tags, remove, numbers)
    )
    tags = predictions.truth.shape[1]
    toggled = np.where(toggled < tags, toggled, _NONE)  # the column of "no answer" is no tag
    carried = np.zeros(rows.shape, np.bool_)
    carried[toggled >= 0] = predictions.truth[rows[toggled >= 0], toggled[toggled >= 0]]
    removed = np.where(carried & predictions.multilabel, toggled, removed)
    return ImageList(rows, about, np.where(carried, _NONE, toggled), removed, numbers)


def _top(predictions: OutOfFold, rows: Integers) -> Integers:
    """Each image's most probable tag; the first tag for an image without probabilities (not evaluated)."""
    return np.asarray(np.nan_to_num(predictions.probabilities[rows]).argmax(axis=1))


def _most_surprising(predictions: OutOfFold, rows: Integers) -> Integers:
    """Each image's tag whose probability contradicts the image's tags most."""
    if not predictions.multilabel:
        return _top(predictions, rows)
    carried, scores = predictions.truth[rows], predictions.probabilities[rows]
    return np.asarray(np.where(carried, 1 - scores, scores).argmax(axis=1))


def _key(threshold: Threshold) -> float | tuple[float, ...]:
    """The threshold as a hashable key."""
    return threshold if isinstance(threshold, float | int) else tuple(map(float, threshold))
