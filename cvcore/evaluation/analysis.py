"""Results computed from an iteration's out-of-fold predictions when first needed, and kept in memory with its arrays.

`load_analysis` keeps the last few iterations in memory. This is the only cache of the arrays. Dropping an iteration
frees its arrays and every result stored in its `Analysis`. What takes seconds among a million images is kept in files
beside the arrays, too: `by_image.kept`.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Integers
from cvcore.errors import ModelDamaged
from cvcore.evaluation import label_issues as issues
from cvcore.evaluation import out_of_fold
from cvcore.evaluation.by_image import blocks, image_lists
from cvcore.evaluation.by_image import top_tags as tops
from cvcore.evaluation.by_image.image_lists import ImageList, TagAnswers
from cvcore.evaluation.by_image.kept import kept
from cvcore.evaluation.by_image.top_tags import TopTags
from cvcore.evaluation.label_issues import DuplicateGroups
from cvcore.evaluation.out_of_fold import OutOfFold
from cvcore.metrics import confusion, reports
from cvcore.metrics.confusion import Answers, Cell, Swap, TagOutcome
from cvcore.records import MULTILABEL, Iteration
from cvcore.store import Store

Threshold = float | NDArray[np.float64] | tuple[float, ...]
ListName = Literal["label_issues", "hardest", "duplicates"]
Selection = Cell | TagOutcome | Swap | ListName

HARDEST = 60

# Increase a number when its formula changes: older files are ignored.
TOP_TAGS_FILE = "top-tags-1.npz"
LIST_FILES: dict[ListName, str] = {"label_issues": "label-issues-1.npz", "hardest": "hardest-images-1.npz"}

# How many iterations are kept; and per iteration, the answers at how many thresholds (each 10 MB for 100,000 images
# and 100 tags) and how many other results, which are small: all together at most so many bytes.
ITERATIONS_KEPT = 8
ANSWERS_KEPT, RESULTS_KEPT = 2, 32
BYTES_KEPT = 2**26

Result = TypeVar("Result")


class Analysis:
    """An iteration's out-of-fold predictions and the results computed from them so far.

    Thresholds are one number or one per tag; methods that take one raise InvalidInput where it is outside 0..1.
    """

    def __init__(
        self, predictions: OutOfFold, near_duplicates: Integers | None = None, *, folder: Path | None = None
    ) -> None:
        """Keep results that take long in files in `folder`, if there is one."""
        self.out_of_fold = predictions
        self.near_duplicates = predictions.groups if near_duplicates is None else near_duplicates
        self.folder = folder
        self._answers = _Recent(ANSWERS_KEPT)
        self._results = _Recent(RESULTS_KEPT)

    def keep(self) -> None:
        """Find all that is kept in files."""
        _ = self.top_tags
        for name in LIST_FILES:
            self._review_list(name)

    @functools.cached_property
    def top_tags(self) -> TopTags | None:
        """The top tag of each image of a Multiclass iteration."""
        arrays = self.out_of_fold
        if arrays.multilabel:
            return None
        return kept(
            self.folder / TOP_TAGS_FILE if self.folder else None,
            TopTags,
            lambda: tops.top_tags(arrays.truth, arrays.probabilities, arrays.evaluated),
        )

    @functools.cached_property
    def duplicate_groups(self) -> DuplicateGroups:
        """The groups of near duplicates."""
        return issues.duplicate_groups(self.out_of_fold.truth, self.near_duplicates)

    def answers(self, threshold: Threshold) -> Answers:
        """The answers at a threshold."""
        return self._answers.result(hashable(threshold), lambda: answers_of(self.out_of_fold, threshold))

    def tag_answers(self, threshold: Threshold) -> TagAnswers:
        """The answers at a threshold, looked at one tag at a time."""
        return image_lists.tag_answers(self.out_of_fold, self.top_tags, threshold)

    def matrix(self, threshold: Threshold) -> Integers:
        """`top_tags.matrix` of a Multiclass iteration at a threshold."""
        return self._results.result(("matrix", hashable(threshold)), lambda: self._matrix(threshold))

    def _matrix(self, threshold: Threshold) -> Integers:
        if self.top_tags is None:
            raise ValueError("only Multiclass iterations have a matrix")
        return tops.matrix(self.top_tags, tops.answered(self.top_tags, np.asarray(threshold)))

    def swaps(self, threshold: Threshold) -> Integers:
        """`confusion.swaps` at a threshold."""
        return self._results.result(("swaps", hashable(threshold)), lambda: self._sum(confusion.swaps, threshold))

    def outcomes(self, threshold: Threshold) -> Integers:
        """`confusion.outcomes` at a threshold."""
        return self._results.result(("outcomes", hashable(threshold)), lambda: self._sum(confusion.outcomes, threshold))

    def _sum(self, count: Callable[[Answers], Integers], threshold: Threshold) -> Integers:
        """What is counted in all answers, some images at a time."""
        arrays, limits = self.out_of_fold, np.asarray(threshold)
        parts = blocks.blocks(arrays.truth, arrays.probabilities, arrays.evaluated)
        counts = [
            count(confusion.answers(truth, scores, evaluated, limits, multilabel=arrays.multilabel))
            for truth, scores, evaluated in parts
        ]
        return np.asarray(np.sum(counts, axis=0), np.int64)

    def report(self, threshold: Threshold) -> reports.Report:
        """`reports.report` at a threshold."""
        arrays, limits = self.out_of_fold, np.asarray(threshold)
        return self._results.result(
            ("report", hashable(threshold)),
            lambda: reports.report(
                arrays.truth, arrays.probabilities, arrays.folds, arrays.groups, limits, multilabel=arrays.multilabel
            ),
        )

    def wrong_images(self, rows: Integers) -> ImageList:
        """Images with these rows, each with the change of its tags that would surprise the model least."""
        return image_lists.wrong_images(self.out_of_fold, self.top_tags, rows)

    def images_behind(self, threshold: Threshold, selection: Selection) -> ImageList:
        """The images behind a number at a threshold, or of a list; dismissed label issues are included."""
        if isinstance(selection, str):  # lists don't depend on the threshold
            return self._results.result(("images", selection), lambda: self._review_list(selection))
        return self._results.result(
            ("images", hashable(threshold), selection),
            lambda: image_lists.images_at(self.tag_answers(threshold), selection),
        )

    def _review_list(self, name: ListName) -> ImageList:
        path = self.folder / LIST_FILES[name] if self.folder and name in LIST_FILES else None
        return kept(path, ImageList, lambda: self._find_list(name))

    def _find_list(self, name: ListName) -> ImageList:
        arrays = self.out_of_fold
        parts = arrays.truth, arrays.probabilities, arrays.evaluated
        match name:
            case "label_issues":
                found = issues.find_label_issues(*parts, multilabel=arrays.multilabel)
                return image_lists.image_list(arrays, found.rows, found.tags, found.tags)
            case "hardest":
                return self.wrong_images(issues.hardest_images(*parts, HARDEST, multilabel=arrays.multilabel))
            case "duplicates":
                duplicates = self.duplicate_groups
                most_probable = image_lists.most_probable(arrays, self.top_tags, duplicates.rows)
                return image_lists.image_list(arrays, duplicates.rows, most_probable, numbers=duplicates.numbers)


class _Recent:
    """The results of the last few keys. Safe with threads: two threads can compute the same result at once.

    The last one is kept however large it is.
    """

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
            while len(self._results) > self._limit or (len(self._results) > 1 and self._size_bytes() > BYTES_KEPT):
                del self._results[next(iter(self._results))]
        return result

    def _size_bytes(self) -> int:
        return sum(map(_size_bytes, self._results.values()))


def _size_bytes(result: Any) -> int:
    """About what a result takes in memory."""
    parts = [getattr(result, field.name) for field in fields(result)] if is_dataclass(result) else [result]
    return sum(part.nbytes for part in parts if isinstance(part, np.ndarray))


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
    near_duplicates = out_of_fold.read_near_duplicates(path.parent / out_of_fold.KEPT_TOGETHER, predictions)
    return Analysis(predictions, near_duplicates, folder=path.parent)


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


def hashable(threshold: Threshold) -> float | tuple[float, ...]:
    """The threshold as a hashable key."""
    return threshold if isinstance(threshold, float | int) else tuple(map(float, threshold))
