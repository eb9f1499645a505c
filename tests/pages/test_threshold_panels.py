"""The panels that choose thresholds and check probabilities: each run as a whole."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from cvcore import evaluation, training
from cvcore.metrics.threshold_tuning import Goal
from cvcore.records import Iteration
from cvcore.store import Store
from tests.conftest import Fill, Trained
from tests.pages.conftest import button, checked, texts

PANELS = ["threshold_suggestions", "calibration_panel"]
UNSURE = [[0.62, 0.38], [0.55, 0.45], [0.7, 0.3], [0.48, 0.52], [0.8, 0.2]] * 2


def panel(home: str, panel: str, project_id: str, iteration: object) -> None:
    """A page with one panel on it."""
    import importlib
    from pathlib import Path

    from cvcore.store import Store

    store = Store(Path(home))
    importlib.import_module(f"pages.parts.performance.{panel}").show(store, store.projects.get(project_id), iteration)


def opened(store: Store, name: str, iteration: Iteration) -> AppTest:
    """A panel about an iteration."""
    arguments = (str(store.home), name, iteration.project_id, iteration)
    return checked(AppTest.from_function(panel, args=arguments, default_timeout=30).run())


@pytest.mark.parametrize("classification_type", ["Multiclass", "Multilabel"])
@pytest.mark.parametrize("kind", ["good", "constant", "never"])
@pytest.mark.parametrize("name", PANELS)
def test_every_panel_runs(
    store: Store, fill: Fill, trained: Trained, name: str, kind: str, classification_type: str
) -> None:
    """With good, constant and one-sided scores, and a tag whose name would act as Markdown or HTML."""
    project = fill(classification_type=classification_type, **{"<b>![x](http://a)": 5, "tulip": 5})
    shown = {"good": None, "constant": [[0.5, 0.5]] * 10, "never": [[0.9, 0.1]] * 10}[kind]
    trained(project)
    app = opened(store, name, trained(project, shown))
    assert "![x](" not in texts(app, raw=True)
    assert [] == list(app.error)


@pytest.mark.parametrize("name", PANELS)
def test_an_iteration_deleted_in_another_tab(store: Store, fill: Fill, trained: Trained, name: str) -> None:
    """Nothing breaks, and nothing is left to press that could not work."""
    project = fill(rose=5, tulip=5)
    trained(project)
    iteration = trained(project)
    training.delete_iteration(store, iteration)
    app = opened(store, name, iteration)
    assert [] == list(app.button)


def test_thresholds_are_saved_and_cleared(store: Store, fill: Fill, trained: Trained) -> None:
    """What is suggested for all, then for each tag, is saved with a click, said, and forgotten with another."""
    iteration = trained(fill(rose=5, tulip=5), UNSURE)
    app = opened(store, "threshold_suggestions", iteration)
    assert "this iteration uses a threshold of 50 %" in texts(app)
    button(app, "Save as suggested").click().run()
    saved = store.iterations.get(iteration.id).thresholds
    assert isinstance(saved, float)
    assert f"Saved: {100 * saved:.0f} % for all tags." in texts(app)
    app.radio[0].set_value("One for each tag").run()
    button(app, "Save as suggested").click().run()
    made = evaluation.suggest_thresholds(store, iteration, Goal("f1"), per_tag=True)
    assert tuple(made.thresholds.tolist()) == store.iterations.get(iteration.id).thresholds
    assert "Saved: a threshold for each tag" in texts(app)
    button(app, "Clear").click().run()
    assert store.iterations.get(iteration.id).thresholds is None


@pytest.mark.parametrize("goal", ["precision", "recall", "cost"])
def test_every_goal_can_be_chosen(store: Store, fill: Fill, trained: Trained, goal: str) -> None:
    """Its wish has a field of its own, and a suggestion follows."""
    app = opened(store, "threshold_suggestions", trained(fill(rose=5, tulip=5), UNSURE))
    app.selectbox[0].set_value(goal).run()
    assert 1 == len(app.number_input)
    assert "Suggested for all tags" in texts(app)


def test_a_sentence_about_probabilities(store: Store, fill: Fill, trained: Trained) -> None:
    """Its numbers are those of the highest bin, and both errors are told."""
    shown = texts(opened(store, "calibration_panel", trained(fill(rose=5, tulip=5))))
    assert "When it says 90 to 100 %, it is right 10 times of 10 (100 of 100)." in shown
    assert "Expected calibration error: 10.0 points as it is" in shown
