"""Deviations are what numpy says of the folds' own rates."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore import metrics
from cvcore.metrics.reports import deviations


@pytest.mark.parametrize("multilabel", [False, True])
def test_each_fold_has_its_own_rate(multilabel: bool) -> None:
    """Fold by fold, from the definition: the deviation of the rates that are defined, nan where none is."""
    random = np.random.default_rng(1)
    tags = random.integers(0, 3, 60)
    truth = tags[:, None] == np.arange(4)
    probabilities = random.dirichlet(np.ones(4), 60)
    folds = random.integers(-1, 4, 60)
    found = deviations(truth, probabilities, folds, 0.3, multilabel=multilabel)
    recalls, precisions = [], []
    for fold in range(4):
        rows = folds == fold
        counts = metrics.count_answers(truth[rows], metrics.answers(probabilities[rows], 0.3, multilabel=multilabel))
        precisions.append(metrics.precision(counts))
        recalls.append(metrics.recall(counts))
    for tag in range(4):
        rates = np.array([fold[tag] for fold in recalls])
        defined = rates[~np.isnan(rates)]
        assert (np.std(defined) if defined.size else np.nan) == pytest.approx(found.recall[tag], nan_ok=True)
    assert np.std([np.nanmean(fold) for fold in precisions]) == pytest.approx(found.overall_precision)
