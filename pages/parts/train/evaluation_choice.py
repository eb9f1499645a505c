"""How a training is evaluated: the choice of method."""

from __future__ import annotations

import streamlit as st

from cvcore import validation
from cvcore.languages import marked, t, tn
from cvcore.records import EVALUATION_METHODS, HOLD_OUT, K_FOLD, TEST_SET, EvaluationMethod, Project
from cvcore.store import FOR_TESTING, Store

LABELS: dict[EvaluationMethod, str] = {
    K_FOLD: marked("Every image in turn"),
    HOLD_OUT: marked("One image in five"),
    TEST_SET: marked("My own test images"),
}


def show(store: Store, project: Project, running: EvaluationMethod | None = None) -> EvaluationMethod:
    """Let the user choose the evaluation method, by default the first; or show a `running` training's.

    A line under each method explains it.
    """
    chosen: EvaluationMethod = st.radio(
        t("Evaluated on"),
        EVALUATION_METHODS,
        index=EVALUATION_METHODS.index(running or K_FOLD),
        format_func=lambda method: t(LABELS[method]),
        captions=[_caption(method, store.images.count(project.id, FOR_TESTING)) for method in EVALUATION_METHODS],
        label_visibility="collapsed",
        key=f"evaluation-{project.id}" if running is None else f"evaluation-running-{project.id}",
        persist_state="session" if running is None else None,
        disabled=running is not None,
    )
    return chosen


def _caption(method: EvaluationMethod, test_images: int) -> str:
    if method == K_FOLD:
        return t(
            "Up to {folds} folds, each with other images held out. The model you use is then trained on all of them: "
            "best where images are few.",
            folds=validation.FOLDS,
        )
    if method == HOLD_OUT:
        return t("Held out by Tagwise, as Amazon Rekognition does. The model you use is trained on the rest.")
    if not test_images:
        return t("None yet: select some on the Images page, then Use for testing. They are never trained on.")
    return tn(
        test_images,
        "{n} image, chosen on the Images page. They are never trained on; the model you use is trained on the rest.",
        "{n} images, chosen on the Images page. They are never trained on; the model you use is trained on the rest.",
    )
