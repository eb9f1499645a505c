"""Shows the confusion at a threshold.

The confusion is a matrix, or in Multilabel a small matrix per tag or the swapped tags.
"""

from __future__ import annotations

import streamlit as st

from cvcore import evaluation
from cvcore.evaluation import drill_down
from cvcore.evaluation.analysis import Threshold
from cvcore.languages import marked, t
from cvcore.metrics.confusion import Cell, Swap, TagOutcome
from cvcore.records import MULTICLASS, Iteration
from cvcore.store import Store
from pages.parts.review import drawer
from pages.parts.widgets import confusion_grid, outcome_cards

BY_TAG, SWAPPED = marked("Tag by tag"), marked("Swapped tags")


def show(store: Store, iteration: Iteration, threshold: Threshold, *, key: str) -> Cell | TagOutcome | Swap | None:
    """Draw the confusion at a threshold, for all tags or tag by tag, and return what was clicked just now.

    Raises:
        NotTrained, ModelDamaged: as `evaluation.load`.
    """
    if iteration.classification_type == MULTICLASS:
        return _matrix(store, iteration, threshold, key)
    view = st.segmented_control(
        t("What to show"),
        [BY_TAG, SWAPPED],
        format_func=t,
        default=BY_TAG,
        required=True,
        label_visibility="collapsed",
        key=f"{key}-view",
    )
    return (_cards if view == BY_TAG else _swaps)(store, iteration, threshold, key)


def _matrix(store: Store, iteration: Iteration, threshold: Threshold, key: str) -> Cell | None:
    counts = drill_down.matrix(store, iteration, threshold)
    # After a training no image is without a tag: the last row would be zeros.
    rows = counts if counts[-1].any() else counts[:-1]
    opened = drawer.opened(store, iteration)
    cell = confusion_grid.show(
        kind="matrix",
        tags=_names(store, iteration),
        counts=rows,
        totals=(rows.sum(axis=1), rows.sum(axis=0)),
        opened=(opened.actual, opened.predicted) if isinstance(opened, Cell) else None,
        signature=iteration.id,
        key=f"{key}-matrix",
    )
    return Cell(*cell) if cell else None


def _cards(store: Store, iteration: Iteration, threshold: Threshold, key: str) -> TagOutcome | None:
    counts = drill_down.outcomes(store, iteration, threshold)
    opened = drawer.opened(store, iteration)
    return outcome_cards.show(
        tags=_names(store, iteration),
        counts=counts,
        opened=opened if isinstance(opened, TagOutcome) else None,
        signature=iteration.id,
        key=f"{key}-cards",
    )


def _swaps(store: Store, iteration: Iteration, threshold: Threshold, key: str) -> Swap | None:
    swaps = drill_down.swaps(store, iteration, threshold)
    if not swaps.any():
        st.info(t("No image missed one tag and was wrongly given another at this threshold."))
        return None
    counts = drill_down.outcomes(store, iteration, threshold)
    opened = drawer.opened(store, iteration)
    cell = confusion_grid.show(
        kind="swaps",
        tags=_names(store, iteration),
        counts=swaps,
        totals=(counts[:, 0] + counts[:, 2], counts[:, 0] + counts[:, 1]),
        opened=(opened.missed, opened.predicted) if isinstance(opened, Swap) else None,
        signature=iteration.id,
        key=f"{key}-swaps",
    )
    return Swap(*cell) if cell else None


def _names(store: Store, iteration: Iteration) -> list[str]:
    return [tag.name for tag in evaluation.tags(store, iteration)]
