"""The confusion matrix and, below it, the images of the open cell; a fragment, so that a click redraws no more."""

from __future__ import annotations

import streamlit as st

from cvcore.evaluation.analysis import Threshold
from cvcore.records import Iteration, Project
from cvcore.store import Store
from pages.parts.performance import confusion_matrix, evaluated_images
from pages.parts.shell.text import refusals


@st.fragment
def show(store: Store, project: Project, iteration: Iteration, threshold: Threshold) -> None:
    """Draw the confusion at a threshold, with the images of the cell or number that is open."""
    with refusals():
        selection = confusion_matrix.show(store, iteration, threshold, key=f"confusion-{project.id}")
        if selection is not None:
            evaluated_images.show(store, project, iteration, threshold, selection, key=f"cell-{project.id}")
