"""The panels that choose thresholds and check probabilities: each run as a whole."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cvcore import evaluation, training
from cvcore.evaluation import saved_thresholds
from cvcore.metrics.calibration import Reliability
from cvcore.metrics.threshold_tuning import Goal
from cvcore.records import Iteration
from cvcore.store import Store
from pages.parts.performance import calibration_panel, threshold_suggestions
from pages.parts.shell import undo_toast
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
    """What is suggested for all, then for each tag, is saved with a click, said, and given up with another."""
    iteration = trained(fill(rose=5, tulip=5), UNSURE)
    app = opened(store, "threshold_suggestions", iteration)
    assert "In use: 50 %, nothing is saved." in texts(app)
    assert [] == [each for each in app.button if "slider" in each.label], "there is no slider on this view"
    button(app, "Save as suggested").click().run()
    saved = store.iterations.get(iteration.id).thresholds
    assert isinstance(saved, float)
    assert f"In use: {100 * saved:.0f} % for all tags." in texts(app)
    assert saved == app.session_state[f"threshold-{iteration.project_id}"], "the other views open with it"
    app.segmented_control[0].set_value("One for each tag").run()
    button(app, "Save as suggested").click().run()
    made = evaluation.suggest_thresholds(store, iteration, Goal("f1"), per_tag=True)
    assert tuple(made.thresholds.tolist()) == store.iterations.get(iteration.id).thresholds
    assert "In use: a threshold for each tag" in texts(app)
    button(app, "Back to 50 %").click().run()
    assert store.iterations.get(iteration.id).thresholds is None


def test_numbers_of_suggestions_are_rounded(store: Store, fill: Fill, trained: Trained) -> None:
    """In what is sent to the browser too; where tags have different thresholds, their mean has a dash, not None."""
    iteration = trained(fill(rose=5, tulip=5), [[0.62, 0.1], [0.55, 0.3], [0.7, 0.3], [0.4, 0.52], [0.8, 0.2]] * 2)
    app = opened(store, "threshold_suggestions", iteration)
    assert [] == list(app.dataframe)
    app.segmented_control[0].set_value("One for each tag").run()
    body = app.get("html")[0].proto.body
    assert '<tr class="sum"><th scope="row"><bdi>All tags (mean)</bdi></th><td>10</td><td>' in body
    assert "None" not in body
    assert [] == re.findall(r"\d\.\d\d", body.partition("</style>")[2])
    suggested = evaluation.suggest_thresholds(store, iteration, Goal("f1"), per_tag=True)
    assert "–" == threshold_suggestions.rows(suggested, ["a", "b"])["Threshold"][-1]


def test_saving_is_undone(store: Store, fill: Fill, trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    """The toast gives back what was saved before."""
    iteration = trained(fill(rose=5, tulip=5), UNSURE)
    saved_thresholds.save(store, iteration, 0.31)
    offered: list[tuple[str, Callable[[], str]]] = []
    monkeypatch.setattr(undo_toast, "offer", lambda _, message, undo: offered.append((message, undo)))
    app = opened(store, "threshold_suggestions", iteration)
    button(app, "Back to 50 %").click().run()
    assert store.iterations.get(iteration.id).thresholds is None
    ((message, undo),) = offered
    assert "Quick Test and exports of Iteration 1 use 50 % again." == message
    assert "The thresholds are as they were before." == undo()
    assert 0.31 == store.iterations.get(iteration.id).thresholds


@pytest.mark.parametrize("goal", ["precision", "recall", "cost"])
def test_every_goal_can_be_chosen(store: Store, fill: Fill, trained: Trained, goal: str) -> None:
    """Its wish has a field of its own, and a suggestion follows."""
    app = opened(store, "threshold_suggestions", trained(fill(rose=5, tulip=5), UNSURE))
    app.selectbox[0].set_value(goal).run()
    assert 1 == len(app.number_input)
    assert "Suggested for all tags" in texts(app)


def test_a_sentence_about_probabilities(store: Store, fill: Fill, trained: Trained) -> None:
    """It is about all answers, and names the range that is off most, with what is said and what is right there."""
    shown = texts(opened(store, "calibration_panel", trained(fill(rose=5, tulip=5))))
    assert (
        "**On average its probabilities are off by 10.0 points**, most where it says 90 to 100 %: 10 of 10 are right "
        "(100.0 %), it says 90.0 %. In no range is that more than chance explains." in shown
    )


def reliability(said: list[float], right: list[float], counts: list[int]) -> Reliability:
    """A diagram with these ranges from the highest down, and intervals of 10 points to both sides."""
    values = [np.array([np.nan] * (10 - len(each)) + each[::-1]) for each in (said, right)]
    weights = np.array([0.0] * (10 - len(counts)) + [float(number) for number in counts[::-1]])
    error = float(np.nansum(weights * np.abs(values[0] - values[1])) / weights.sum())
    return Reliability(weights, values[0], values[1], values[1] - 0.1, values[1] + 0.1, error)


def test_the_best_range_is_not_the_headline() -> None:
    """Where 106 of 107 are right above 90 %, but 2 of 40 near 70 %, the sentence is about those 40."""
    shown = calibration_panel.sentence(reliability([0.98, 0.85, 0.72], [106 / 107, 0.85, 2 / 40], [107, 20, 40]))
    assert "**On average its probabilities are off by 16.7 points**, most where it says 70 to 80 %: 2 of 40" in shown
    assert "107" not in shown


@pytest.mark.parametrize(
    ("said", "right", "multilabel", "words"),
    [
        ([0.95], [0.9], False, "In no range is that more than chance explains."),
        ([0.95], [0.5], False, "it is too sure."),
        ([0.95], [0.5], True, "it is too sure."),
        ([0.91, 0.81], [0.91, 1.0], False, "it is not sure enough."),
        ([0.95, 0.81], [0.5, 1.0], False, "it is too sure in some ranges, not sure enough in others."),
        ([0.95] + [0.85] * 8 + [0.05], [0.95] + [0.85] * 8 + [0.4], True, "it is too sure."),
        ([0.95] + [0.85] * 8 + [0.05], [0.95] + [0.85] * 8 + [0.4], False, "it is not sure enough."),
    ],
)
def test_too_sure_or_not_sure_enough(said: list[float], right: list[float], multilabel: bool, words: str) -> None:
    """From the ranges that chance does not explain; a tag that is there more often than 5 % was denied too surely."""
    drawn = reliability(said, right, [50] * len(said))
    assert calibration_panel.verdict(drawn, multilabel=multilabel).endswith(words)
