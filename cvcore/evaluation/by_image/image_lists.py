"""The images behind a number, each with the change of tags that would make the model right.

A number is of one or two tags: only their columns are read, and of a Multiclass iteration mostly not even these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float32s, Integers
from cvcore.evaluation.by_image import blocks, top_tags
from cvcore.evaluation.by_image.top_tags import TopTags
from cvcore.metrics import decision_rule
from cvcore.metrics.confusion import Cell, Swap, TagOutcome

NONE = -1


class Predictions(Protocol):
    """What is used here of an `OutOfFold`."""

    @property
    def truth(self) -> Bools:
        """Which images carry which tags, (n, k)."""

    @property
    def probabilities(self) -> Float32s:
        """Of the same shape."""

    @property
    def evaluated(self) -> Bools:
        """Which images were evaluated, (n,)."""

    @property
    def multilabel(self) -> bool:
        """Whether an image can have several tags."""


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


@dataclass(frozen=True, eq=False)
class TagAnswers:
    """An iteration's answers at a threshold, looked at one tag at a time.

    tops: of a Multiclass iteration, else None; then answers, (n,), are the columns of its answers.
    """

    predictions: Predictions
    threshold: NDArray[np.float64]
    tops: TopTags | None
    answers: NDArray[np.int32] | None

    def carried(self, tag: int) -> Bools:
        """Which images carry the tag, (n,); of a Multiclass iteration with `tags`, which carry none."""
        if self.tops is not None:
            return np.asarray(self.tops.own == tag)
        return blocks.column(self.predictions.truth, tag)

    def given(self, tag: int) -> Bools:
        """Which images are answered with the tag, (n,); of a Multiclass iteration with `tags`, which with none."""
        if self.answers is not None:
            return np.asarray(self.answers == tag)
        evaluated = self.predictions.evaluated
        given = np.zeros(len(evaluated), np.bool_)
        scores = blocks.column(self.predictions.probabilities, tag)[evaluated, None]
        limit = self.threshold[tag] if self.threshold.ndim else self.threshold
        given[evaluated] = decision_rule.answers(scores, limit, multilabel=True)[:, 0]
        return given

    def probabilities(self, rows: Integers, tag: int) -> Float32s:
        """The tag's probability for these images, (m,)."""
        return blocks.cells(self.predictions.probabilities, rows, tag)

    def answer(self, rows: Integers) -> Integers:
        """The column of the answer of each of these images of a Multiclass iteration, `tags` for none."""
        assert self.answers is not None
        return self.answers[rows].astype(np.int64)


def tag_answers(predictions: Predictions, tops: TopTags | None, threshold: Any) -> TagAnswers:
    """The answers at a threshold, one number or one per tag; `tops` are the `top_tags` of a Multiclass iteration.

    Raises:
        InvalidInput: a threshold is outside 0..1.
    """
    limits = decision_rule.checked_thresholds(np.asarray(threshold))
    return TagAnswers(predictions, limits, tops, None if tops is None else top_tags.answered(tops, limits))


def images_at(answers: TagAnswers, selection: Cell | TagOutcome | Swap) -> ImageList:
    """The images behind a number, each with the change that would make it right; ties in the order of the rows.

    - Cell: by highest probability, descending.
    - True or false positives, and swaps: by the answered tag's probability, descending.
    - Negatives: by the tag's probability, ascending.
    """
    rows = _rows(answers, selection)
    match selection:
        case Cell():
            return image_list(
                answers.predictions, rows, most_probable(answers.predictions, answers.tops, rows), answers.answer(rows)
            )
        case TagOutcome(tag, outcome) if outcome in ("tp", "tn"):
            return image_list(answers.predictions, rows, tag)
        case TagOutcome(tag, "fn") if answers.answers is not None:
            return image_list(answers.predictions, rows, tag, answers.answer(rows))
        case TagOutcome(tag):
            return image_list(answers.predictions, rows, tag, tag)
        case Swap(missed, wrong):
            return image_list(answers.predictions, rows, wrong, wrong, remove=missed)


def _rows(answers: TagAnswers, selection: Cell | TagOutcome | Swap) -> Integers:
    evaluated, is_falling = answers.predictions.evaluated, True
    match selection:
        case Cell(actual, predicted):
            assert answers.tops is not None
            images = np.flatnonzero(evaluated & answers.carried(actual) & answers.given(predicted))
            probabilities = answers.tops.probability[images]
        case Swap(missed, wrong):
            is_missed = answers.carried(missed) & ~answers.given(missed)
            images = np.flatnonzero(evaluated & is_missed & answers.given(wrong) & ~answers.carried(wrong))
            probabilities = answers.probabilities(images, wrong)
        case TagOutcome(tag, outcome):
            is_falling, is_right = outcome in ("tp", "fp"), outcome in ("tp", "fn")
            is_listed = (answers.given(tag) == is_falling) & (answers.carried(tag) == is_right)
            images = np.flatnonzero(evaluated & is_listed)
            probabilities = answers.probabilities(images, tag)
    return _sorted(images, probabilities, is_falling=is_falling)


def _sorted(rows: Integers, probabilities: Float32s, *, is_falling: bool) -> Integers:
    """The rows, ascending ones, by their probabilities, 0..1; ties in the order of the rows."""
    # Such numbers are ordered as their bits are, and integers of both are sorted ten times as fast as a stable sort.
    bits = np.asarray(probabilities, np.float32).view(np.uint32)
    keys = np.asarray(~bits if is_falling else bits, np.uint64) << np.uint64(32)
    keys |= rows.astype(np.uint64)
    keys.sort()
    return np.asarray(keys & np.uint64(2**32 - 1), np.int64)


def image_list(
    predictions: Predictions,
    rows: Integers,
    about: Integers | int,
    toggled_tags: Integers | int = NONE,
    *,
    remove: int = NONE,
    numbers: Integers | int = NONE,
) -> ImageList:
    """The list of images; `toggled_tags` are removed where the image carries it, added where it does not."""
    about, toggled, removed, numbers = (
        np.broadcast_to(values, rows.shape) for values in (about, toggled_tags, remove, numbers)
    )
    tags = predictions.truth.shape[1]
    toggled = np.where(toggled < tags, toggled, NONE)  # the column of "no answer" is no tag
    carried = np.zeros(rows.shape, np.bool_)
    carried[toggled >= 0] = blocks.cells(predictions.truth, rows[toggled >= 0], toggled[toggled >= 0])
    removed = np.where(carried & predictions.multilabel, toggled, removed)
    return ImageList(rows, about, np.where(carried, NONE, toggled), removed, numbers)


def wrong_images(predictions: Predictions, tops: TopTags | None, rows: Integers) -> ImageList:
    """Images with these rows, each with the change of its tags that would surprise the model least."""
    surprising = _most_surprising(predictions, rows) if tops is None else tops.top[rows].astype(np.int64)
    return image_list(predictions, rows, surprising, surprising)


def most_probable(predictions: Predictions, tops: TopTags | None, rows: Integers) -> Integers:
    """Each image's most probable tag; the first tag for an image without probabilities (not evaluated)."""
    if tops is not None:
        return tops.top[rows].astype(np.int64)
    return blocks.of_rows(rows, lambda scores: np.nan_to_num(scores).argmax(axis=1), predictions.probabilities)


def _most_surprising(predictions: Predictions, rows: Integers) -> Integers:
    """Each image's tag whose probability contradicts the image's tags most."""

    def surprising(carried: Bools, scores: Float32s) -> Integers:
        return np.asarray(np.where(carried, 1 - scores, scores).argmax(axis=1))

    return blocks.of_rows(rows, surprising, predictions.truth, predictions.probabilities)
