"""A live camera for the projector: what an iteration of a chosen project answers, large; no frame is kept."""

from __future__ import annotations

import streamlit as st

from cvcore.languages import t
from cvcore.store import Store
from pages.parts.quick_test import answer_threshold, live_test


def show(store: Store) -> None:
    """Show the choice of project and iteration, the newest at first, and the camera.

    Raises:
        ModelDamaged: the iteration's network is gone.
    """
    trained = {project.id: store.iterations.trained(project.id) for project in store.projects.all()}
    projects = {project.id: project for project in store.projects.all() if trained.get(project.id)}
    if not projects:
        st.info(t("No iteration is trained yet. Train one, then show here what it answers to the camera."))
        return
    with st.container(horizontal=True):
        chosen = st.selectbox(
            t("Project"), list(projects), format_func=lambda key: projects[key].name, key="class-camera", width=320
        )
        iterations = {each.id: each for each in trained[chosen]}
        iteration = st.selectbox(
            t("Iteration"),
            list(iterations),
            format_func=lambda key: iterations[key].name,
            key=f"class-camera-{chosen}",
            width=240,
        )
        threshold = answer_threshold.show(store, iterations[iteration])
    live_test.show(store, projects[chosen], iterations[iteration], threshold, limits=None)
