"""Slices: a key and a value are chosen, in the page or its address; numbers, mistakes, and the slices that do worst."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cvcore.records import Iteration
from cvcore.store import Store
from tests.conftest import Fill, Trained
from tests.pages.conftest import button, checked, open_page, texts


@pytest.fixture
def iteration(store: Store, fill: Fill, trained: Trained) -> Iteration:
    """24 roses and 24 tulips, ten of each from Mon; of these 16 are answered wrongly."""
    project = fill(rose=24, tulip=24)
    images = store.images.tagged(project.id)
    (rose, _) = store.tags.of_project(project.id)
    is_rose = np.array([rose.id in image.tag_ids for image in images])
    number = np.where(is_rose, is_rose.cumsum(), (~is_rose).cumsum())
    for day, chosen in (("Mon", number <= 10), ("*Tue*", number > 10)):
        store.metadata.put([images[row].id for row in np.flatnonzero(chosen)], {"weekday": day})
    truth = np.stack([is_rose, ~is_rose], axis=1)
    return trained(project, np.where((number <= 8)[:, None], ~truth, truth) * 0.8 + 0.1)


def opened(store: Store, iteration: Iteration, **query: str) -> AppTest:
    """The view, opened by its address."""
    return open_page("performance", store.projects.get(iteration.project_id), view="Slices", **query)


def test_the_worst_slice_is_listed_and_opens(store: Store, iteration: Iteration) -> None:
    """The list names the day with its counts; its button shows that slice's numbers beside the others'."""
    app = opened(store, iteration)
    assert "weekday=Mon: 16 of 20 answers are wrong (80.0 %)" in texts(app)
    button(app, "Open").click()
    checked(app.run())
    shown = " ".join(each.proto.body for each in app.get("html"))
    assert "16 (80.0 %)" in shown
    assert "0 (0.0 %)" in shown
    assert "Show 16 mistakes" in [each.label for each in app.button]


def test_mistakes_of_a_slice_open_in_the_drawer(store: Store, iteration: Iteration) -> None:
    """The button below the numbers lists the slice's wrongly answered images."""
    app = opened(store, iteration, slice="weekday=Mon")
    button(app, "Show 16 mistakes").click()
    assert "slice-[[" in str(checked(app.run()).session_state["drawer-open"])


def test_two_conditions_are_joined(store: Store, iteration: Iteration) -> None:
    """With a second pair, images must fulfil both."""
    app = opened(store, iteration, slice="weekday=Mon", **{"and": "weekday=*Tue*"})
    assert "No evaluated image fulfils both conditions." in texts(app)


@pytest.mark.parametrize("text", ["night=Mon", "weekday=</script>", "=", "weekday=" + "x" * 3000])
def test_an_address_that_names_nothing_is_told(store: Store, iteration: Iteration, text: str) -> None:
    """A wrong key or value in the address is one sentence, and the view works as without it."""
    app = opened(store, iteration, slice=text)
    assert "No image has" in " ".join(each.value for each in app.warning).replace("\\", "")
    assert "Choose a key and one of its values" in texts(app)


@pytest.mark.parametrize(
    "place", ["slice-[[", "slice-[]", 'slice-[[1, "a"]]', 'slice-[["weekday", "Sun"]]', "slice-" + "[" * 9999]
)
def test_a_drawer_that_names_nothing_does_no_harm(store: Store, iteration: Iteration, place: str) -> None:
    """Whatever the address says of the drawer, the page shows its numbers."""
    assert "Slices that do worst" in texts(opened(store, iteration, images=place))


def test_names_do_not_act(store: Store, iteration: Iteration) -> None:
    """A value with Markdown in it is shown as it is."""
    app = opened(store, iteration, slice="weekday=*Tue*")
    assert "Show 0 mistakes" in [each.label for each in app.button]


def test_the_numbers_of_a_slice(store: Store, iteration: Iteration) -> None:
    """A sentence says which slice it is, every tag has its numbers, and a button leads back to all images."""
    app = opened(store, iteration, slice="weekday=Mon")
    button(app, "See all numbers of this slice").click()
    checked(app.run())
    assert "Numbers" == app.session_state["view"]
    assert "alone" in texts(app)
    shown = " ".join(each.proto.body for each in app.get("html"))
    assert "16 (80.0 %)" in shown
    assert "Wrongly given" in shown
    button(app, "Show all images").click()
    assert "alone" not in texts(checked(app.run()))


def test_the_address_opens_the_numbers_of_a_slice(store: Store, iteration: Iteration) -> None:
    """A link to the view Numbers with a slice shows that slice; one that no image has is told."""
    project = store.projects.get(iteration.project_id)
    app = open_page("performance", project, view="Numbers", slice="weekday=Mon")
    assert "Show 16 mistakes" in [each.label for each in app.button]
    app = open_page("performance", project, view="Numbers", slice="weekday=Sun")
    assert "No image has weekday" in app.warning[0].value.replace("\\", "")


def test_the_slice_of_one_view_is_not_that_of_another(store: Store, iteration: Iteration) -> None:
    """Who looked at a slice and turns to Numbers sees all images."""
    app = opened(store, iteration, slice="weekday=Mon")
    app.session_state["view"] = "Numbers"
    assert "alone" not in texts(checked(app.run()))
