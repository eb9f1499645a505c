"""Quick training: the classifier on a frozen backbone, fitted for every fold and for what ships."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Float32s
from cvcore.networks import heads
from cvcore.networks.heads import Head
from cvcore.records import K_FOLD, TrainingOptions
from cvcore.validation import Plan


def fit(
    plan: Plan,
    embeddings: Float32s,
    truth: NDArray[np.bool_],
    *,
    multilabel: bool,
    l2: float,
    costs: NDArray[np.floating] | None = None,
    on_progress: Callable[[float], None] = lambda fraction: None,
) -> Head:
    """The shipped head, and of every judged picture the probabilities of a head that did not see it.

    In k-fold those are the folds' heads. Else there is one head: it is fitted without the judged pictures, as
    though they did not exist, and judges them itself. `costs` (tags,) weighs the tags, all alike where none are given.
    """
    fitted = partial(heads.fit, multilabel=multilabel, l2=l2, costs=costs, on_progress=on_progress)
    if plan.evaluation.method == K_FOLD:
        return fitted(embeddings, truth, plan.folds)
    trains, judged = plan.trains, plan.folds >= 0
    nobody = np.full(np.count_nonzero(trains), -1)
    head = fitted(embeddings[trains], truth[trains], nobody)
    out_of_fold = np.full(truth.shape, np.nan, np.float32)
    out_of_fold[judged] = heads.probabilities(embeddings[judged], head.kernel, head.bias, multilabel=multilabel)
    return replace(head, out_of_fold=out_of_fold)


def tag_costs(options: TrainingOptions, tag_ids: Sequence[str]) -> NDArray[np.float64]:
    """What missing each of these tags costs, 1 where nothing is said of it.

    >>> tag_costs(TrainingOptions(costs=(("b", 3.0),)), ["a", "b"])
    array([1., 3.])
    """
    told = dict(options.costs)
    return np.array([told.get(tag_id, 1.0) for tag_id in tag_ids])
