"""Every page runs as a whole, empty and filled, and says what to do next."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cvcore import projects, training
from cvcore.evaluation import saved_thresholds
from cvcore.projects import tagging
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training import supervisor
from pages.parts.shell.background_runs import Run
from tests.conftest import Fill, Trained
from tests.pages.conftest import button, checked, links, texts, whole_app

NAMES = ["projects", "images", "train", "performance", "quick_test", "predictions", "publish"]


@pytest.fixture
def app(store: Store) -> AppTest:
    """The whole app on its first page."""
    return whole_app().run()


def opened(app: AppTest, page: str, project: Project | None = None) -> AppTest:
    """Another page, about a project."""
    if project is not None:
        app.query_params["project"] = project.id
    return checked(app.switch_page(f"{page}.py").run())


@pytest.mark.parametrize("page", NAMES)
def test_empty_pages(app: AppTest, page: str) -> None:
    """Without a project every page runs and shows the way to one."""
    opened(app, page)
    assert "project" in texts(app).lower()


@pytest.mark.parametrize("page", NAMES)
def test_pages_of_an_untrained_project(app: AppTest, fill: Fill, page: str) -> None:
    """With images and no iteration every page runs."""
    opened(app, page, fill(rose=2, tulip=1))
    assert "Flowers" in texts(app) or page != "projects"


@pytest.mark.parametrize("page", NAMES)
def test_pages_of_a_trained_project(app: AppTest, fill: Fill, trained: Trained, page: str) -> None:
    """With an iteration every page runs."""
    project = fill(rose=5, tulip=5)
    trained(project)
    opened(app, page, project)


def test_a_late_second_press_makes_no_second_sample(app: AppTest, store: Store, fill: Fill) -> None:
    """On a busy computer it comes when the first sample is there: then that one is opened."""
    app.session_state["sample"] = Run("The sample", result=fill(rose=1).id, ended_at=time.monotonic())
    checked(app.button(key="try-sample").click().run())
    assert ["Images"] == [each.value for each in app.title]
    assert 1 == len(store.projects.all())


def test_hostile_names_are_shown_as_they_are(app: AppTest, store: Store) -> None:
    """A project's name never acts as Markdown or HTML."""
    projects.create(store, "<script>alert(1)</script> ![x](http://a/b.png) **bold**")
    opened(app, "projects")
    name = app.header[0].value
    assert "![" not in name
    assert r"\*\*bold" in name


def test_what_is_missing_to_train(app: AppTest, fill: Fill) -> None:
    """The Train page says in words what is missing, and its button waits for it."""
    opened(app, "train", fill(rose=5, tulip=3))
    assert "'tulip' needs 2 more" in texts(app)
    assert button(app, "Train").disabled


def test_train_queues_a_job(app: AppTest, store: Store, fill: Fill) -> None:
    """Train takes a snapshot, queues it, and shows it waiting to everyone who looks."""
    project = fill(rose=5, tulip=5)
    opened(app, "train", project)
    button(app, "Train").click().run()
    assert ["queued"] == [job.status for job in store.jobs.active()]
    opened(app, "performance", project)
    assert "Training waits" in links(app)


def test_cancel(app: AppTest, store: Store, fill: Fill) -> None:
    """Cancel takes a waiting training back."""
    project = fill(rose=5, tulip=5)
    training.start(store, project)
    opened(app, "train", project)
    button(app, "Cancel").click().run()
    assert [] == store.jobs.active()


def test_nothing_changed(app: AppTest, store: Store, fill: Fill, trained: Trained) -> None:
    """Training the same again says so and offers to do it anyway."""
    project = fill(rose=5, tulip=5)
    trained(project)
    opened(app, "train", project)
    button(app, "Train").click().run()
    assert "Nothing changed since the last training" in texts(app)
    button(app, "Train anyway").click().run()
    assert ["queued"] == [job.status for job in store.jobs.active()]


def test_quick_test_asks_an_iteration_of_its_project(app: AppTest, fill: Fill, trained: Trained) -> None:
    """Where two projects have iterations of one name, choosing the other project chooses the other's."""
    first, second = fill("First", rose=5, tulip=5), fill("Second", cat=5, dog=5)
    trained(first)
    iteration = trained(second)
    opened(app, "quick_test", first)
    app.selectbox(key="choice").select(second.id).run()
    assert iteration.id == next(each for each in app.selectbox if each.label == "Iteration").value.id


def test_quick_test_starts_at_the_saved_threshold(app: AppTest, store: Store, fill: Fill, trained: Trained) -> None:
    """One for all is where the slider stands; with one for each tag there is a switch in its place."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project)
    opened(app, "quick_test", project)
    assert [50] == [each.value for each in app.slider]
    saved_thresholds.save(store, iteration, 0.62)
    app.run()
    assert [62] == [each.value for each in app.slider]
    saved_thresholds.save(store, iteration, (0.3, 0.9))
    app.run()
    assert ([True], []) == ([each.value for each in app.toggle], list(app.slider))
    app.toggle[0].set_value(False).run()
    assert [50] == [each.value for each in app.slider]


def test_many_obstacles_share_a_box(app: AppTest, fill: Fill) -> None:
    """The first five are told, and how many more there are."""
    opened(app, "train", fill(**{f"tag{number}": 1 for number in range(7)}))
    assert 1 == len(app.warning)
    assert 5 == app.warning[0].value.count("needs 4 more")
    assert "And 2 more like these." in app.warning[0].value


def test_limits_are_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an upload may be follows the environment."""
    from pages.parts.shell import backend

    monkeypatch.setenv("TAGWISE_MAX_IMAGE_MB", "1")
    assert 2**20 == backend.limits().image_bytes
    assert Limits().image_bytes != backend.limits().image_bytes


def test_the_way_of_judging_is_chosen(app: AppTest, store: Store, fill: Fill) -> None:
    """An own test set says what it lacks, and then how many images train and judge; Train takes the choice along."""
    project = fill(rose=7, tulip=7)
    app.session_state["full"] = True
    opened(app, "train", project)
    app.radio(key=f"evaluation-{project.id}").set_value("test-set").run()
    assert "Your own test set is empty" in texts(app)
    assert button(app, "Train").disabled
    for tag in store.tags.of_project(project.id):
        tagging.mark_for_testing(store, project, [store.images.page(project.id, tag_id=tag.id, take=1)[0].id], True)
    app.run()
    assert "**12 tagged images** of **2 tags**, Multiclass. 2 images for testing." in texts(app)
    button(app, "Train").click().run()
    (iteration,) = store.iterations.of_project(project.id)
    assert iteration.evaluation is not None
    assert "test-set" == iteration.evaluation.method


def test_the_threshold_is_kept_from_view_to_view(app: AppTest, fill: Fill, trained: Trained) -> None:
    """Every move of the slider counts, also the second, and what it says stays when another view is opened."""
    project = fill(rose=5, tulip=5)
    trained(project)
    app.query_params["view"] = "Mistakes"
    opened(app, "performance", project)
    for percent in (60, 70, 80):
        app.slider[0].set_value(percent).run()
        assert percent == app.slider[0].value
        assert percent / 100 == app.session_state[f"threshold-{project.id}"]
    app.button_group(key="view").set_value("Download").run()
    assert 80 == app.slider[0].value


def test_a_worker_that_cannot_start_is_told(
    app: AppTest, store: Store, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Train shows its last line as plain text, other pages that there is one; both go when a worker lives."""
    project = fill(rose=5, tulip=5)
    training.start(store, project)
    monkeypatch.setitem(supervisor._failures, store.home, "ImportError: no *bold*")
    opened(app, "performance", project)
    assert "Training cannot start" in links(app)
    opened(app, "train", project)
    (error,) = app.error
    words = (
        "The training process cannot start. Once the cause is fixed, trainings go on within a minute. The cause: "
        r"ImportError\: no \*bold\*"
    )
    assert words == error.value
    monkeypatch.delitem(supervisor._failures, store.home)
    app.run()
    assert [] == list(app.error)
    assert "Cancel" in [each.label for each in app.button]
