"""What is computed from an iteration's arrays is kept as long as the arrays, and no longer."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import pytest

from cvcore import evaluation
from cvcore.evaluation import comparisons, drill_down
from cvcore.metrics.confusion import Cell, Swap, TagOutcome
from cvcore.metrics.threshold_tuning import Goal
from cvcore.records import MULTICLASS, MULTILABEL, Iteration, Project
from cvcore.store import Store

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]

# More than are kept in memory.
MANY = 9


def use(store: Store, iteration: Iteration, others: list[Iteration]) -> None:
    """Ask for everything that pages ask of an iteration."""
    is_multiclass = iteration.classification_type == MULTICLASS
    for threshold in (0.5, 0.505, (0.3, 0.7)):
        drill_down.answers(store, iteration, threshold)
        drill_down.most_confused(store, iteration, threshold)
        for selection in (Cell(0, 1) if is_multiclass else Swap(0, 1), TagOutcome(1, "fp")):
            drill_down.images_behind(store, iteration, threshold, selection)
        evaluation.report(store, iteration, threshold)
    drill_down.images_behind(store, iteration, 0.5, "label_issues")
    drill_down.images_behind(store, iteration, 0.5, "hardest")
    drill_down.images_behind(store, iteration, 0.5, "duplicates")
    evaluation.suggest_thresholds(store, iteration, Goal("f1"), per_tag=True)
    for other in others:
        for threshold in (0.5, None):
            compared = comparisons.compare(store, iteration, other, threshold)
            comparisons.changed_images(store, compared, compared.fixed, most=9)


@pytest.mark.parametrize("classification_type", [MULTICLASS, MULTILABEL])
def test_arrays_are_let_go(store: Store, fill: Fill, trained: Trained, classification_type: str) -> None:
    """After other iterations were loaded, nothing that was computed from the first keeps its arrays in memory."""
    project = fill(classification_type=classification_type, rose=5, tulip=5)
    first, *others = (trained(project) for _ in range(MANY))
    use(store, first, others[:1])
    loaded = evaluation.load(store, first)
    arrays = [weakref.ref(array) for array in (loaded, loaded.truth, loaded.probabilities, loaded.folds, loaded.groups)]
    del loaded
    for other in others:
        use(store, other, [])
    gc.collect()
    assert [None] * len(arrays) == [array() for array in arrays]


def test_what_was_computed_is_kept(store: Store, fill: Fill, trained: Trained) -> None:
    """As long as its arrays are, a result is computed once: a rerun of the page gets the same objects."""
    iteration = trained(fill(rose=5, tulip=5))
    for compute in (
        lambda: drill_down.answers(store, iteration, 0.5),
        lambda: drill_down.matrix(store, iteration, 0.5),
        lambda: evaluation.report(store, iteration, 0.505),
        lambda: drill_down.images_behind(store, iteration, 0.5, Cell(0, 0)),
    ):
        assert compute() is compute()
