"""How a training is evaluated: the choice of method, and its name in words."""

from __future__ import annotations

import streamlit as st

from cvcore import validation
from cvcore.records import EVALUATION_METHODS, HOLD_OUT, K_FOLD, TEST_SET, Evaluation, EvaluationMethod, Project
from cvcore.store import FOR_TESTING, Store
from cvcore.wording import count

LABELS: dict[EvaluationMethod, str] = {
    K_FOLD: "Every image in turn",
    HOLD_OUT: "One image in five",
    TEST_SET: "My own test images",
}


def show(store: Store, project: Project, running: EvaluationMethod | None = None) -> EvaluationMethod:
    """Let the user choose the evaluation method, by default the first; or show a `running` training's.

    A line under each method explains it.
    """
    chosen: EvaluationMethod = st.radio(
        "Evaluated on",
        EVALUATION_METHODS,
        index=EVALUATION_METHODS.index(running or K_FOLD),
        format_func=LABELS.__getitem__,
        captions=[_caption(method, store.images.count(project.id, FOR_TESTING)) for method in EVALUATION_METHODS],
        label_visibility="collapsed",
        key=f"evaluation-{project.id}" if running is None else f"evaluation-running-{project.id}",
        persist_state="session" if running is None else None,
        disabled=running is not None,
    )
    return chosen


def short(evaluation: Evaluation) -> str:
    """The method in a word or two, for a list.

    >>> short(Evaluation("k-fold", 5, 0)), short(Evaluation("test-set", 1, 0))
    ('5-fold', 'own test set')
    """
    return {K_FOLD: f"{evaluation.folds or 'k'}-fold", HOLD_OUT: "hold-out", TEST_SET: "own test set"}[
        evaluation.method
    ]


def _caption(method: EvaluationMethod, test_images: int) -> str:
    if method == K_FOLD:
        return (
            f"Up to {validation.FOLDS} folds, each with other images held out. The model you use is then trained on "
            "all of them: best where images are few."
        )
    if method == HOLD_OUT:
        return "Held out by Tagwise, as Amazon Rekognition does. The model you use is trained on the rest."
    if not test_images:
        return "None yet: select some on the Images page, then Use for testing. They are never trained on."
    chosen = count(test_images, "image")
    return f"{chosen}, chosen on the Images page. They are never trained on; the model you use is trained on the rest."
