"""Robustness: measured by a button, then a chart, an image at every strength and what the tags do not stand."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cvcore import analyses, evaluation, robustness
from cvcore.records import Iteration
from cvcore.robustness import CHANGES, Measurement
from cvcore.store import Store
from pages.parts.robustness import chart, image_strip
from tests.conftest import Fill, Trained
from tests.pages.conftest import button, checked, open_page, texts


@pytest.fixture
def iteration(store: Store, fill: Fill, trained: Trained) -> Iteration:
    """A trained iteration of 20 roses and 20 tulips, one of which has a name that could act as Markdown."""
    return trained(fill(**{"**rose**": 20, "tulip": 20}))


@pytest.fixture
def measured(store: Store, iteration: Iteration) -> Measurement:
    """A measurement in which roses are missed as soon as they are turned, and nothing else matters."""
    truth = evaluation.load(store, iteration).truth
    levels = np.tile((91 * truth).astype(np.uint8), (1 + len(robustness.CONDITIONS), 1, 1))
    levels[1:6, truth[:, 0]] = 0
    measurement = Measurement(np.arange(40), levels, np.array(True))
    analyses.save(store, iteration, robustness.FILE, measurement)
    return measurement


def opened(store: Store, iteration: Iteration) -> AppTest:
    """The view, opened by its address."""
    return open_page("performance", store.projects.get(iteration.project_id), view="Robustness")


def test_it_is_measured_when_somebody_asks(store: Store, iteration: Iteration) -> None:
    """Opening the view starts nothing; the button does, and the job can be stopped and begun again."""
    app = opened(store, iteration)
    assert [] == store.jobs.active()
    button(app, "Measure").click()
    assert "Waiting for the training process" in texts(checked(app.run()))
    assert ["robustness"] == [job.kind for job in store.jobs.active()]
    button(app, "Stop").click()
    assert "The measurement of the robustness was stopped." in texts(checked(app.run()))
    button(app, "Try again").click()
    checked(app.run())
    (job,) = store.jobs.active()
    assert "queued" == job.status


def test_what_was_measured_is_shown(store: Store, iteration: Iteration, measured: Measurement) -> None:
    """The chart, an image at each strength, findings in words, and every tag's numbers."""
    app = opened(store, iteration)
    shown = texts(checked(app.run()))
    assert "Turned by 10°: recall of all tags falls from 100.0 % to 50.0 %" in shown
    assert r"recall of \*\*rose\*\* falls" in texts(app, raw=True)
    assert "All 40 evaluated images were changed and judged again" in shown
    assert 1 == len(app.get("plotly_chart"))
    pictures = "".join(each.proto.body for each in app.get("html"))
    assert 6 == pictures.count('src="data:image/webp')
    assert "<bdi>no answer</bdi>" in pictures
    app.selectbox(key=f"robustness-tag-{iteration.id}").select_index(1)
    assert r"recall of \*\*rose\*\* falls" in texts(checked(app.run()), raw=True)
    app.selectbox(key=f"robustness-tag-{iteration.id}").select_index(2)
    assert "No change makes recall or precision of tulip fall" in texts(checked(app.run()))


def test_above_every_probability_nothing_is_answered(store: Store, iteration: Iteration, measured: Measurement) -> None:
    """The slider beside it counts here too."""
    app = opened(store, iteration)
    app.slider(key=f"slider-{iteration.project_id}").set_value(95)
    assert "No change makes recall or precision of all tags fall" in texts(checked(app.run()))


def test_the_chart_begins_unchanged(store: Store, iteration: Iteration, measured: Measurement) -> None:
    """Precision and recall have six points each; where nothing is answered precision has a gap."""
    predictions = evaluation.load(store, iteration)
    numbers = robustness.numbers(measured, predictions.truth, predictions.groups, 0.5)
    precision, recall = chart.of(numbers, CHANGES[0], 0).data
    assert ("unchanged", "10°", "20°", "45°", "90°", "180°") == tuple(recall.x)
    assert [100, 0, 0, 0, 0, 0] == list(recall.y)
    assert np.isnan(precision.y[1:]).all()


def test_an_example_is_typical() -> None:
    """It is right before it is changed and falls when most do; without one that is right, the first is shown."""
    truth = np.array([[True, False]] * 4 + [[False, True]])
    is_right = np.array([[0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 0]], bool)
    assert (2, 4, 2) == tuple(image_strip.example(truth, is_right, tag) for tag in (0, 1, -1))
    assert image_strip.example(np.zeros((5, 2), bool), is_right, 0) is None
