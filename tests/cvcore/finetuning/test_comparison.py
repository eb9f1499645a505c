"""Advanced is kept only where it is better than Quick on images that neither trained on."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.finetuning import comparison
from cvcore.finetuning.fold_splits import FoldSplit
from cvcore.finetuning.fold_training import FoldResult

TRUTH = np.eye(3, dtype=bool)[np.arange(30) % 3]


def probabilities(wrong: int, own: float = 0.6) -> np.ndarray:
    """The own tag of all but `wrong` of 30 images has the probability `own`."""
    others = (1 - own) / 2
    answers = np.concatenate([np.roll(TRUTH, 1, axis=1)[:wrong], TRUTH[wrong:]])
    return np.where(answers, own, others).astype(np.float32)


@pytest.mark.parametrize(("tuned", "is_better"), [(3, True), (6, False), (9, False)])
def test_fewer_mistakes_are_better(tuned: int, is_better: bool) -> None:
    """As good as Quick, which makes six mistakes, is not enough."""
    assert is_better == comparison.is_better(TRUTH, probabilities(tuned), probabilities(6), multilabel=False)


def test_probabilities_that_are_too_low_count_as_well() -> None:
    """Answers below 50 % are right if a temperature, as the shipped model gets one, brings them above it."""
    assert comparison.is_better(TRUTH, probabilities(3, own=0.45), probabilities(6, own=0.9), multilabel=False)


def test_a_lower_loss_is_not_enough() -> None:
    """More mistakes with less certainty have the lower log-loss, and are refused."""
    unsure = probabilities(7, own=0.9)
    unsure[:7] = np.where(TRUTH[:7], 0.49, np.where(np.roll(TRUTH[:7], 1, axis=1), 0.5, 0.01))
    quick = probabilities(6, own=0.9)
    losses = [comparison.calibrated_loss(TRUTH, each, multilabel=False) for each in (unsure, quick)]
    assert losses[0] < losses[1]
    assert not comparison.is_better(TRUTH, unsure, quick, multilabel=False)


@pytest.mark.parametrize("folds", [np.arange(30) % 5, np.zeros(30, int)])
def test_quick_is_scaled_too(folds: np.ndarray) -> None:
    """Quick's answers below 50 % count as right, as Advanced's do; so that scaling alone is never called better."""
    quick = probabilities(6, own=0.45)
    assert 0 == comparison.all_tags_right(quick, TRUTH, multilabel=False).sum()
    scaled = comparison.at_own_temperature(TRUTH, quick, folds, multilabel=False)
    assert 24 == comparison.all_tags_right(scaled, TRUTH, multilabel=False).sum()


def test_rows_that_are_not_evaluated_stay() -> None:
    """Rows of no fold are nan, and have no part in a temperature."""
    folds = np.where(np.arange(30) < 3, -1, np.arange(30) % 2)
    quick = probabilities(6)
    quick[:3] = np.nan
    scaled = comparison.at_own_temperature(TRUTH, quick, folds, multilabel=False)
    assert np.isnan(scaled[:3]).all()
    assert not np.isnan(scaled[3:]).any()


def test_each_fold_has_the_temperature_of_the_others() -> None:
    """A fold's own rows have no part in its temperature; the shipped model's comes from all folds."""
    folds = np.arange(30) % 2
    rows = [np.flatnonzero(folds == fold) for fold in range(2)]
    splits = [FoldSplit(0, rows[1], rows[0]), FoldSplit(1, rows[0], rows[1]), FoldSplit(2, np.arange(30), rows[0][:0])]

    def temperatures(own: float) -> list[float]:
        predicted = [probabilities(6, own)[rows[0]], probabilities(6)[rows[1]], probabilities(6)[:0]]
        results = [FoldResult([], each, each, each, each) for each in predicted]
        return comparison.temperatures(TRUTH, splits, results, multilabel=False)

    one, other = temperatures(0.6), temperatures(0.9)
    assert one[0] == other[0]
    assert one[1] < other[1]
    assert one[2] < other[2]
