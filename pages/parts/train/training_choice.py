"""Quick or Advanced, and how long Advanced can take."""

from __future__ import annotations

import streamlit as st

from cvcore.finetuning.epochs import HYPERPARAMETERS
from cvcore.finetuning.schedule import EPOCHS
from cvcore.records import Project, TrainingOptions
from cvcore.training import BUDGET_MINUTES_MOST

QUICK, ADVANCED = "Quick", "Advanced"
WAYS = {
    QUICK: "A classifier on top of the network, in seconds.",
    ADVANCED: "The network's own last layers learn your tags too, for at most the time you allow.",
}


def show(project: Project) -> TrainingOptions:
    """Let the user choose Quick, the default, or Advanced and its budget in minutes."""
    way = st.radio(
        "Way",
        list(WAYS),
        captions=list(WAYS.values()),
        label_visibility="collapsed",
        key=f"way-{project.id}",
        persist_state="session",
    )
    if way == QUICK:
        return TrainingOptions()
    minutes = st.number_input(
        "Minutes it may take",
        1,
        BUDGET_MINUTES_MOST,
        int(TrainingOptions.budget_minutes),
        key=f"budget-{project.id}",
        persist_state="session",
        help=f"It ends when the time is up, or earlier, after at most {len(HYPERPARAMETERS)} runs of {EPOCHS} epochs. "
        "You can end it at any time and keep the best so far.",
    )
    return TrainingOptions(is_advanced=True, budget_minutes=float(minutes))
