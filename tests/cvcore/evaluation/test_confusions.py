"""The confusion matrix and the images behind each number: by hand, against scikit-learn, and what always holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from cvcore import metrics
from cvcore.evaluation.analysis import Analysis, Selection
from cvcore.evaluation.out_of_fold import OutOfFold
from cvcore.metrics.confusion import OUTCOMES, Cell, Swap, TagOutcome


def one_hot(columns: Any, tags: int) -> np.ndarray:
    return np.asarray(columns)[:, None] == np.arange(tags)


def analysis_of(truth: Any, scores: Any, *, multilabel: bool = False, evaluated: Any = True) -> Analysis:
    """The analysis of these probabilities, as of a trained iteration."""
    truth = np.asarray(truth)
    images, tags = truth.shape
    folds = np.where(np.broadcast_to(evaluated, images), 0, -1)
    head = np.zeros((1, tags), np.float32), np.zeros(tags, np.float32)
    return Analysis(OutOfFold(truth, np.asarray(scores, np.float32), folds, np.arange(images), *head, multilabel))


def drawn(images: int = 300, tags: int = 4, *, multilabel: bool = False) -> Analysis:
    """A model that knows a little; every seventh image was not evaluated."""
    random = np.random.default_rng(7)
    truth = random.random((images, tags)) < 0.4 if multilabel else one_hot(random.integers(0, tags, images), tags)
    scores = np.round(random.random((images, tags)) + truth, 1)  # rounded, so that there are ties
    scores = scores / 2 if multilabel else scores / scores.sum(axis=1, keepdims=True)
    evaluated = np.arange(images) % 7 != 3
    scores[~evaluated] = np.nan
    return analysis_of(truth, scores, multilabel=multilabel, evaluated=evaluated)


def rows(found: Analysis, selection: Selection, threshold: float = 0.4) -> list[int]:
    return list(found.images_behind(threshold, selection).rows.tolist())


# By hand


def test_a_matrix_by_hand() -> None:
    """Of three roses one is found, one taken for a tulip and one for nothing; the tulip is found."""
    found = analysis_of(one_hot([0, 0, 0, 1], 2), [[0.9, 0.1], [0.2, 0.8], [0.55, 0.45], [0.3, 0.7]])
    assert [[1, 1, 1], [0, 1, 0], [0, 0, 0]] == found.matrix(0.6).tolist()
    assert [[1], [2], []] == [rows(found, cell, 0.6) for cell in (Cell(0, 1), Cell(0, 2), Cell(1, 0))]


def test_an_image_without_a_tag_stands_in_the_last_row() -> None:
    """Training leaves none, but arrays from elsewhere may have one, and it is not lost."""
    found = analysis_of([[False, False], [True, False]], np.full((2, 2), 0.5))
    assert [[1, 0, 0], [0, 0, 0], [1, 0, 0]] == found.matrix(0.5).tolist()
    assert [0] == rows(found, Cell(2, 0), 0.5)


def test_each_tag_by_its_own_threshold() -> None:
    """A top tag below its own threshold is no answer."""
    found = analysis_of(one_hot([0, 1], 2), [[0.6, 0.4], [0.3, 0.7]])
    assert [[1, 0, 0], [0, 0, 1], [0, 0, 0]] == found.matrix((0.5, 0.8)).tolist()


def test_the_surest_come_first() -> None:
    """What was answered by highest probability, what was not by lowest, equals in the order of the images."""
    truth = [[True], [True], [True], [False], [False], [True], [True]]
    found = analysis_of(truth, [[0.7], [0.9], [0.7], [0.8], [0.6], [0.4], [0.1]], multilabel=True)
    listed = {outcome: rows(found, TagOutcome(0, outcome), 0.5) for outcome in OUTCOMES}
    assert {"tp": [1, 0, 2], "fp": [3, 4], "fn": [6, 5], "tn": []} == listed


def test_swaps_by_hand() -> None:
    """Two tags missed and one given wrongly are two swaps; the surest wrong answer comes first."""
    truth = [[True, True, False], [True, False, False], [False, True, False]]
    found = analysis_of(truth, [[0.1, 0.2, 0.9], [0.1, 0.1, 0.1], [0.8, 0.1, 0.7]], multilabel=True)
    assert [[0, 2], [2]] == [rows(found, swap, 0.5) for swap in (Swap(1, 2), Swap(1, 0))]


def test_nothing_evaluated_is_a_table_of_zeros() -> None:
    """An iteration without any evaluated image has empty tables and lists."""
    for multilabel in (True, False):
        found = analysis_of(one_hot([0, 1], 2), np.full((2, 2), np.nan), multilabel=multilabel, evaluated=False)
        tables = [found.outcomes(0.5), found.swaps(0.5), *([] if multilabel else [found.matrix(0.5)])]
        assert not any(table.any() for table in tables)
        assert [] == rows(found, TagOutcome(0, "fn"))


# Against a second implementation


def test_agrees_with_scikit_learn_at_threshold_0() -> None:
    """When every image has an answer, the matrix is scikit-learn's of the top tags, and the none column empty."""
    analysis = drawn()
    known = analysis.out_of_fold
    truth, scores = known.truth[known.evaluated], known.probabilities[known.evaluated]
    found = analysis.matrix(0.0)
    assert confusion_matrix(truth.argmax(1), scores.argmax(1), labels=range(4)).tolist() == found[:4, :4].tolist()
    assert 0 == found[:, 4].sum()


# What must hold for any answers


@pytest.mark.parametrize("threshold", [0.0, 0.4, 0.7, 1.0])
def test_the_matrix_counts_every_evaluated_image_once(threshold: float) -> None:
    """Its sum is their number, its row sums those of the tags, and its columns give what `metrics` counts."""
    analysis = drawn()
    known, found = analysis.out_of_fold, analysis.matrix(threshold)
    truth, scores = known.truth[known.evaluated], known.probabilities[known.evaluated]
    assert len(truth) == found.sum()
    assert truth.sum(axis=0).tolist() == found.sum(axis=1)[:4].tolist()
    right = found.diagonal()[:4]
    counted = np.stack([right, found[:, :4].sum(axis=0) - right, found.sum(axis=1)[:4] - right], axis=1)
    expected = metrics.counts(truth, scores, np.array([threshold]), multilabel=False)
    assert expected[0, :, :3].tolist() == counted.tolist() == analysis.outcomes(threshold)[:, :3].tolist()


def test_every_list_is_as_long_as_its_number() -> None:
    """The images behind a cell, a tag's count and a swap are as many as it says, and all different."""
    found = drawn()
    for (actual, answered), count in np.ndenumerate(found.matrix(0.4)):
        assert count == len(set(rows(found, Cell(actual, answered))))
    for multilabel in (True, False):
        found = drawn(multilabel=multilabel)
        for (tag, place), count in np.ndenumerate(found.outcomes(0.4)):
            assert count == len(set(rows(found, TagOutcome(tag, OUTCOMES[place]))))
        for (missed, given), count in np.ndenumerate(found.swaps(0.4)):
            assert count == len(set(rows(found, Swap(missed, given))))
