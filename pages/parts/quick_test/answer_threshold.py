"""Choice of the threshold: those saved with the iteration, or a slider for one threshold."""

from __future__ import annotations

import streamlit as st

from cvcore import evaluation
from cvcore.languages import decimal, percent, percent_format, t
from cvcore.records import Iteration
from cvcore.store import Store


def show(store: Store, iteration: Iteration) -> float | dict[str, float]:
    """Show the controls; returns one threshold for all tags, or the saved ones by the tags' names.

    The slider starts at the saved threshold, or at 0.5.
    """
    in_use = evaluation.threshold_in_use(iteration)
    if isinstance(in_use, tuple) and st.toggle(
        t("Use each tag's saved threshold"),
        value=True,
        key=f"own-thresholds-{iteration.id}",
        help=t("The line in each bar is the tag's own threshold. Switch this off to try one threshold for all tags."),
    ):
        return evaluation.thresholds_by_tag(store, iteration, in_use)
    start = evaluation.DEFAULT_THRESHOLD if isinstance(in_use, tuple) else in_use
    chosen = st.slider(
        t("Probability threshold"),
        0,
        100,
        round(100 * start),
        format=percent_format(),
        help=t("{threshold} is saved with this iteration.", threshold=percent(decimal(100 * start, 0)))
        if iteration.thresholds == start
        else None,
        # After another threshold was saved, this is a new slider, which starts there.
        key=f"quick-threshold-{start:g}",
    )
    return chosen / 100
