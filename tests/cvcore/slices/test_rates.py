"""The numbers of a slice: by hand, against the report of these images alone, and what must not change them."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from cvcore.array_types import Bools
from cvcore.evaluation.analysis import Analysis
from cvcore.evaluation.out_of_fold import OutOfFold
from cvcore.metrics import decision_rule, reports
from cvcore.metrics.reports import MEASURES, Report
from cvcore.slices import answers, ranks, rates

Made = tuple[Bools, Any, Any, Any]


def made(seed: int, *, multilabel: bool, images: int = 120, tags: int = 5) -> Made:
    """An evaluation of random images with ties, near duplicates, and some images that were not evaluated."""
    random = np.random.default_rng(seed)
    truth = (
        random.random((images, tags)) < 0.3
        if multilabel
        else np.eye(tags, dtype=bool)[random.integers(tags, size=images)]
    )
    scores = (random.random((images, tags)) + truth).round(1) / 2
    folds = random.integers(-1, 3, images)
    scores[folds < 0] = np.nan
    return truth, scores, folds, random.integers(images * 3 // 4, size=images)


def report(evaluation: Made, chosen: Bools, threshold: Any, *, multilabel: bool) -> Report:
    """The report of the chosen images by `rates`, whether they are chosen or are those left over."""
    tags = evaluation[0].shape[1]
    predictions = OutOfFold(*evaluation, np.zeros((1, tags), np.float32), np.zeros(tags, np.float32), multilabel)
    evaluated = answers.evaluated(predictions)
    given = answers.answers(evaluated, threshold, Analysis(predictions).top_tags)
    here = chosen[evaluated.rows]
    ranked = ranks.ranks(evaluated)
    found, _ = rates.reports_of(evaluated, given, ranked, here)
    _, rest = rates.reports_of(evaluated, given, ranked, ~here)
    assert [*map(numbers, (found.overall, *found.tags))] == [*map(numbers, (rest.overall, *rest.tags))]
    return found


def numbers(found: Any) -> dict[str, Any]:
    """A report's numbers, rounded, with None for nan so that they can be compared."""

    def plain(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(plain, value))
        return None if math.isnan(value) else round(float(value), 9)

    return {name: plain(value) for name, value in asdict(found).items()}


def test_a_slice_by_hand() -> None:
    """Of three images with a tag two are found, and one image of another slice does not count."""
    truth = np.array([[1, 0], [1, 0], [1, 0], [0, 1], [1, 0]], bool)
    scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6], [0.1, 0.9]])
    evaluation = truth, scores, np.zeros(5, int), np.arange(5)
    found = report(evaluation, np.array([1, 1, 1, 1, 0], bool), 0.5, multilabel=False)
    first, second = found.tags
    assert (3, 2, 0, 1) == (first.images, first.tp, first.fp, first.fn)
    assert (1, 1, 1, 0) == (second.images, second.tp, second.fp, second.fn)
    assert (1.0, 2 / 3, 0.5, 1.0) == (first.precision, first.recall, second.precision, second.recall)
    # Ranks of the first tag: 0.9, 0.8, then 0.4 of the other tag, then 0.3: (1 + 1 + 3/4) / 3.
    assert 2.75 / 3 == pytest.approx(first.average_precision)


def test_a_tag_without_images_in_the_slice_is_undefined() -> None:
    """Its wrong answers are counted, but it has no rates, and the means are those of the other tags."""
    truth = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0]], bool)
    scores = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.1, 0.9, 0.0]])
    found = report((truth, scores, np.zeros(3, int), np.arange(3)), np.array([1, 1, 0], bool), 0.5, multilabel=False)
    assert (0, 1) == (found.tags[1].images, found.tags[1].fp)
    for name in MEASURES:
        assert math.isnan(getattr(found.tags[1], name))
        assert all(map(math.isnan, getattr(found.tags[1], f"{name}_interval")))
        assert 1 == getattr(found.overall, f"{name}_tags")
    assert 0.5 == found.overall.recall


@pytest.mark.parametrize("multilabel", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_a_slice_has_the_report_of_its_images_alone(seed: int, multilabel: bool) -> None:
    """Every number and interval is that of an iteration with these images only, for the tags that they carry."""
    evaluation = made(seed, multilabel=multilabel)
    truth, scores, folds, groups = evaluation
    random = np.random.default_rng(seed)
    chosen = random.random(len(truth)) < (0.02, 0.3, 0.7, 1)[seed % 4]
    threshold = random.random(truth.shape[1]).round(2) if seed % 2 else 0.5
    found = report(evaluation, chosen, threshold, multilabel=multilabel)
    evaluated = chosen & (folds >= 0)
    carried = truth[evaluated].any(axis=0)
    predicted = decision_rule.answers(scores[evaluated], threshold, multilabel=multilabel)
    alone = reports.report(
        truth[chosen], scores[chosen], folds[chosen], groups[chosen], np.asarray(threshold), multilabel=multilabel
    )
    for tag in np.flatnonzero(carried):
        assert numbers(alone.tags[tag]) == numbers(found.tags[tag])
    if carried.all():
        assert numbers(alone.overall) == numbers(found.overall)
    assert (predicted & ~truth[evaluated]).sum(axis=0).tolist() == [tag.fp for tag in found.tags]


def test_an_empty_slice_has_no_numbers() -> None:
    """Where no image is left, everything is undefined and nothing fails."""
    found = report(made(1, multilabel=True), np.zeros(120, bool), 0.5, multilabel=True)
    assert 0 == found.overall.images
    assert math.isnan(found.overall.recall)


def test_the_order_of_images_does_not_matter() -> None:
    """Rows in another order give the same report."""
    evaluation = made(3, multilabel=True)
    chosen = np.random.default_rng(0).random(120) < 0.5
    order = np.random.default_rng(1).permutation(120)
    moved = tuple(array[order] for array in evaluation)
    assert numbers(report(evaluation, chosen, 0.5, multilabel=True).overall) == numbers(
        report(moved, chosen[order], 0.5, multilabel=True).overall  # type: ignore[arg-type]
    )
