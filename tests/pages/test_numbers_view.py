"""The numbers at a threshold and the images behind them, run as a page would."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cvcore import evaluation
from cvcore.metrics.confusion import TagOutcome
from cvcore.records import Project
from cvcore.store import Store
from tests.conftest import Fill, Trained

NUMBERS = """
import streamlit as st
from pages.parts.performance import numbers_view
from pages.parts.shell import backend

store = backend.store()
project = store.projects.get({project!r})
st.session_state.setdefault("kept", 0.3)
numbers_view.show(store, project, store.iterations.trained(project.id)[0], threshold_key="kept")
"""
MATRIX = """
from pages.parts.performance import confusion_matrix
from pages.parts.shell import backend

store = backend.store()
project = store.projects.get({project!r})
confusion_matrix.show_with_images(store, project, store.iterations.trained(project.id)[0], 0.5)
"""


def run(script: str, project: Project, **state: Any) -> AppTest:
    """A page of that script, run once, in which nothing went wrong."""
    app = AppTest.from_string(script.format(project=project.id), default_timeout=30)
    for name, value in state.items():
        app.session_state[name] = value
    app.run()
    assert [] == [each.message for each in app.exception]
    return app


def texts(app: AppTest) -> str:
    """What the page says."""
    return "\n".join(str(each.value) for each in [*app.markdown, *app.caption, *app.error])


@pytest.fixture
def flowers(fill: Fill, trained: Trained) -> Project:
    """Five roses and five tulips, all taken for tulips."""
    project = fill(rose=5, tulip=5)
    trained(project, np.tile([0.2, 0.8], (10, 1)))
    return project


def test_no_images_before_a_click(flowers: Project) -> None:
    """The numbers stand alone, and the session keeps the threshold that it had."""
    app = run(NUMBERS, flowers)
    assert "answered with it" not in texts(app)
    assert 0.3 == app.session_state["kept"]


def test_a_resting_slider_is_kept(flowers: Project) -> None:
    """What the browser told of its slider is the session's threshold, and the images' too."""
    opened = {f"explorer-{flowers.id}": {"threshold": 0.9}, f"opened-{flowers.id}": ("another", TagOutcome(0, "fn"))}
    app = run(NUMBERS, flowers, **opened)
    assert 0.9 == app.session_state["kept"]
    assert "answered with it" not in texts(app)


def test_an_open_count_follows_the_threshold(store: Store, flowers: Project) -> None:
    """Tulips are found at 80 % and missed above it."""
    (iteration,) = store.iterations.trained(flowers.id)
    opened = {f"opened-{flowers.id}": (iteration.id, TagOutcome(1, "fn"))}
    assert "**0 images** tagged **tulip** but not answered with it" in texts(run(NUMBERS, flowers, **opened))
    opened[f"explorer-{flowers.id}"] = {"threshold": 0.9}
    assert "**5 images** tagged **tulip** but not answered with it" in texts(run(NUMBERS, flowers, **opened))


def test_a_damaged_iteration_is_told(store: Store, flowers: Project) -> None:
    """Where the arrays are missing the numbers stand, and a sentence is in the images' place."""
    (iteration,) = store.iterations.trained(flowers.id)
    (store.home / "iterations" / iteration.id / evaluation.ARRAYS).unlink()
    app = run(NUMBERS, flowers, **{f"opened-{flowers.id}": (iteration.id, TagOutcome(0, "fn"))})
    assert "arrays\\.npz is missing from the home folder" in texts(app)


def test_a_cell_opens_its_images(store: Store, flowers: Project) -> None:
    """Below the matrix stand the images of the cell that was clicked."""
    (iteration,) = store.iterations.trained(flowers.id)
    chosen = {"signature": iteration.id, "row": 0, "column": 1}
    app = run(MATRIX, flowers, **{f"confusion-{flowers.id}-matrix": {"chosen": chosen}})
    assert "**5 images** tagged **rose**, answered with **tulip**" in texts(app)
