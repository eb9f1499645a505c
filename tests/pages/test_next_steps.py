"""What to do next stands on the Train and Performance pages, each line with a button to its place."""

from __future__ import annotations

import threading

import pytest
from streamlit.testing.v1 import AppTest

from cvcore import analyses
from cvcore.evaluation import out_of_fold
from cvcore.next_steps import FILE, NextSteps, Step
from cvcore.next_steps.steps import BetterThresholds, DifferentDuplicates, Gain, Merge, MoreImages, Shortcut, WrongTags
from cvcore.records import Iteration
from cvcore.store import Store
from cvcore.training import job_runner
from cvcore.training.analyses import request
from pages.parts.next_steps import places
from tests.conftest import Fill, Trained
from tests.pages.conftest import button, checked, open_page, texts

GAIN = Gain(0.02, 0.01, 0.03)
STEPS: tuple[Step, ...] = (
    MoreImages(GAIN, 12.0, 24),
    WrongTags(GAIN, 1, 24, 1.0, 1.0, 1.0, (0,)),
    BetterThresholds(GAIN, (0.3, 0.4), 0.5, 24),
)
SHORTCUT = Shortcut("brightness", 0, 1, 0.91, 0.86, 0.95, 12, 12)


@pytest.fixture
def iteration(fill: Fill, trained: Trained) -> Iteration:
    """A trained iteration of 12 roses and 12 tulips; the name of a tag could act as Markdown."""
    return trained(fill(**{"**rose**": 12, "tulip": 12}))


def opened(store: Store, iteration: Iteration, page: str = "performance", *steps: Step) -> AppTest:
    """A page about the iteration, with these steps kept if there are any."""
    if steps:
        analyses.save(store, iteration, FILE, NextSteps(steps))
    return open_page(page, store.projects.get(iteration.project_id))


@pytest.mark.parametrize("page", ["performance", "train"])
def test_each_step_says_its_gain_and_its_counts(store: Store, iteration: Iteration, page: str) -> None:
    """A sentence, the expected gain with its interval, and on how many images it rests."""
    shown = texts(opened(store, iteration, page, *STEPS))
    assert "As many images again of every tag, about 12 more images each: **+2.0 points (+1.0 to +3.0)**." in shown
    assert "each time judged on 24 images that the classifier was not trained on." in shown
    assert "A threshold for each tag, 30 to 40 %, in place of 50 %" in shown


def test_where_nothing_would_help_it_says_so(store: Store, iteration: Iteration) -> None:
    """An empty list says that nothing was found, and what would show more."""
    analyses.save(store, iteration, FILE, NextSteps(()))
    shown = texts(opened(store, iteration))
    assert "Nothing that was looked for would raise the mean F1" in shown
    assert "test it on new images" in shown


def test_a_shortcut_is_said_without_a_gain(store: Store, iteration: Iteration) -> None:
    """It says its rate, that the numbers may be too good, and its counts; its button opens the view of shortcuts."""
    app = opened(store, iteration, "performance", SHORTCUT)
    shown = texts(app)
    assert "Nothing that was looked for would raise the mean F1 by more than chance." in shown
    assert "91 % of the time (86 to 95 %) by brightness alone: take both in the same light. **No gain on these" in shown
    assert "Judged on 12 images of the first tag and 12 of the second" in shown
    assert "is expected to gain" not in shown
    button(app, "See the shortcuts").click()
    assert "Is there a shortcut?" in texts(checked(app.run()))


def test_an_older_iteration_is_looked_at_when_its_numbers_are(store: Store, iteration: Iteration) -> None:
    """The search is queued once, and its result shown when it is there; the numbers do not wait for it."""
    app = opened(store, iteration)
    assert "Looking for what to do next" in texts(checked(app.run()))
    (job,) = store.jobs.active()
    assert "next-steps" == job.kind
    claimed = store.jobs.claim()
    assert claimed is not None
    job_runner.run_job(store, claimed, threading.Event())
    assert "What to do next" in texts(checked(app.run()))


def test_an_older_list_is_made_again(store: Store, iteration: Iteration) -> None:
    """A search that is done but left no list that this Tagwise reads is queued again; a damaged list is not."""
    store.jobs.finish(request(store, iteration, "next-steps").id, "done")
    opened(store, iteration)
    assert ["next-steps"] == [job.kind for job in store.jobs.active()]
    store.jobs.finish(store.jobs.active()[0].id, "done")
    (out_of_fold.folder(store, iteration) / FILE.name).write_bytes(b"{")
    opened(store, iteration)
    assert [] == store.jobs.active()


def test_names_are_shown_as_they_are(store: Store, iteration: Iteration) -> None:
    """A tag's name does not act as Markdown."""
    shown = texts(opened(store, iteration, "performance", Merge(GAIN, 0, 1, 24, 0.5, (5, 4))), raw=True)
    assert r"\*\*rose\*\* and tulip can hardly be told apart" in shown


def test_every_kind_has_its_place(iteration: Iteration) -> None:
    """The button opens the view, and in it the images, that the step is about."""
    merge = Merge(GAIN, 0, 1, 24, 0.5, (4, 5))
    kinds: tuple[Step, ...] = (*STEPS, merge, DifferentDuplicates(GAIN, 1, 2, (0, 1), (1, 1)), SHORTCUT)
    found = [places.address(iteration, step) for step in kinds]
    assert [("More images?", None), ("Mistakes", "label_issues"), ("Thresholds", None)] == [
        (place["view"], place.get("images")) for place in found[:3]
    ]
    assert ["cell-1-0", "duplicates"] == [place["images"] for place in found[3:5]]
    assert "Shortcuts" == found[5]["view"]
    assert all(place["project"] == iteration.project_id and place["iteration"] == "1" for place in found)


def test_thresholds_for_each_tag_open_as_such(store: Store, iteration: Iteration) -> None:
    """The Thresholds view opens with one for each tag where that is the step."""
    app = opened(store, iteration, "performance", *STEPS)
    button(app, "See the thresholds").click()
    checked(app.run())
    assert "One for each tag" == app.session_state[f"per-tag-{iteration.project_id}"]
