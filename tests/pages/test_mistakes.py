"""The confusion matrix, the lists of mistakes and the gallery behind them, run as a page would."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cvcore import evaluation
from cvcore.evaluation import analysis
from cvcore.files import blobs
from cvcore.records import MULTILABEL, Iteration, Project
from cvcore.store import Store
from tests.conftest import Fill, Trained
from tests.pages.conftest import button, checked, roses, texts

SCRIPT = """
import streamlit as st
from pages.parts.performance import confusion_matrix, mistakes
from pages.parts.shell import backend

store = backend.store()
project = store.projects.get({project!r})
iteration = store.iterations.trained(project.id)[0]
threshold = st.session_state.setdefault("threshold", 0.5)
"""
MATRIX = SCRIPT + "st.text(repr(confusion_matrix.show(store, iteration, threshold, key='m')))"
MISTAKES = SCRIPT + "mistakes.show(store, project, iteration, threshold, key='x')"


def run(script: str, project: Project, **state: Any) -> AppTest:
    """A page of that script, run once."""
    app = AppTest.from_string(script.format(project=project.id), default_timeout=30)
    for name, value in state.items():
        app.session_state[name] = value
    return checked(app.run())


def data(app: AppTest, name: str) -> dict[str, Any]:
    """What the first widget whose data have that entry was given."""
    given = (json.loads(each.proto.json) for each in app.get("bidi_component"))
    return next(each for each in given if name in each)


def heading(app: AppTest) -> str:
    """The heading of the drawer."""
    return "".join(text for text, _ in data(app, "heading")["heading"])


@pytest.fixture
def flowers(fill: Fill, trained: Trained) -> Project:
    """Five roses and five tulips, all taken for tulips."""
    project = fill(rose=5, tulip=5)
    trained(project, [[0.25, 0.75]] * 10)
    return project


@pytest.fixture
def labels(fill: Fill, trained: Trained) -> Project:
    """The same in Multilabel: every image is answered with tulip alone."""
    project = fill("Labels", classification_type=MULTILABEL, rose=5, tulip=5)
    trained(project, [[0.25, 0.75]] * 10)
    return project


def newest(store: Store, project: Project) -> Iteration:
    return store.iterations.trained(project.id)[0]


# ---- the matrix ----------------------------------------------------------------------------------------------------


def test_a_clicked_cell_is_told(store: Store, flowers: Project) -> None:
    """The widget's row and column come back as a cell; one of another iteration does not."""
    signature = newest(store, flowers).id
    clicked = {"clicked": {"signature": signature, "row": 0, "column": 1}}
    assert "None" in texts(run(MATRIX, flowers))
    assert "Cell(actual=0, predicted=1)" in texts(run(MATRIX, flowers, **{"m-matrix": clicked}))
    clicked["clicked"]["signature"] = "another"
    assert "None" in texts(run(MATRIX, flowers, **{"m-matrix": clicked}))


def test_a_clicked_number_is_told_in_multilabel(store: Store, labels: Project) -> None:
    """A tag's count comes back as such, and from the other table two tags that were swapped."""
    signature = newest(store, labels).id
    clicked = {"clicked": {"signature": signature, "tag": 0, "outcome": "fn"}}
    app = run(MATRIX, labels, **{"m-cards": clicked})
    assert "TagOutcome(tag=0, outcome='fn')" in texts(app)
    app.session_state["m-swaps"] = {"clicked": {"signature": signature, "row": 0, "column": 1}}
    app.segmented_control[0].set_value("Swapped tags").run()
    assert "Swap(missed=0, predicted=1)" in texts(checked(app))
    app.session_state["threshold"] = 0.9
    app.run()
    assert "No image missed one tag and was wrongly given another" in texts(checked(app))


def test_rows_and_columns_are_added_up(flowers: Project, labels: Project) -> None:
    """A row ends with the images tagged, a column with those answered; in Multilabel both are counted by tag."""
    assert [[5, 5], [0, 10, 0]] == data(run(MATRIX, flowers), "totals")["totals"]
    app = run(MATRIX, labels)
    app.segmented_control[0].set_value("Swapped tags").run()
    assert [[5, 5], [0, 10]] == data(checked(app), "totals")["totals"]


def test_the_open_cell_is_marked(store: Store, flowers: Project) -> None:
    """What the drawer shows is marked in the matrix, in the run of the click and after it."""
    clicked = {"clicked": {"signature": newest(store, flowers).id, "row": 0, "column": 1}}
    app = run(MISTAKES, flowers, **{"x-matrix": clicked})
    assert [0, 1] == data(app, "totals")["opened"]
    app.session_state["x-matrix"] = {}
    assert [0, 1] == data(checked(app.run()), "totals")["opened"]
    app.session_state["drawer-open"] = None
    assert data(checked(app.run()), "totals")["opened"] is None


# ---- the lists -----------------------------------------------------------------------------------------------------


def test_the_commonest_confusion_opens(flowers: Project) -> None:
    """A button names the pair and its number; at a threshold that nothing reaches there is no pair."""
    app = run(MISTAKES, flowers)
    button(app, "rose taken for tulip: **5**").click().run()
    assert "5 images tagged rose, answered with tulip" == heading(checked(app))
    app.session_state["threshold"] = 0.9
    app.run()
    assert "No tag is confused with another at this threshold." in texts(checked(app))


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ("Likely wrong tags", "with a tag that may be wrong"),
        ("Hardest images", "that the model gets wrong or nearly"),
        ("Near duplicates", "with a near duplicate"),
    ],
)
def test_each_list_opens(flowers: Project, view: str, words: str) -> None:
    """A button leads to each list, and the drawer says what it holds."""
    app = run(MISTAKES, flowers)
    button(app, view).click().run()
    assert words in heading(checked(app))


def test_duplicates_with_different_tags_are_announced(store: Store, flowers: Project) -> None:
    """That is a wrong tag for certain, so the page says how many groups there are."""
    iteration = newest(store, flowers)
    every = [image.image_id for image in store.iterations.images(iteration.id)]
    mine = roses(store, flowers)
    groups = np.arange(10)
    groups[[every.index(mine[0]), next(row for row in range(10) if every[row] not in mine)]] = 99
    replace_arrays(store, iteration, groups=groups)
    app = run(MISTAKES, flowers)
    button(app, "Near duplicates").click().run()
    assert "1 group of near duplicates has different tags." in texts(checked(app))
    assert "2 images with a near duplicate" == heading(app)


def test_the_pairs_in_multilabel(labels: Project) -> None:
    """A pair is a tag missed and another given."""
    app = run(MISTAKES, labels)
    button(app, "rose missed, tulip given: **5**").click().run()
    assert "5 images tagged rose, answered with tulip in its place" == heading(checked(app))


# ---- edges ---------------------------------------------------------------------------------------------------------


def replace_arrays(store: Store, iteration: Iteration, **changes: Any) -> None:
    """Put other arrays in the place of an iteration's."""
    folder = blobs.iteration_folder(store.home, iteration.id)
    with np.load(folder / evaluation.ARRAYS) as arrays:
        fields = dict(arrays) | changes
    evaluation.save(folder, evaluation.OutOfFold(**fields))
    analysis._load.cache_clear()


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0, (0.2, 0.9)])
@pytest.mark.parametrize("classification_type", ["Multiclass", MULTILABEL])
def test_nothing_evaluated(
    store: Store, fill: Fill, trained: Trained, classification_type: str, threshold: float | tuple[float, ...]
) -> None:
    """Images that could not be evaluated are in no cell and no list, and every panel still runs."""
    project = fill(classification_type=classification_type, rose=5, tulip=5)
    iteration = trained(project)
    replace_arrays(store, iteration, folds=np.full(10, -1), probabilities=np.full((10, 2), np.nan, np.float32))
    app = run(MISTAKES, project, threshold=threshold)
    for view in ("Likely wrong tags", "Hardest images", "Near duplicates"):
        button(app, view).click().run()
        assert heading(checked(app)).startswith("0 ")


def test_hostile_names_are_text(store: Store, fill: Fill, trained: Trained) -> None:
    """Tags that look like Markdown stand letter by letter where Streamlit would read it."""
    project = fill(**{"![x](http://a/b.png)": 5, "**bold**": 5})
    trained(project, [[0.25, 0.75]] * 10)
    labels = [each.label for each in run(MISTAKES, project).button]
    assert any(r"\*\*bold" in label for label in labels)
    assert not any("![x]" in label for label in labels)
