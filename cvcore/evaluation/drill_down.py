"""Finds the images behind a number of an iteration: a confusion cell, a count, or a list such as the label issues."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from cvcore.array_types import Bools, Integers
from cvcore.evaluation import analysis, out_of_fold
from cvcore.evaluation.analysis import Selection, Threshold
from cvcore.evaluation.by_image.image_lists import ImageList
from cvcore.evaluation.out_of_fold import OutOfFold
from cvcore.metrics import confusion
from cvcore.metrics.confusion import Answers, Cell, Swap
from cvcore.records import MULTICLASS, Iteration
from cvcore.store import Store

PAIRS = 20


def answers(store: Store, iteration: Iteration, threshold: Threshold) -> Answers:
    """An iteration's answers at a threshold, one number or one per tag.

    Raises:
        NotTrained, ModelDamaged: as `evaluation.load`.
        InvalidInput: a threshold is outside 0..1.
    """
    return analysis.load_analysis(store, iteration).answers(threshold)


def matrix(store: Store, iteration: Iteration, threshold: Threshold) -> Integers:
    """A Multiclass iteration's `top_tags.matrix`; raises as `answers`."""
    return analysis.load_analysis(store, iteration).matrix(threshold)


def swaps(store: Store, iteration: Iteration, threshold: Threshold) -> Integers:
    """A Multilabel iteration's `confusion.swaps`; raises as `answers`."""
    return analysis.load_analysis(store, iteration).swaps(threshold)


def outcomes(store: Store, iteration: Iteration, threshold: Threshold) -> Integers:
    """An iteration's `confusion.outcomes`; raises as `answers`."""
    return analysis.load_analysis(store, iteration).outcomes(threshold)


def most_confused(store: Store, iteration: Iteration, threshold: Threshold) -> list[tuple[Cell | Swap, int]]:
    """The commonest confusions with their counts, at most 20, the commonest first; raises as `answers`."""
    if iteration.classification_type == MULTICLASS:
        pairs = confusion.most_confused(matrix(store, iteration, threshold)[:-1, :-1], PAIRS)
        return [(Cell(row, column), count) for row, column, count in pairs]
    pairs = confusion.most_confused(swaps(store, iteration, threshold), PAIRS)
    return [(Swap(row, column), count) for row, column, count in pairs]


def differently_tagged_duplicates(store: Store, iteration: Iteration) -> int:
    """How many groups of near duplicates are tagged differently; raises as `evaluation.load`."""
    return analysis.load_analysis(store, iteration).duplicate_groups.differing


def images_behind(store: Store, iteration: Iteration, threshold: Threshold, selection: Selection) -> ImageList:
    """The images behind a number or of a list; dismissed label issues are left out; raises as `answers`."""
    loaded = analysis.load_analysis(store, iteration)
    images = loaded.images_behind(threshold, selection)
    if selection != "label_issues":
        return images
    return _only(images, ~_is_dismissed(store, iteration, loaded.out_of_fold, images))


def dismissed_count(store: Store, iteration: Iteration) -> int:
    """How many label issues are not listed because a user dismissed them; raises as `evaluation.load`."""
    loaded = analysis.load_analysis(store, iteration)
    images = loaded.images_behind(0.5, "label_issues")  # the threshold does not matter here
    return int(_is_dismissed(store, iteration, loaded.out_of_fold, images).sum())


def _is_dismissed(store: Store, iteration: Iteration, predictions: OutOfFold, images: ImageList) -> Bools:
    """Which label issues are dismissed, as (m,). A dismissal counts only while the image is tagged as it was then."""
    columns = {tag.tag_id: column for column, tag in enumerate(out_of_fold.tags(store, iteration))}
    dismissed = {
        (row, columns[tag_id])
        for row, tag_id, carried in store.dismissed_issues.of_iteration(iteration.id)
        if tag_id in columns and carried == predictions.truth[row, columns[tag_id]]
    }
    places = zip(images.rows.tolist(), images.about.tolist(), strict=True)
    return np.fromiter((place in dismissed for place in places), np.bool_, len(images.rows))


def _only(images: ImageList, chosen: Bools) -> ImageList:
    return ImageList(*(getattr(images, field.name)[chosen] for field in fields(images)))
