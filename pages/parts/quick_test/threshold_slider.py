"""The threshold to answer at: what was saved with the iteration, and a slider to try another."""

from __future__ import annotations

import streamlit as st

from cvcore import evaluation
from cvcore.records import Iteration
from cvcore.store import Store


def show(store: Store, iteration: Iteration) -> float | dict[str, float]:
    """One threshold for all tags, from a slider that starts at the saved one, or the saved ones by the tags' names."""
    in_use = evaluation.threshold_in_use(iteration)
    if isinstance(in_use, tuple) and st.toggle(
        "Use each tag's saved threshold",
        value=True,
        key=f"own-thresholds-{iteration.id}",
        help="Each bar's line is its tag's own threshold. Switch this off to try one for all tags.",
    ):
        return evaluation.thresholds_by_tag(store, iteration, in_use)
    start = evaluation.DEFAULT_THRESHOLD if isinstance(in_use, tuple) else in_use
    percent = st.slider(
        "Probability threshold",
        0,
        100,
        round(100 * start),
        format="%d %%",
        help=f"It starts at {100 * start:.0f} %, saved with this iteration." if iteration.thresholds == start else None,
        # Where another was saved it is another slider, which starts there.
        key=f"quick-threshold-{start:g}",
    )
    return percent / 100
