"""What was taken for what and, below it, the pictures of the cell that is open: a fragment, sent anew by itself."""

from __future__ import annotations

import streamlit as st

from cvcore.evaluation.drill_down import Threshold
from cvcore.records import Iteration, Project
from cvcore.store import Store
from pages.parts.performance import confusion_matrix, evaluated_images
from pages.parts.shell.text import refusals


@st.fragment
def show(store: Store, project: Project, iteration: Iteration, threshold: Threshold) -> None:
    """Draw an iteration's answers at a threshold, one number or one a tag, with the pictures of what is open."""
    with refusals():
        asked = confusion_matrix.show(store, iteration, threshold, key=f"confusion-{project.id}")
        if asked is not None:
            evaluated_images.show(store, project, iteration, threshold, asked, key=f"cell-{project.id}")
