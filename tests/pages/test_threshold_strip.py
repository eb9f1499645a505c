"""What the browser gets to draw a tag's strip, and the presenter view run as a page would."""

from __future__ import annotations

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cvcore import evaluation, urls
from cvcore.projects import tagging
from cvcore.records import MULTILABEL, Iteration, Project
from cvcore.store import Store
from pages.parts.widgets import threshold_strip
from tests.conftest import Fill, Trained

PRESENTER = """
import streamlit as st
from pages.parts.performance import presenter
from pages.parts.shell import backend

store = backend.store()
project = store.projects.get({project!r})
st.session_state.setdefault("kept", 0.3)
presenter.show(store, project, store.iterations.trained(project.id)[0], threshold_key="kept")
"""


@pytest.fixture
def flowers(fill: Fill, trained: Trained) -> Iteration:
    """Five roses and five tulips, all taken for tulips."""
    return trained(fill(rose=5, tulip=5), np.tile([0.2, 0.8], (10, 1)))


@pytest.fixture
def project(store: Store, flowers: Iteration) -> Project:
    """Their project."""
    return store.projects.get(flowers.project_id)


@pytest.mark.parametrize("tag", [0, 1])
def test_counts_are_those_of_the_table(store: Store, flowers: Iteration, tag: int) -> None:
    """At every position of the slider the strip has the counts that the explorer draws."""
    expected = evaluation.overview(store, flowers).sweep.counts[:, tag, :3].tolist()
    assert expected == threshold_strip.data(store, flowers, tag)["counts"]


def test_an_image_with_its_names(store: Store, flowers: Iteration) -> None:
    """A rose stands in the roses' strip with its thumbnail, name and tags, and with the tag that came first."""
    strip = threshold_strip.data(store, flowers, 0)
    rows = np.flatnonzero(evaluation.load(store, flowers).truth[:, 0]).tolist()
    snapshot = store.iterations.images_at(flowers.id, rows)
    assert [(urls.thumbnail(image.sha256), image.name) for image in snapshot] == [
        (image["src"], image["name"]) for image in strip["images"]
    ]
    first = {name: value for name, value in strip["images"][0].items() if name not in ("src", "name")}
    assert first == {
        "tags": ["rose"],
        "level": 0,
        "own": True,
        "probability": 0.2,
        "first": "tulip",
        "first_level": 81,
    }
    assert ("rose", False, 5, 0, 0) == tuple(strip[name] for name in ("tag", "multilabel", "in_row", "below", "floor"))


def test_a_strip_is_plain_json(store: Store, flowers: Iteration) -> None:
    """It holds no nan and no type of numpy."""
    strip = threshold_strip.data(store, flowers, 1)
    assert strip == json.loads(json.dumps(strip, allow_nan=False))


def test_tags_of_negative_images_have_names(store: Store, fill: Fill, trained: Trained) -> None:
    """In Multilabel a negative tag is no column, and images that carry it say so in the strips of others."""
    project = fill(classification_type=MULTILABEL, rose=5, tulip=5, nothing=5)
    negative = next(tag for tag in store.tags.of_project(project.id) if tag.name == "nothing")
    tagging.set_kind(store, project, negative, "Negative")
    iteration = trained(project)
    assert {("rose",), ("tulip",), ("nothing",)} == {
        tuple(image["tags"]) for image in threshold_strip.data(store, iteration, 0)["images"]
    }


def run(project: Project, **state: object) -> AppTest:
    """The presenter view, run once, in which nothing went wrong."""
    app = AppTest.from_string(PRESENTER.format(project=project.id), default_timeout=30)
    for name, value in state.items():
        app.session_state[name] = value
    app.run()
    assert [] == [each.message for each in app.exception]
    return app


def test_the_presenter_keeps_the_threshold(project: Project) -> None:
    """The session keeps the threshold it had, and takes over where the browser's slider rests."""
    assert 0.3 == run(project).session_state["kept"]
    assert 0.7 == run(project, **{f"presenter-{project.id}": {"threshold": 0.7}}).session_state["kept"]


def test_the_presenter_of_a_tag_that_is_gone(project: Project) -> None:
    """A tag chosen in another iteration, which this one does not have, gives way to the first."""
    run(project, **{f"presenter-{project.id}": {"tag": "oak"}})
