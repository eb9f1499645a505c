"""Quick or Advanced, and how long Advanced can take."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cvcore.finetuning.schedule import EPOCHS
from cvcore.languages import marked, t
from cvcore.records import ADVANCED as ADVANCED_OPTIONS
from cvcore.records import Project, TrainingOptions
from cvcore.training import BUDGET_MINUTES_MOST

QUICK, ADVANCED = marked("Quick"), marked("Advanced")
WAYS = {
    QUICK: marked("Takes seconds."),
    ADVANCED: marked("Takes minutes; often hardly better. Where it is no better, Quick's result is kept."),
}


def show(project: Project, running: TrainingOptions | None = None) -> TrainingOptions:
    """Let the user choose Quick, the default, or Advanced and its budget in minutes; or show a `running` training's."""
    way = st.radio(
        t("Way"),
        list(WAYS),
        format_func=t,
        index=list(WAYS).index(ADVANCED) if running and running.is_advanced else 0,
        captions=[t(words) for words in WAYS.values()],
        label_visibility="collapsed",
        key=_key("way", project, running),
        persist_state="session" if running is None else None,
        disabled=running is not None,
        horizontal=True,
    )
    if way == QUICK:
        return running or TrainingOptions()
    minutes = st.number_input(
        t("Minutes it may take"),
        1,
        BUDGET_MINUTES_MOST,
        max(1, int((running or TrainingOptions()).budget_minutes)),
        key=_key("budget", project, running),
        persist_state="session" if running is None else None,
        disabled=running is not None,
        help=t(
            "It ends when the time is up, or earlier, after {epochs} epochs: 400 images took 3 minutes on two cores. "
            "You can end it at any time and keep the best so far.",
            epochs=EPOCHS,
        ),
    )
    return running or replace(ADVANCED_OPTIONS, budget_minutes=float(minutes))


def _key(name: str, project: Project, running: TrainingOptions | None) -> str:
    # A widget of its own, so that the user's choice is there again when the training has ended.
    return f"{name}-{project.id}" if running is None else f"{name}-running-{project.id}"
