"""More images?: the curve is measured when it is first looked for, and every tag has its sentence."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cvcore import evaluation, learning_curves
from cvcore.files import blobs
from cvcore.records import Iteration
from cvcore.store import Store
from cvcore.training import job_runner
from cvcore.training.analyses import made
from pages.parts.performance import learning_curve_panel
from tests.conftest import Fill, Trained
from tests.pages.conftest import button, checked, open_page, texts


@pytest.fixture
def iteration(fill: Fill, trained: Trained) -> Iteration:
    """A trained iteration of 12 roses and 12 tulips."""
    return trained(fill(rose=12, tulip=12))


def opened(store: Store, iteration: Iteration) -> AppTest:
    """The view, opened by its address."""
    return open_page("performance", store.projects.get(iteration.project_id), view="More images?")


def work(store: Store) -> None:
    """Do the next job, as the worker does."""
    job = store.jobs.claim()
    assert job is not None
    job_runner.run_job(store, job, threading.Event())


def test_it_is_measured_when_it_is_first_looked_for(store: Store, iteration: Iteration) -> None:
    """The page waits for the worker and asks once, however often it runs; then it shows the curve."""
    app = opened(store, iteration)
    assert "Waiting for the training process" in texts(app)
    checked(app.run())
    assert ["learning-curve"] == [job.kind for job in store.jobs.active()]
    work(store)
    shown = texts(checked(app.run()))
    assert "Would more images help?" in shown
    assert "More images of rose will hardly change anything: its recall is 100.0 % already." in shown
    assert 1 == len(app.get("plotly_chart"))


def test_a_failure_says_why_and_can_be_repeated(store: Store, iteration: Iteration) -> None:
    """Where an image is gone the reason stands there, and a button asks once more."""
    for image in store.iterations.images(iteration.id):
        blobs.delete(blobs.original_path(store.home, image.sha256))
    app = opened(store, iteration)
    work(store)
    assert "There is no learning curve. Every image must be in the home folder" in texts(checked(app.run()))
    button(app, "Try again").click()
    assert "Waiting for the training process" in texts(checked(app.run()))


def test_a_lost_file_is_told(store: Store, iteration: Iteration) -> None:
    """What was measured and is gone is not measured for ever: a button asks for it."""
    app = opened(store, iteration)
    work(store)
    (blobs.iteration_folder(store.home, iteration.id) / learning_curves.FILE.name).unlink()
    assert "its file is missing, damaged or from an older tagwise" in texts(checked(app.run())).lower()


def test_names_are_shown_as_they_are(store: Store, fill: Fill, trained: Trained) -> None:
    """A tag's name does not act as Markdown."""
    iteration = trained(fill(**{"**rose** ![x](http://a)": 12, "tulip": 12}))
    made(store, iteration, "learning-curve")
    app = opened(store, iteration)
    assert r"\*\*rose\*\*" in texts(app, raw=True)


def test_the_chart_goes_on_where_it_was_measured(store: Store, iteration: Iteration) -> None:
    """The dashed line begins at today's point, ends at twice its images, and each line lies in its band."""
    predictions = evaluation.load(store, iteration)
    curve = learning_curves.curve(made(store, iteration, "learning-curve"), predictions.truth, predictions.groups, 0.5)
    rising = replace(curve.forecast, values=np.minimum(1, curve.forecast.values * 0.9))
    figure = learning_curve_panel.chart(replace(curve, forecast=rising), 0, 1)
    _, measured, band, expected = figure.data
    assert (measured.x[-1], measured.y[-1]) == (expected.x[0], expected.y[0])
    assert (12, 24) == (measured.x[-1], expected.x[-1])
    assert "dash" == expected.line.dash
    assert 2 * len(expected.x) == len(band.y)
