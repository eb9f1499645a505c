"""The numbers at the thresholds and the drawer with the images behind them, run as a page would."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cvcore import evaluation, metrics, training
from cvcore.evaluation import saved_thresholds
from cvcore.metrics.threshold_tuning import Goal
from cvcore.records import Iteration, Project
from cvcore.store import Store
from tests.conftest import Fill, Trained
from tests.pages.conftest import checked, texts

NUMBERS = """
import streamlit as st
from pages.parts.performance import numbers_view
from pages.parts.shell import backend

store = backend.store()
project = store.projects.get({project!r})
st.session_state.setdefault("kept", 0.3)
iteration = st.session_state.get("shown") or store.iterations.trained(project.id)[0]
numbers_view.show(store, project, iteration, threshold_key="kept")
"""


def run(project: Project, *, address: str = "", **state: Any) -> AppTest:
    """The numbers of the project's iteration, run once, in which nothing went wrong; `address` says what is open."""
    app = AppTest.from_string(NUMBERS.format(project=project.id), default_timeout=30)
    for name, value in state.items():
        app.session_state[name] = value
    if address:
        app.query_params["images"] = address
    return checked(app.run())


def widgets(app: AppTest) -> list[dict[str, Any]]:
    """What was sent to each of our widgets."""
    return [json.loads(each.proto.json) for each in app.get("bidi_component")]


def explorer(app: AppTest) -> dict[str, Any]:
    """What was sent to the explorer."""
    return widgets(app)[0]


def drawer_heading(app: AppTest) -> str:
    """The heading of the open drawer; empty while none is open."""
    return next(("".join(text for text, _ in each["heading"]) for each in widgets(app) if "heading" in each), "")


@pytest.fixture
def flowers(fill: Fill, trained: Trained) -> Project:
    """Five roses and five tulips, all taken for tulips."""
    project = fill(rose=5, tulip=5)
    trained(project, np.tile([0.2, 0.8], (10, 1)))
    return project


def sliders(iteration: Iteration, threshold: float, own: list[int | None], **click: Any) -> dict[str, Any]:
    """What the browser tells of its slider and handles, or of a click."""
    return {"signature": iteration.id, "threshold": threshold, "own": own, **click}


def test_no_images_before_a_click(flowers: Project) -> None:
    """The numbers stand alone, and the session keeps the threshold that it had."""
    app = run(flowers)
    assert 1 == len(widgets(app))
    assert 0.3 == app.session_state["kept"]


def test_a_resting_slider_is_kept(store: Store, flowers: Project) -> None:
    """What the browser told of its slider is the session's threshold, also when it told it of another iteration."""
    (iteration,) = store.iterations.trained(flowers.id)
    for of in (iteration, replace(iteration, id="another")):
        app = run(flowers, **{f"explorer-{flowers.id}": {"sliders": sliders(of, 0.9, [None, 40])}})
        assert 0.9 == app.session_state["kept"]
        own = (None, 0.4) if of is iteration else (None, None)
        assert (iteration.id, own) == app.session_state[f"own-{flowers.id}"]


def test_saved_thresholds_are_where_the_table_opens(store: Store, flowers: Project) -> None:
    """An iteration with a threshold for each tag opens with them, and the report is made at them."""
    (iteration,) = store.iterations.trained(flowers.id)
    saved_thresholds.save(store, iteration, (0.2, 0.85))
    app = run(flowers)
    assert (iteration.id, (0.2, 0.85)) == app.session_state[f"own-{flowers.id}"]
    assert [0.2, 0.85] == explorer(app)["saved"]
    assert [20, 85] == explorer(app)["own"]


def test_tags_saved_at_the_sliders_threshold_follow_it(store: Store, flowers: Project) -> None:
    """Only a tag whose saved threshold differs from the slider's has one of its own."""
    (iteration,) = store.iterations.trained(flowers.id)
    saved_thresholds.save(store, iteration, (0.3, 0.85))
    assert [None, 85] == explorer(run(flowers))["own"]


def test_a_tag_that_is_chosen_shows_its_strip(store: Store, flowers: Project) -> None:
    """The browser gets the images of the chosen tag, and none while all tags are looked at."""
    (iteration,) = store.iterations.trained(flowers.id)
    assert explorer(run(flowers))["strip"] is None
    told = {"chosen": {"signature": iteration.id, "tag": 1}}
    strip = explorer(run(flowers, **{f"explorer-{flowers.id}": told}))["strip"]
    assert (1, "tulip", 10) == (strip["column"], strip["data"]["tag"], len(strip["data"]["images"]))


def test_the_suggestion_is_told_with_its_fair_f1(store: Store, flowers: Project) -> None:
    """Beside the thresholds with the best F1 stand the F1 on the images they were chosen on, and on others."""
    (iteration,) = store.iterations.trained(flowers.id)
    made = evaluation.suggest_thresholds(store, iteration, Goal("f1"), per_tag=True)
    expected = {
        "thresholds": [round(100 * threshold) for threshold in made.thresholds],
        "chosen": pytest.approx(metrics.rates(made.chosen)[2, -1]),
        "fair": pytest.approx(metrics.rates(made.held_out)[2, -1]),
    }
    assert expected == explorer(run(flowers))["suggested"]


def test_an_open_count_follows_the_threshold(store: Store, flowers: Project) -> None:
    """Tulips are found at 80 % and missed above it, by the slider or by the tag's own threshold."""
    (iteration,) = store.iterations.trained(flowers.id)
    for told, number in (
        (sliders(iteration, 0.8, [None, None]), 0),
        (sliders(iteration, 0.9, [None, None]), 5),
        (sliders(iteration, 0.9, [None, 80]), 0),
    ):
        app = run(flowers, address="fn-1", **{f"explorer-{flowers.id}": {"sliders": told}})
        assert f"{number} images tagged tulip but not answered with it" == drawer_heading(app)


def test_a_deleted_iteration_is_told(store: Store, flowers: Project) -> None:
    """Where the iteration was deleted in another window a sentence says so, in place of a traceback."""
    (iteration,) = store.iterations.trained(flowers.id)
    training.delete_iteration(store, iteration)
    app = run(flowers, shown=iteration)
    assert 1 == len(app.error)


def test_a_damaged_iteration_is_told(store: Store, flowers: Project) -> None:
    """Where the arrays are missing the numbers stand, and a sentence is in the images' place."""
    (iteration,) = store.iterations.trained(flowers.id)
    (store.home / "iterations" / iteration.id / evaluation.ARRAYS).unlink()
    assert "arrays.npz is missing from the home folder" in texts(run(flowers, address="fn-0"))
