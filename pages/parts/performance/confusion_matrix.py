"""Confusion at the threshold: a matrix, or in Multilabel a small matrix for each tag and the swapped tags."""

from __future__ import annotations

import streamlit as st

from cvcore import evaluation
from cvcore.evaluation import drill_down
from cvcore.evaluation.analysis import Threshold
from cvcore.metrics import confusion
from cvcore.metrics.confusion import Cell, Swap, TagOutcome
from cvcore.records import MULTICLASS, Iteration
from cvcore.store import Store
from pages.parts.widgets import confusion_grid, outcome_cards

BY_TAG, SWAPPED = "Tag by tag", "Swapped tags"


def show(store: Store, iteration: Iteration, threshold: Threshold, *, key: str) -> Cell | TagOutcome | Swap | None:
    """Draw the confusion at a threshold, one for all tags or one for each; returns the cell or number that is open.

    Raises:
        NotTrained, ModelDamaged: as `evaluation.load`.
    """
    names = [tag.name for tag in evaluation.tags(store, iteration)]
    if iteration.classification_type == MULTICLASS:
        return _matrix(store, iteration, threshold, names, key)
    view = st.segmented_control(
        "What to show",
        [BY_TAG, SWAPPED],
        default=BY_TAG,
        required=True,
        label_visibility="collapsed",
        key=f"{key}-view",
    )
    answers = drill_down.answers(store, iteration, threshold)
    counts = confusion.outcomes(answers)
    if view == BY_TAG:
        st.caption("An image can have several tags and several answers, so each tag is counted by itself.")
        return outcome_cards.show(tags=names, counts=counts, signature=iteration.id, key=f"{key}-cards")
    swaps = drill_down.swaps(store, iteration, threshold)
    if not swaps.any():
        st.info("No image missed one tag and was wrongly given another at this threshold.")
        return None
    st.caption("Rows are missed tags, columns the tags that the same images were wrongly given.")
    cell = confusion_grid.show(
        kind="swaps",
        tags=names,
        counts=swaps,
        totals=counts[:, 0] + counts[:, 2],
        signature=iteration.id,
        key=f"{key}-swaps",
    )
    return Swap(*cell) if cell else None


def _matrix(store: Store, iteration: Iteration, threshold: Threshold, names: list[str], key: str) -> Cell | None:
    counts = drill_down.matrix(store, iteration, threshold)
    # Training leaves no image without a tag, and a row of zeros would only puzzle.
    rows = counts if counts[-1].any() else counts[:-1]
    st.caption(
        "Rows are the images' own tags, columns the model's answers; correct answers are on the diagonal. "
        "The stronger the colour, the larger the share of its row."
    )
    cell = confusion_grid.show(
        kind="matrix",
        tags=names,
        counts=rows,
        totals=rows.sum(axis=1),
        signature=iteration.id,
        key=f"{key}-matrix",
    )
    return Cell(*cell) if cell else None
