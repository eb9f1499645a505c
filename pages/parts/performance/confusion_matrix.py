"""Shows the confusion at a threshold and, below it, the images of the open cell.

The confusion is a matrix, or in Multilabel a small matrix per tag or the swapped tags.
"""

from __future__ import annotations

import streamlit as st

from cvcore import evaluation
from cvcore.evaluation import drill_down
from cvcore.evaluation.analysis import Threshold
from cvcore.metrics import confusion
from cvcore.metrics.confusion import Cell, Swap, TagOutcome
from cvcore.records import MULTICLASS, Iteration, Project
from cvcore.store import Store
from pages.parts.performance import evaluated_images
from pages.parts.shell.text import refusals
from pages.parts.widgets import confusion_grid, outcome_cards

BY_TAG, SWAPPED = "Tag by tag", "Swapped tags"


@st.fragment
def show_with_images(store: Store, project: Project, iteration: Iteration, threshold: Threshold) -> None:
    """Draw the confusion at a threshold and, below it, the images of the open cell or number.

    A fragment, so that a click redraws only this.
    """
    with refusals():
        selection = show(store, iteration, threshold, key=f"confusion-{project.id}")
        if selection is not None:
            evaluated_images.show(store, project, iteration, threshold, selection, key=f"cell-{project.id}")


def show(store: Store, iteration: Iteration, threshold: Threshold, *, key: str) -> Cell | TagOutcome | Swap | None:
    """Draw the confusion at a threshold, one for all tags or one per tag, and return the open cell or number.

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
    # After a training no image is without a tag: the last row would be zeros.
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
