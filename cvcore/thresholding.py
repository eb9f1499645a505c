"""An iteration's thresholds: suggested from its out-of-fold probabilities, saved with it, forgotten."""

from __future__ import annotations

import functools

import numpy as np

from cvcore import evaluation, metrics, thresholds
from cvcore.errors import InvalidInput
from cvcore.overviews import Overview
from cvcore.records import Iteration, Thresholds
from cvcore.store import Store
from cvcore.thresholds import Goal, Suggestion


def suggest(store: Store, iteration: Iteration, goal: Goal, *, per_tag: bool) -> Suggestion:
    """The thresholds for a goal, and how they do on images that they were not chosen with.

    Raises:
        Conflict, ModelDamaged: as `evaluation.load`.
    """
    return _suggest(evaluation.overview(store, iteration), goal, per_tag)


def save(store: Store, iteration: Iteration, chosen: Thresholds) -> None:
    """Answer at these thresholds from now on, in Quick Test, in commands and in exports.

    `chosen` is one number, or one a tag in the order of the arrays' columns.

    Raises:
        InvalidInput: one is outside 0..1, or there are not as many as tags.
        NotFound: the iteration was deleted meanwhile.
    """
    metrics.checked_thresholds(np.asarray(chosen))
    with store.transaction():
        tags = evaluation.tags(store, iteration)
        if isinstance(chosen, tuple):
            store.iterations.get(iteration.id)
            if len(chosen) != len(tags):
                raise InvalidInput(
                    f"there must be one threshold for all tags or one for each of {len(tags)}, got {len(chosen)}"
                )
        store.iterations.set_thresholds(iteration.id, chosen)


def clear(store: Store, iteration: Iteration) -> None:
    """Forget what was saved: the iteration answers at 0.5 again.

    Raises:
        NotFound: the iteration was deleted meanwhile.
    """
    store.iterations.set_thresholds(iteration.id, None)


@functools.lru_cache(maxsize=32)
def _suggest(made: Overview, goal: Goal, per_tag: bool) -> Suggestion:
    return thresholds.suggest(made.parts, goal, per_tag=per_tag)
