"""Quick training: fits a classifier on a frozen backbone, one per fold and one that is shipped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Float32s
from cvcore.networks import heads
from cvcore.networks.heads import Head
from cvcore.networks.large_sets import blocks
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
    """The shipped head, and for every evaluated image the probabilities of a head that did not train on it.

    In k-fold those are the folds' heads. Otherwise there is one head: it is fitted without the evaluated images
    and evaluated on them. `costs` (tags,) are the tags' weights; by default all are equal.
    """
    fit_head = partial(heads.fit, multilabel=multilabel, l2=l2, costs=costs, on_progress=on_progress)
    if plan.evaluation.method == K_FOLD:
        return fit_head(embeddings, truth, plan.folds)
    rows = np.flatnonzero(plan.trains)
    head = fit_head(embeddings, truth[rows], np.full(len(rows), -1), rows=rows)
    out_of_fold = np.full(truth.shape, np.nan, np.float32)
    for part in blocks.parts(np.flatnonzero(plan.folds >= 0), embeddings.shape[1]):
        out_of_fold[part] = heads.probabilities(embeddings[part], head.kernel, head.bias, multilabel=multilabel)
    return replace(head, out_of_fold=out_of_fold)


def tag_costs(options: TrainingOptions, tag_ids: Sequence[str]) -> NDArray[np.float64]:
    """The cost of missing each of these tags, 1 for tags that the options do not name.

    >>> tag_costs(TrainingOptions(costs=(("b", 3.0),)), ["a", "b"])
    array([1., 3.])
    """
    costs = dict(options.costs)
    return np.array([costs.get(tag_id, 1.0) for tag_id in tag_ids])
