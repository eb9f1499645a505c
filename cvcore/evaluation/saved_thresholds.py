"""Saves and clears an iteration's thresholds, and says which are in use."""

from __future__ import annotations

import numpy as np

from cvcore import metrics
from cvcore.errors import InvalidInput
from cvcore.evaluation import out_of_fold
from cvcore.evaluation.out_of_fold import tags
from cvcore.languages import t
from cvcore.records import Iteration, Thresholds
from cvcore.store import Store


def save(store: Store, iteration: Iteration, chosen: Thresholds) -> None:
    """Save the thresholds that Quick Test, commands and exports use from now on.

    `chosen` is one number, or one per tag in the order of the arrays' columns.

    Raises:
        InvalidInput: a threshold is outside 0..1, or their number is not 1 or the number of tags.
        NotFound: the iteration was deleted meanwhile.
    """
    metrics.checked_thresholds(np.asarray(chosen))
    with store.transaction():
        tags = out_of_fold.tags(store, iteration)
        if isinstance(chosen, tuple):
            store.iterations.get(iteration.id)
            if len(chosen) != len(tags):
                raise InvalidInput(
                    t(
                        "there must be one threshold for all tags or one for each of {tags}, got {number}",
                        tags=len(tags),
                        number=len(chosen),
                    )
                )
        store.iterations.set_thresholds(iteration.id, chosen)


def clear(store: Store, iteration: Iteration) -> None:
    """Clear the saved thresholds: the iteration uses 0.5 again.

    Raises:
        NotFound: the iteration was deleted meanwhile.
    """
    store.iterations.set_thresholds(iteration.id, None)


DEFAULT_THRESHOLD = 0.5


def threshold_in_use(iteration: Iteration, requested: float | None = None) -> Thresholds:
    """The threshold in use: the requested one, else those saved with the iteration, else 0.5."""
    if requested is not None:
        return requested
    return DEFAULT_THRESHOLD if iteration.thresholds is None else iteration.thresholds


def thresholds_by_tag(store: Store, iteration: Iteration, threshold: Thresholds) -> float | dict[str, float]:
    """One threshold for all tags, or each tag's by the tag's name in the snapshot."""
    if not isinstance(threshold, tuple):
        return threshold
    return {tag.name: value for tag, value in zip(tags(store, iteration), threshold, strict=True)}
