"""Map: made when it is first looked for; what is selected on it stands below with its tools."""

from __future__ import annotations

import base64
import json
import threading
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cvcore.records import Iteration
from cvcore.store import FOR_TESTING, Store
from cvcore.training import job_runner
from cvcore.training.analyses import made
from pages.parts.map.fact_colouring import of_column
from pages.parts.widgets import map as map_widget
from tests.conftest import Fill, Trained
from tests.pages.conftest import button, checked, open_page, texts


@pytest.fixture
def iteration(fill: Fill, trained: Trained) -> Iteration:
    """A trained iteration of six roses and six tulips."""
    return trained(fill(rose=6, tulip=6))


def opened(store: Store, iteration: Iteration) -> AppTest:
    """The view, opened by its address."""
    return open_page("performance", store.projects.get(iteration.project_id), view="Map")


def drawn(app: AppTest) -> dict[str, Any]:
    """What the map was given."""
    given = (json.loads(each.proto.json) for each in app.get("bidi_component"))
    return next(data for data in given if "colourings" in data)


def select(app: AppTest, iteration: Iteration, places: list[int]) -> None:
    """Draw a lasso around these points."""
    bits = np.zeros(12, bool)
    bits[places] = True
    sent = base64.b64encode(np.packbits(bits, bitorder="little").tobytes()).decode()
    app.session_state[f"map-{iteration.id}"] = {"selection": {"revision": drawn(app)["revision"], "bits": sent}}
    checked(app.run())


def test_it_is_made_when_it_is_first_looked_for(store: Store, iteration: Iteration) -> None:
    """The page waits for the worker; then it shows every image, and how true the map is."""
    app = opened(store, iteration)
    assert "Waiting for the training process" in texts(app)
    job = store.jobs.claim()
    assert job is not None
    job_runner.run_job(store, job, threading.Event())
    checked(app.run())
    assert 12 == drawn(app)["count"]
    assert "Each image is placed without its own tag" in texts(app)


def test_what_is_selected_stands_below(store: Store, iteration: Iteration) -> None:
    """A lasso lists its images; all of them can be marked for testing, and deleted."""
    made(store, iteration, "map")
    app = opened(store, iteration)
    select(app, iteration, [0, 3, 11])
    app.checkbox[0].check()
    checked(app.run())
    checked(button(app, "Use for testing").click().run())
    assert 3 == store.images.count(iteration.project_id, FOR_TESTING)
    select(app, iteration, [5])
    app.checkbox[0].check()
    checked(app.run())
    checked(button(app, "Delete").click().run())
    assert 11 == drawn(app)["count"]


def test_the_map_as_a_list(store: Store, iteration: Iteration) -> None:
    """Who does not see the map reads its tags and how many of each are wrong."""
    made(store, iteration, "map")
    assert "- rose: 6 images, 0 wrong" in texts(opened(store, iteration))


def test_colours_by_metadata(store: Store, iteration: Iteration) -> None:
    """What is chosen behind the button colours the points, those without it apart; the selection's tools stay."""
    made(store, iteration, "map")
    ids = [image_id for image_id, *_ in store.images.workspace(iteration.project_id)]
    store.metadata.put(ids[:5], {"Tag": "north"})
    store.metadata.put(ids[5:9], {"Tag": "south"})
    app = opened(store, iteration)
    app.session_state[f"map-fact-{iteration.project_id}"] = "Tag"
    checked(app.run())
    assert "Tag (metadata)" == drawn(app)["first"]
    colouring = drawn(app)["colourings"][-1]
    values = np.frombuffer(base64.b64decode(colouring["values"]), "<u2")
    assert ["north", "south", "without it"] == colouring["labels"]
    assert [5, 4, 3] == np.bincount(values).tolist()
    select(app, iteration, [0, 3, 11])
    assert "All 3" in [each.label for each in app.checkbox]


def test_many_numbers_are_a_scale() -> None:
    """Numbers and days of more than twelve values go from the lowest to the highest; other texts do not."""
    codes = np.arange(20, dtype=np.int32)
    days = tuple(f"2026-05-{day:02}" for day in range(1, 21))
    assert ("2026-05-01", "2026-05-20") == (of_column("day", days, codes)["low"], of_column("day", days, codes)["high"])
    assert ("0", "4e+307") == tuple(
        of_column("n", ("0", *(f"{n}e307" for n in range(1, 5)), *map(str, range(1, 16))), codes)[end]
        for end in ("low", "high")
    )
    texts = of_column("n", ("-1e308", "1e308", *map(str, range(18))), codes)
    assert 21 == len(texts["labels"])


def test_many_texts_have_a_colour_for_the_most_frequent() -> None:
    """Of more values than colours the rest share one."""
    made = of_column("n", tuple(f"room {n}" for n in range(40)), np.repeat(np.arange(40, dtype=np.int32), 2))
    assert (34, "other values", "without it") == (len(made["labels"]), *made["labels"][-2:])


@pytest.mark.parametrize("sent", [None, {}, {"revision": "1"}, {"revision": "1", "bits": "%"}, "text"])
def test_a_selection_that_is_none(sent: object) -> None:
    """What a browser sends and is no selection selects nothing."""
    assert [] == map_widget.selected(sent, 5, "1").tolist()


def test_a_selection_of_another_revision() -> None:
    """Bits are read from the lowest on, and only for what they were sent."""
    sent = {"revision": "1", "bits": base64.b64encode(bytes([0b101])).decode()}
    assert [0, 2] == map_widget.selected(sent, 5, "1").tolist()
    assert [] == map_widget.selected(sent, 5, "2").tolist()
