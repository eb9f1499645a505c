"""On the Projects page a project goes out as a zip and comes in again, and what cannot be is said in a sentence."""

from __future__ import annotations

import threading
import zipfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cvcore import archive as project_archive
from cvcore import projects
from cvcore.files import blobs, downloads
from cvcore.projects import tagging
from cvcore.settings import Limits
from cvcore.store import Store
from tests.conftest import Fill, Trained
from tests.pages.conftest import button, checked, choose, texts, whole_app


@pytest.fixture
def projects_page(store: Store) -> AppTest:
    """The Projects page."""
    return whole_app()


@pytest.fixture
def download(store: Store) -> AppTest:
    """What the page shows of a zip, above what its dialog holds for the first project."""

    def script() -> None:
        from pages.parts.projects import zip_download
        from pages.parts.shell import backend

        store = backend.store()
        zip_download.show(store)
        for project in store.projects.all()[:1]:
            zip_download.form(store, project)

    return AppTest.from_function(script, default_timeout=30)


@pytest.fixture
def opening(store: Store) -> AppTest:
    """What the page shows of a zip that is opened, above what its dialog holds."""

    def script() -> None:
        from pages.parts.projects import zip_import
        from pages.parts.shell import backend

        zip_import.show(backend.store())
        zip_import.form(backend.store(), backend.limits())

    return AppTest.from_function(script, default_timeout=30)


def press(app: AppTest, label: str) -> AppTest:
    return checked(button(app, label).click().run())


def finish(app: AppTest, name: str) -> AppTest:
    """Wait for the thread, then show the page as it is after it."""
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join()
    return app.run()


def ready(store: Store, app: AppTest) -> Path:
    """The zip that this window knows of."""
    path = downloads.find(store.home, app.session_state["download"])
    assert path is not None
    return path


def give(app: AppTest, name: str, data: bytes) -> None:
    app.get("file_uploader")[0].upload(name, data, "application/zip").run()


def test_both_dialogs_open(projects_page: AppTest, fill: Fill) -> None:
    """The Projects page leads to both."""
    fill(rose=2)
    choose(projects_page.run(), "More", "Download")
    assert "From **Flowers**, as one zip:" in texts(projects_page)
    choose(projects_page, "Import", "A project zip")
    assert "becomes a new project" in texts(projects_page)


def test_a_project_goes_out_and_comes_in(
    download: AppTest, opening: AppTest, store: Store, fill: Fill, trained: Trained
) -> None:
    """The whole project is made ready to download; opened here it is a project beside the first."""
    trained(fill(rose=5, tulip=5))
    press(download.run(), "Make the zip")
    finish(download, "download")
    assert "**Flowers.zip** is ready" in texts(download)
    give(opening.run(), "Flowers.zip", ready(store, download).read_bytes())
    press(opening, "Import")
    finish(opening, "opened")
    assert "**Flowers (2)** is here, with 10 images and 1 iteration." in texts(opening)
    assert sorted(project.name for project in store.projects.all()) == ["Flowers", "Flowers (2)"]


def test_loaded_again_in_the_middle(download: AppTest, projects_page: AppTest, store: Store, fill: Fill) -> None:
    """Another window with the same address shows the zip; closed, it is shown no longer, and never another file."""
    fill(rose=2)
    press(download.run(), "Make the zip")
    finish(download, "download")
    projects_page.query_params["download"] = download.session_state["download"]
    assert "is ready" in texts(projects_page.run())
    press(projects_page, "Close")
    assert "is ready" not in texts(projects_page)
    projects_page.query_params["download"] = "../../tagwise.db"
    assert "is ready" not in texts(projects_page.run())


def test_tags_that_no_folder_can_hold(download: AppTest, store: Store, fill: Fill) -> None:
    """Where a format would lose something the dialog says so and offers the others; one tag goes out alone."""
    project = fill(rose=2, tulip=1)
    rose = next(tag for tag in store.tags.of_project(project.id) if tag.name == "rose")
    tagging.rename(store, rose, "a/b", limits=Limits())
    download.run()
    download.radio(key=f"take-{project.id}").set_value("folders").run()
    assert "is not: choose another format." in texts(download)
    assert next(each for each in download.button if each.label == "Make the zip").disabled
    download.radio(key=f"take-{project.id}").set_value("table").run()
    download.selectbox(key=f"take-tag-{project.id}").set_value(rose.id).run()
    press(download, "Make the zip")
    finish(download, "download")
    path = ready(store, download)
    assert path.name == "Flowers a_b table.zip"
    with zipfile.ZipFile(path) as archive:
        assert archive.read("labels.csv").decode() == "file,labels\n1.png,a/b\n2.png,a/b\n"


def test_an_empty_project_has_no_images(download: AppTest, store: Store) -> None:
    """Of a project without images the whole can be taken along, and of the rest it says why not."""
    project = projects.create(store, "Empty")
    download.run().radio(key=f"take-{project.id}").set_value("imagefolder").run()
    assert "add some on the Images page" in texts(download)


def test_a_zip_that_is_none(opening: AppTest, store: Store, fill: Fill, tmp_path: Path) -> None:
    """What cannot be opened is said, with a name that acts as no markup, and nothing comes in."""
    made = project_archive.pack(store, fill(rose=2), tmp_path / "a.zip").path
    give(opening.run(), "**a**.zip", made.read_bytes()[:-100])
    press(opening, "Import")
    finish(opening, "opened")
    assert "**a**.zip: A zip must be complete" in texts(opening)
    assert "Nothing of it was kept" in texts(opening)
    assert len(store.projects.all()) == 1


def test_a_name_that_is_taken(opening: AppTest, store: Store, fill: Fill, tmp_path: Path) -> None:
    """A taken name is refused in the dialog, where another can be typed."""
    made = project_archive.pack(store, fill(rose=2), tmp_path / "a.zip").path
    give(opening.run(), "a.zip", made.read_bytes())
    opening.text_input(key="project-zip-name").set_value("Flowers")
    press(opening, "Import")
    assert "is taken: choose another" in texts(opening)
    opening.text_input(key="project-zip-name").set_value("Tulips")
    press(opening, "Import")
    finish(opening, "opened")
    assert {project.name for project in store.projects.all()} == {"Flowers", "Tulips"}


def test_deleted_meanwhile(download: AppTest, store: Store, fill: Fill) -> None:
    """An image that someone deletes while the zip is made stops it with a sentence."""
    project = fill(rose=2)
    download.run()
    (first, _) = store.images.digests(project.id)
    blobs.delete(blobs.original_path(store.home, first))
    press(download, "Make the zip")
    finish(download, "download")
    assert "someone may have deleted it just now" in texts(download)
