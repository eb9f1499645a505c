"""What is taken along, Rekognition's terms, and where the network looked: each panel by itself, on odd models too."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

from cvcore import evaluation
from cvcore.evaluation import overviews
from cvcore.files import blobs
from cvcore.languages import using
from cvcore.prediction import occlusion
from cvcore.projects import uploads
from cvcore.records import Iteration
from cvcore.store import Store
from pages.parts.performance import report_downloads
from pages.parts.quick_test import explanation
from tests.conftest import Fill, Trained
from tests.pages.conftest import checked


def panels(iteration_id: str, full: bool) -> None:
    """A page of the three panels, about an iteration and the first of its images."""
    import streamlit as st

    from cvcore.files import blobs
    from pages.parts.performance import rekognition_panel, report_downloads
    from pages.parts.quick_test import explanation
    from pages.parts.shell import backend

    st.session_state["full"] = full
    store = backend.store()
    iteration = store.iterations.get(iteration_id)
    report_downloads.show(store, store.projects.get(iteration.project_id), iteration, threshold=0.5)
    rekognition_panel.show(store, iteration)
    image = store.iterations.images(iteration.id)[0]
    data = blobs.read(blobs.original_path(store.home, image.sha256))
    explanation.show(store, iteration, data, limits=backend.limits(), key="panels", tag="tulip")


def opened(iteration: Iteration, *, full: bool = True) -> AppTest:
    return checked(AppTest.from_function(panels, args=(iteration.id, full), default_timeout=30).run())


def table(app: AppTest) -> list[list[str]]:
    """The labels' rows, cell by cell."""
    body = next(each.proto.body for each in app.get("html") if "Assumed threshold" in each.proto.body)
    rows = re.findall(r"<tr>(.*?)</tr>", body)[1:]
    return [[re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


def test_panels_of_an_iteration(fill: Fill, trained: Trained) -> None:
    """Four files are offered, each label has its assumed threshold, and the tag asked for is explained first."""
    app = opened(trained(fill(rose=6, tulip=5)))
    labels = [each.proto.label for each in app.get("download_button")]
    assert [
        "HTML report",
        "Probabilities",
        "Summary in Rekognition's format",
        "Manifest in Rekognition's format",
    ] == labels
    assert [["rose", "6", "90.0 %"], ["tulip", "5", "90.0 %"]] == [row[:3] for row in table(app)]
    assert ["100.0 %"] * 4 == [each.value for each in app.metric]
    assert app.selectbox[0].value == 1
    assert "**tulip**" in app.markdown[0].value


def test_simple_pages_offer_no_files_for_rekognition(fill: Fill, trained: Trained) -> None:
    """The report and the probabilities, which everyone can use."""
    app = opened(trained(fill(rose=6, tulip=5)), full=False)
    assert ["HTML report", "Probabilities"] == [each.proto.label for each in app.get("download_button")]


def test_the_report_speaks_the_language_of_its_page(
    fill: Fill, trained: Trained, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report is made when its button is pressed, in a thread of its own, and in the language of the page."""
    iteration = trained(fill(rose=6, tulip=5))
    makers: list[Callable[[], str]] = []
    monkeypatch.setattr(DeltaGenerator, "download_button", lambda _, label, make, **rest: makers.append(make))
    with using("es"):
        report_downloads.show(store, store.projects.get(iteration.project_id), iteration, threshold=0.5)
    page = makers[0]()
    assert "Matriz de confusión" in page
    assert "Red incorporada" in page


def test_labels_that_are_thresholds_on_these_very_images_say_so(fill: Fill, trained: Trained) -> None:
    """Nobody takes them for numbers about new images."""
    app = opened(trained(fill(rose=6, tulip=5)))
    assert "**on these same images**" in "".join(each.value for each in app.caption)


@pytest.mark.parametrize(
    "probabilities", [[[0.9, 0.1]] * 10, [[0.5, 0.5]] * 10, None], ids=["one tag only", "constant", "good"]
)
def test_panels_of_odd_models(fill: Fill, trained: Trained, probabilities: list[list[float]] | None) -> None:
    """A tag that is never answered and scores that are all the same are told, not stumbled over."""
    app = opened(trained(fill(rose=5, tulip=5), probabilities))
    assert 2 == len(table(app))
    assert [] == list(app.error)


def test_panels_where_nothing_was_evaluated(store: Store, fill: Fill, trained: Trained) -> None:
    """All images in fold -1: dashes, and files that say so."""
    iteration = trained(fill(rose=5, tulip=5))
    folder = blobs.iteration_folder(store.home, iteration.id)
    with np.load(folder / evaluation.ARRAYS) as arrays:
        fields = dict(arrays) | {"folds": np.full(10, -1), "probabilities": np.full((10, 2), np.nan, np.float32)}
    evaluation.save(folder, evaluation.OutOfFold(**fields))
    assert ["–"] * 4 == [each.value for each in opened(iteration).metric]


def test_panels_of_an_old_snapshot(store: Store, fill: Fill, trained: Trained) -> None:
    """Images deleted and tags gone since then change nothing of what an iteration tells."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project)
    for tag in store.tags.of_project(project.id):
        store.tags.delete(tag.id)
    uploads.delete(store, [image.id for image in store.images.page(project.id, take=9)])
    assert ["rose", "tulip"] == [row[0] for row in table(opened(iteration))]


def test_panels_of_a_multilabel_project(fill: Fill, trained: Trained) -> None:
    """They work as in Multiclass."""
    app = opened(trained(fill(classification_type="Multilabel", rose=5, tulip=5)))
    assert [] == list(app.error)
    assert 2 == len(table(app))


def test_a_damaged_iteration_is_told(store: Store, fill: Fill, trained: Trained) -> None:
    """Each panel says in a sentence what is missing."""
    iteration = trained(fill(rose=5, tulip=5))
    for name in (evaluation.ARRAYS, overviews.FILE):
        (blobs.iteration_folder(store.home, iteration.id) / name).unlink()
    app = opened(iteration)
    assert 2 == len(app.error)
    assert all("train it again" in each.value for each in app.error)


def test_hostile_tags_are_text(fill: Fill, trained: Trained) -> None:
    """A tag's name never acts as Markdown."""
    app = opened(trained(fill(**{"tulip": 5, "**b** ![x](http://a/b)": 5})))
    app.selectbox[0].set_value(1 - app.selectbox[0].value).run()
    told = app.markdown[0].value
    assert r"\*\*b\*\*" in told
    assert "![" not in told


def test_sentence_says_before_and_after() -> None:
    """By how much, and that nothing falls where nothing does."""
    covered = np.full((occlusion.PLACES,) * 2 + (1,), 0.92, np.float32)
    told = occlusion.Explanation(("rose",), np.float32([0.92]), covered.copy())
    assert "no single part decides it" in explanation.sentence(told, 0)
    covered[1, 2] = 0.4
    told = occlusion.Explanation(("rose",), np.float32([0.92]), covered)
    assert "Covering the framed part lowers **rose** from 92.0 % to 40.0 %." == explanation.sentence(told, 0)
