"""Every page runs as a whole, empty and filled, and says what to do next."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cvcore import projects, tagging, training
from cvcore.records import Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store

PAGES = Path(__file__).resolve().parents[2] / "pages"
NAMES = ["projects", "images", "train", "performance", "quick_test"]


@pytest.fixture
def app(store: Store) -> AppTest:
    """The whole app on its first page."""
    return AppTest.from_file(str(PAGES / "router.py"), default_timeout=30).run()


def opened(app: AppTest, page: str, project: Project | None = None) -> AppTest:
    """Another page, about a project."""
    if project is not None:
        app.session_state["project"] = project.id
    app.switch_page(f"{page}.py").run()
    assert [] == [each.message for each in app.exception]
    return app


def texts(app: AppTest) -> str:
    """Everything the page says."""
    shown: list[Any] = [*app.title, *app.subheader, *app.markdown, *app.caption, *app.info]
    return "\n".join(str(each.value) for each in [*shown, *app.warning, *app.error, *app.success, *app.text])


def button(app: AppTest, label: str) -> Any:
    """The button with that label."""
    return next(each for each in app.button if each.label == label)


@pytest.mark.parametrize("page", NAMES)
def test_empty_pages(app: AppTest, page: str) -> None:
    """Without a project every page runs and shows the way to one."""
    opened(app, page)
    assert "project" in texts(app).lower()


@pytest.mark.parametrize("page", NAMES)
def test_pages_of_an_untrained_project(app: AppTest, fill: Callable[..., Project], page: str) -> None:
    """With pictures and no iteration every page runs."""
    opened(app, page, fill(rose=2, tulip=1))
    assert "Flowers" in texts(app) or page != "projects"


@pytest.mark.parametrize("page", NAMES)
def test_pages_of_a_trained_project(
    app: AppTest, fill: Callable[..., Project], trained: Callable[..., Iteration], page: str
) -> None:
    """With an iteration every page runs."""
    project = fill(rose=5, tulip=5)
    trained(project)
    opened(app, page, project)


def test_hostile_names_are_shown_as_they_are(app: AppTest, store: Store) -> None:
    """A project's name never acts as Markdown or HTML."""
    projects.create(store, "<script>alert(1)</script> ![x](http://a/b.png) **bold**")
    opened(app, "projects")
    name = app.subheader[0].value
    assert "![" not in name
    assert r"\*\*bold" in name


def test_what_is_missing_to_train(app: AppTest, fill: Callable[..., Project]) -> None:
    """The Train page says in words what is missing, and its button waits for it."""
    opened(app, "train", fill(rose=5, tulip=3))
    assert r"'tulip' needs 2 more pictures\: each tag needs at least 5\." in texts(app)
    assert button(app, "Train").disabled


def test_train_queues_a_job(app: AppTest, store: Store, fill: Callable[..., Project]) -> None:
    """Train takes a snapshot, queues it, and shows it waiting to everyone who looks."""
    project = fill(rose=5, tulip=5)
    opened(app, "train", project)
    button(app, "Train").click().run()
    assert ["queued"] == [job.status for job in store.jobs.active()]
    opened(app, "performance", project)
    assert "Cancel" in [each.label for each in app.button]


def test_cancel(app: AppTest, store: Store, fill: Callable[..., Project]) -> None:
    """Cancel takes a waiting training back."""
    project = fill(rose=5, tulip=5)
    training.start(store, project)
    opened(app, "train", project)
    button(app, "Cancel").click().run()
    assert [] == store.jobs.active()


def test_nothing_changed(
    app: AppTest, store: Store, fill: Callable[..., Project], trained: Callable[..., Iteration]
) -> None:
    """Training the same again says so and offers to do it anyway."""
    project = fill(rose=5, tulip=5)
    trained(project)
    opened(app, "train", project)
    button(app, "Train").click().run()
    assert "Nothing changed since last training" in texts(app)
    button(app, "Train anyway").click().run()
    assert ["queued"] == [job.status for job in store.jobs.active()]


def test_upload(app: AppTest, store: Store, picture: Callable[[int], bytes]) -> None:
    """Uploaded files are stored with the tags chosen for all, and each one refused is named with its reason."""
    project = projects.create(store, "Empty")
    opened(app, "images", project)
    uploader = next(each for each in app.get("file_uploader"))
    uploader.upload("a.png", picture(1)).upload("b.png", b"no picture")
    app.run()
    app.multiselect[0].set_value(["rose"]).run()
    button(app, "Upload 2 files").click().run()
    for thread in threading.enumerate():
        if thread.name == "upload":
            thread.join()
    app.run()
    assert {"rose": 1} == {tag.name: tag.image_count for tag in store.tags.of_project(project.id)}
    assert "1 stored, 1 refused" in texts(app)


def test_negative_tag_is_told(app: AppTest, store: Store, fill: Callable[..., Project]) -> None:
    """The tag board marks the negative tag."""
    project = fill(rose=1, nothing=1)
    tag = next(each for each in store.tags.of_project(project.id) if each.name == "nothing")
    tagging.set_kind(store, project, tag, "Negative")
    opened(app, "images", project)
    app.segmented_control[0].set_value("Tags").run()
    assert "negative" in texts(app)


def test_limits_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an upload may be follows the environment."""
    from pages.parts import backend

    monkeypatch.setenv("TAGWISE_MAX_IMAGE_MB", "1")
    assert 2**20 == backend.limits().image_bytes
    assert Limits().image_bytes != backend.limits().image_bytes
