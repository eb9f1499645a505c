"""The confusion matrix, the lists of mistakes and the gallery behind them, run as a page would."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cvcore import evaluation, training
from cvcore.evaluation import analysis
from cvcore.files import blobs
from cvcore.projects import tagging, uploads
from cvcore.records import MULTILABEL, Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store
from tests.conftest import Fill, Trained
from tests.pages.conftest import button, checked, texts

SCRIPT = """
import streamlit as st
from cvcore.metrics.confusion import Cell, Swap, TagOutcome
from pages.parts.performance import confusion_matrix, evaluated_images, mistakes
from pages.parts.shell import backend

store = backend.store()
project = store.projects.get({project!r})
iteration = store.iterations.trained(project.id)[0]
threshold = st.session_state.setdefault("threshold", 0.5)
"""
GALLERY = SCRIPT + "evaluated_images.show(store, project, iteration, threshold, {asked}, key='g')"
MATRIX = SCRIPT + "st.text(repr(confusion_matrix.show(store, iteration, threshold, key='m')))"
MISTAKES = SCRIPT + "mistakes.show(store, project, iteration, threshold, key='x')"
EVERYTHING = MATRIX + "\nmistakes.show(store, project, iteration, threshold, key='x')"


def run(script: str, project: Project, asked: str = "", **state: Any) -> AppTest:
    """A page of that script, run once."""
    app = AppTest.from_string(script.format(project=project.id, asked=asked), default_timeout=30)
    for name, value in state.items():
        app.session_state[name] = value
    return checked(app.run())


def select(app: AppTest, iteration: Iteration, place: str, *ids: str, turn: int = 0) -> AppTest:
    """The page after images of its gallery were selected."""
    app.session_state[f"g-{iteration.id}-{place}-gallery-1"] = {"selection": {"revision": turn, "ids": list(ids)}}
    return checked(app.run())


def tags_of(store: Store, project: Project) -> dict[str, int]:
    """How many images carry each tag."""
    return {tag.name: tag.image_count for tag in store.tags.of_project(project.id)}


def roses(store: Store, project: Project) -> list[str]:
    """The ids of the images that carry the first tag, in the order of a snapshot."""
    first = store.tags.of_project(project.id)[0].id
    return [image.id for image in store.images.tagged(project.id) if first in image.tag_ids]


@pytest.fixture
def flowers(fill: Fill, trained: Trained) -> Project:
    """Five roses and five tulips, all taken for tulips."""
    project = fill(rose=5, tulip=5)
    trained(project, [[0.25, 0.75]] * 10)
    return project


@pytest.fixture
def labels(fill: Fill, trained: Trained) -> Project:
    """The same in Multilabel: every image is answered with tulip alone."""
    project = fill(classification_type=MULTILABEL, rose=5, tulip=5)
    trained(project, [[0.25, 0.75]] * 10)
    return project


def newest(store: Store, project: Project) -> Iteration:
    return store.iterations.trained(project.id)[0]


# ---- the matrix ----------------------------------------------------------------------------------------------------


def test_a_clicked_cell_is_told(store: Store, flowers: Project) -> None:
    """The widget's row and column come back as a cell; under another iteration they are forgotten."""
    signature = newest(store, flowers).id
    chosen = {"chosen": {"signature": signature, "row": 0, "column": 1}}
    assert "None" in texts(run(MATRIX, flowers))
    assert "Cell(actual=0, predicted=1)" in texts(run(MATRIX, flowers, **{"m-matrix": chosen}))
    chosen["chosen"]["signature"] = "another"
    assert "None" in texts(run(MATRIX, flowers, **{"m-matrix": chosen}))


def test_a_clicked_number_is_told_in_multilabel(store: Store, labels: Project) -> None:
    """A tag's count comes back as such, and from the other table two tags that were swapped."""
    signature = newest(store, labels).id
    chosen = {"chosen": {"signature": signature, "tag": 0, "outcome": "fn"}}
    app = run(MATRIX, labels, **{"m-cards": chosen})
    assert "TagOutcome(tag=0, outcome='fn')" in texts(app)
    app.session_state["m-swaps"] = {"chosen": {"signature": signature, "row": 0, "column": 1}}
    app.segmented_control[0].set_value("Swapped tags").run()
    assert "Swap(missed=0, predicted=1)" in texts(checked(app))
    app.session_state["threshold"] = 0.9
    app.run()
    assert "No image missed one tag and was wrongly given another" in texts(checked(app))


# ---- the gallery ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("Cell(0, 1)", "**5 images** tagged **rose**, answered with **tulip**"),
        ("Cell(1, 1)", "**5 images** tagged **tulip**, answered correctly"),
        ("Cell(0, 2)", "**0 images** tagged **rose**, with no answer"),
        ("Cell(2, 0)", "**0 images** without a tag, answered with **rose**"),
        ("TagOutcome(1, 'tp')", "**5 images** tagged **tulip** and answered with it"),
        ("TagOutcome(1, 'fp')", "**5 images** not tagged **tulip** but answered with it"),
        ("TagOutcome(0, 'fn')", "**5 images** tagged **rose** but not answered with it"),
        ("TagOutcome(0, 'tn')", "**5 images** not tagged **rose** and not answered with it"),
        ("Swap(0, 1)", "**5 images** tagged **rose**, answered with **tulip** in its place"),
        ("'label_issues'", "**5 images** with a tag that may be wrong"),
        ("'hardest'", "**10 images** with the lowest probability of their own tags"),
        ("'duplicates'", "**0 images** with a near duplicate, those with different tags first"),
    ],
)
def test_the_gallery_says_what_it_shows(flowers: Project, asked: str, words: str) -> None:
    """How many images there are and what they have in common, in one line."""
    assert words in texts(run(GALLERY, flowers, asked))


def test_retag_and_back(store: Store, flowers: Project) -> None:
    """The suggested tag takes one click on the selected, the page says what was done, and one click takes it back."""
    iteration = newest(store, flowers)
    one, other, *_ = roses(store, flowers)
    app = run(GALLERY, flowers, "Cell(0, 1)")
    assert button(app, "Apply the suggestions").disabled
    select(app, iteration, "cell-0-1", f"{one} tulip", f"{other} tulip")
    button(app, "Retag as tulip").click().run()
    assert {"rose": 3, "tulip": 7} == tags_of(store, flowers)
    assert "2 images retagged." in texts(checked(app))
    assert "keeps its numbers" in texts(app)
    button(app, "Undo").click().run()
    assert {"rose": 5, "tulip": 5} == tags_of(store, flowers)
    assert "Tags are back as they were." in texts(checked(app))


def test_a_tag_of_ones_own_choice(store: Store, flowers: Project) -> None:
    """Any tag of the workspace can be given to the selected."""
    tagging.create(store, flowers, "violet", limits=Limits())
    violet = next(tag.id for tag in store.tags.of_project(flowers.id) if tag.name == "violet")
    app = select(
        run(GALLERY, flowers, "Cell(0, 1)"), newest(store, flowers), "cell-0-1", f"{roses(store, flowers)[0]} tulip"
    )
    assert button(app, "Set this tag").disabled
    app.selectbox[0].set_value(violet).run()
    button(app, "Set this tag").click().run()
    assert {"violet": 1, "rose": 4, "tulip": 5} == tags_of(store, flowers)


def test_corrections_in_multilabel(store: Store, labels: Project) -> None:
    """What was missed comes off, what was swapped changes places, and a chosen tag goes on or off."""
    iteration, one = newest(store, labels), roses(store, labels)[0]
    app = select(run(GALLERY, labels, "TagOutcome(0, 'fn')"), iteration, "fn-0", f"{one} rose")
    button(app, "Remove rose").click().run()
    assert {"rose": 4, "tulip": 5} == tags_of(store, labels)
    button(app, "Undo").click().run()
    app = select(run(GALLERY, labels, "Swap(0, 1)"), iteration, "swap-0-1", f"{one} tulip")
    button(app, "Swap rose for tulip").click().run()
    assert {"rose": 4, "tulip": 6} == tags_of(store, labels)
    tulip = next(tag.id for tag in store.tags.of_project(labels.id) if tag.name == "tulip")
    app = select(run(GALLERY, labels, "Cell(0, 1)"), iteration, "cell-0-1", f"{one} tulip")
    app.selectbox[0].set_value(tulip).run()
    button(app, "Remove this tag").click().run()
    assert {"rose": 4, "tulip": 5} == tags_of(store, labels)


def test_images_that_left_are_told(store: Store, flowers: Project) -> None:
    """Somebody deleted one after it was selected: the others are retagged, and the page says so."""
    iteration = newest(store, flowers)
    one, other, *_ = roses(store, flowers)
    tulip = store.tags.of_project(flowers.id)[1].id
    app = select(run(GALLERY, flowers, "Cell(0, 1)"), iteration, "cell-0-1", f"{one} tulip", f"{other} tulip")
    app.selectbox[0].set_value(tulip).run()
    uploads.delete(store, [one])
    button(app, "Set this tag").click().run()
    assert "1 image retagged, 1 image no longer in the workspace." in texts(checked(app))


def test_a_refusal_is_shown(store: Store, flowers: Project) -> None:
    """A tag that somebody deleted meanwhile cannot be given, and nothing is changed."""
    app = run(GALLERY, flowers, "Cell(0, 1)")
    app = select(app, newest(store, flowers), "cell-0-1", f"{roses(store, flowers)[0]} tulip")
    rose, tulip = store.tags.of_project(flowers.id)
    app.selectbox[0].set_value(tulip.id).run()
    tagging.delete(store, tulip)
    app.run()
    assert button(app, "Set this tag").disabled
    assert {"rose": 5} == tags_of(store, flowers)
    assert rose.image_count == 5


def test_an_iteration_deleted_in_another_tab(store: Store, flowers: Project) -> None:
    """While its page is open here: a sentence, no traceback."""
    keep = SCRIPT.replace(
        "iteration = store.iterations.trained(project.id)[0]",
        "iteration = st.session_state.setdefault('it', (store.iterations.trained(project.id) or [None])[0])",
    )
    app = run(keep + "evaluated_images.show(store, project, iteration, threshold, 'hardest', key='g')", flowers)
    training.delete_iteration(store, newest(store, flowers))
    app.run()
    assert "there is no iteration" in texts(checked(app)).lower()


def test_a_suspect_found_right_leaves_the_list(store: Store, flowers: Project) -> None:
    """One click puts the selected aside, tags and all stay as they are, and another click brings them back."""
    iteration = newest(store, flowers)
    app = run(MISTAKES.replace("key='x'", "key='g'"), flowers, **{"g-list": "Likely wrong tags"})
    assert "**5 images** with a tag that may be wrong" in texts(app)
    one, other, *_ = roses(store, flowers)
    name = f"g-gallery-{iteration.id}-label_issues-gallery-1"
    app.session_state[name] = {"selection": {"revision": 0, "ids": [f"{one} tulip", f"{other} tulip"]}}
    checked(app.run())
    button(app, "Tag is correct").click().run()
    assert "**3 images** with a tag that may be wrong" in texts(checked(app))
    assert "2 tags that you marked as correct are not listed." in texts(app)
    assert {"rose": 5, "tulip": 5} == tags_of(store, flowers)
    button(app, "Show them again").click().run()
    assert "**5 images** with a tag that may be wrong" in texts(checked(app))
    assert "not listed" not in texts(app)


# ---- the lists -----------------------------------------------------------------------------------------------------


def test_the_commonest_confusion_is_open(flowers: Project) -> None:
    """Its images are there at once; at a threshold that nothing reaches there is nothing to see."""
    app = run(MISTAKES, flowers)
    assert "**5 images** tagged **rose**, answered with **tulip**" in texts(app)
    app.session_state["threshold"] = 0.9
    app.run()
    assert "No tag is confused with another at this threshold." in texts(checked(app))


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ("Likely wrong tags", "with a tag that may be wrong"),
        ("Hardest images", "with the lowest probability of their own tags"),
        ("Near duplicates", "with a near duplicate"),
    ],
)
def test_each_list_opens(flowers: Project, view: str, words: str) -> None:
    """A switch leads from list to list."""
    app = run(MISTAKES, flowers)
    app.segmented_control[0].set_value(view).run()
    assert words in texts(checked(app))


def test_duplicates_with_different_tags_are_announced(store: Store, flowers: Project) -> None:
    """That is a wrong tag for certain, so the page says how many groups there are."""
    iteration = newest(store, flowers)
    every = [image.image_id for image in store.iterations.images(iteration.id)]
    mine = roses(store, flowers)
    groups = np.arange(10)
    groups[[every.index(mine[0]), next(row for row in range(10) if every[row] not in mine)]] = 99
    replace_arrays(store, iteration, groups=groups)
    app = run(MISTAKES, flowers)
    app.segmented_control[0].set_value("Near duplicates").run()
    assert "1 group of near duplicates has different tags." in texts(checked(app))
    assert "**2 images** with a near duplicate" in texts(app)


def test_the_lists_in_multilabel(labels: Project) -> None:
    """Doubts are counted by tag, and a pair is a tag missed and another given."""
    app = run(MISTAKES, labels)
    assert "**5 images** tagged **rose**, answered with **tulip** in its place" in texts(app)
    app.segmented_control[0].set_value("Likely wrong tags").run()
    assert "tags** that may be missing or wrong" in texts(checked(app))


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
    app = run(EVERYTHING, project, threshold=threshold)
    for view in ("Likely wrong tags", "Hardest images", "Near duplicates"):
        app.segmented_control(key="x-list").set_value(view).run()
        assert "**0 " in texts(checked(app))


def test_hostile_names_are_text(store: Store, fill: Fill, trained: Trained) -> None:
    """Tags that look like Markdown stand letter by letter where Streamlit would read it."""
    project = fill(**{"![x](http://a/b.png)": 5, "**bold**": 5})
    trained(project, [[0.25, 0.75]] * 10)
    app = run(MISTAKES, project)
    assert "![x]" not in texts(app, raw=True)
    assert r"\*\*bold" in texts(app, raw=True)
