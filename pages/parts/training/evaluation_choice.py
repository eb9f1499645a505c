"""Which way a training is to be judged: the choice, and the words for what was chosen."""

from __future__ import annotations

import streamlit as st

from cvcore import validation
from cvcore.records import EVALUATION_METHODS, HOLD_OUT, K_FOLD, TEST_SET, Evaluation, EvaluationMethod, Project
from cvcore.store import FOR_TESTING, Store
from cvcore.wording import count

LABELS: dict[EvaluationMethod, str] = {
    K_FOLD: "Every picture in turn",
    HOLD_OUT: "One picture in five",
    TEST_SET: "My own test pictures",
}


def show(store: Store, project: Project) -> EvaluationMethod:
    """Let the way be chosen, the first one if nobody does; each says in a line what it means."""
    chosen: EvaluationMethod = st.radio(
        "Judged on",
        EVALUATION_METHODS,
        format_func=LABELS.__getitem__,
        captions=[_caption(method, store.images.count(project.id, FOR_TESTING)) for method in EVALUATION_METHODS],
        label_visibility="collapsed",
        key=f"evaluation-{project.id}",
    )
    return chosen


def short(evaluation: Evaluation) -> str:
    """The way in a word or two, for a list.

    >>> short(Evaluation("k-fold", 5, 0)), short(Evaluation("test-set", 1, 0))
    ('5-fold', 'own test set')
    """
    return {K_FOLD: f"{evaluation.folds}-fold", HOLD_OUT: "hold-out", TEST_SET: "own test set"}[evaluation.method]


def _caption(method: EvaluationMethod, kept: int) -> str:
    if method == K_FOLD:
        return (
            f"Up to {validation.FOLDS} rounds, each with other pictures kept aside. The model you use then learns from "
            "all of them: best where pictures are few."
        )
    if method == HOLD_OUT:
        return "Kept aside by Tagwise, as Amazon Rekognition does. The model you use learns from the rest."
    if not kept:
        return "None yet: select some on the Images page, then Use for testing. They never train."
    there = count(kept, "picture")
    return f"{there}, chosen on the Images page. They never train; the model you use learns from the rest."
