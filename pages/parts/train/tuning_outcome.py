"""The result of an Advanced training: better than Quick or not, and why it ended."""

from __future__ import annotations

import streamlit as st

from cvcore.finetuning import outcome_text
from cvcore.languages import t
from cvcore.records import Iteration, TuningOutcome
from cvcore.store import Store
from pages.parts.shell.text import plain
from pages.parts.train import tuning_curves


def show(outcome: TuningOutcome, *, first: str = "") -> None:
    """Show Advanced compared with Quick in a box, green only if it is better, after the Markdown text `first`."""
    box = {"better": st.success, "alike": st.info, "worse": st.warning}[outcome_text.standing(outcome)]
    # Non-breaking spaces, so that p stays on one line with its value.
    compared = plain(outcome_text.compared(outcome)).replace("p = ", "p\u00a0=\u00a0")
    box("\n\n".join(filter(None, (first, compared))))
    st.caption(plain(outcome_text.ending(outcome)))


def show_training(store: Store, iteration: Iteration) -> None:
    """Show how an iteration was trained, in an expander: the outcome and the curves. Nothing if it has no epochs."""
    epochs = store.trainings.epochs(iteration.id)
    if not epochs:
        return
    outcome = store.trainings.outcome(iteration.id)
    with st.expander(t("How it was trained")):
        if outcome:
            show(outcome)
        quick_right = outcome.quick_right / outcome.images if outcome and outcome.images else None
        tuning_curves.show(epochs, key=f"curves-{iteration.id}", quick_right=quick_right)
        st.caption(
            t(
                "The loss says how far the answers are from the tags: lower is better. Where it falls for the training "
                "images and rises for the validation images, the network begins to overfit: it learns images by heart. "
                "A dotted line marks where a new run began."
            )
        )
