"""Shows the numbers at a threshold and, below them, the images of the count that was clicked.

A fragment: a click redraws only these two, not the page with its list of iterations.
"""

from __future__ import annotations

import streamlit as st

from cvcore import evaluation, validation
from cvcore.metrics.confusion import TagOutcome
from cvcore.records import K_FOLD, MULTILABEL, Iteration, Project
from cvcore.store import Store
from cvcore.wording import count
from pages.parts.performance import evaluated_images
from pages.parts.shell.text import refusals
from pages.parts.widgets import threshold_explorer


@st.fragment
def show(store: Store, project: Project, iteration: Iteration, *, threshold_key: str) -> None:
    """Draw the explorer; its threshold (0..1) is read from and written to the session under `threshold_key`."""
    with refusals():
        overview = evaluation.overview(store, iteration)
        explored = threshold_explorer.show(
            tags=[threshold_explorer.TagRow(tag.name, tag.kind) for tag in evaluation.tags(store, iteration)],
            sweep=overview.sweep,
            curves=overview.curves,
            threshold=st.session_state[threshold_key],
            multilabel=iteration.classification_type == MULTILABEL,
            signature=iteration.id,
            key=f"explorer-{project.id}",
        )
        st.session_state[threshold_key] = explored.threshold
        if how := iteration.evaluation:
            st.caption(validation.explained(how))
            left_out = iteration.image_count - int(overview.sweep.counts[0, 0].sum()) if how.method == K_FOLD else 0
            if left_out:
                st.caption(f"{count(left_out, 'image')} could not be evaluated.")
        opened = f"opened-{project.id}"
        if explored.count:
            st.session_state[opened] = iteration.id, TagOutcome(explored.count.tag, explored.count.count)
        of, outcome = st.session_state.get(opened, ("", None))
        if outcome and of == iteration.id:
            evaluated_images.show(store, project, iteration, explored.threshold, outcome, key=f"count-{project.id}")
