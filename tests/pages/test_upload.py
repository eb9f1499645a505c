"""Uploads: what is chosen is shown before it is sent, and what became of it afterwards."""

from __future__ import annotations

import io
import threading
import time
import zipfile
from dataclasses import dataclass

import pytest
from streamlit.testing.v1 import AppTest

from cvcore import projects
from cvcore.projects import tagging
from cvcore.projects.uploads import Upload
from cvcore.records import MULTILABEL, Project
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.upload import chosen_files, outcome
from pages.parts.upload import run as uploads
from tests.conftest import DrawImage, Fill
from tests.pages.conftest import button, checked, open_page, texts

UPLOAD = {"images-view": "Upload"}


@dataclass
class File:
    """A chosen file; without data it cannot be read."""

    name: str
    data: bytes = b""

    @property
    def file_id(self) -> str:
        return self.name

    def getvalue(self) -> bytes:
        if not self.data:
            raise ZeroDivisionError
        return self.data


@pytest.fixture
def empty(store: Store) -> Project:
    """A Multiclass project with the tags rose and tulip, without images."""
    project = projects.create(store, "Empty")
    tagging.ensure(store, project, ["rose", "tulip"], limits=Limits())
    return project


def opened(project: Project) -> AppTest:
    """The view Upload of a project."""
    return open_page("images", project, **UPLOAD)


def choose(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    """Choose files, which the page then shows."""
    for name, data in files:
        app.get("file_uploader")[0].upload(name, data)
    return checked(app.run())


def tag(app: AppTest, project: Project, name: str) -> AppTest:
    """Choose the tag for all files; AppTest's control knows only tags that are there already."""
    key = next(each.key for each in app.selectbox if (each.key or "").startswith(f"upload-tags-{project.id}"))
    return checked(app.selectbox(key=key).set_value(name).run())


def finish(app: AppTest) -> AppTest:
    """Wait for the threads that store, then show the page as it is after them."""
    for thread in threading.enumerate():
        if thread.name == "upload":
            thread.join()
    return checked(app.run())


def zip_of(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return file.getvalue()


def test_an_upload(store: Store, empty: Project, drawn_image: DrawImage) -> None:
    """Images are stored with the tag chosen for all and named with it; a file that was refused is named with why."""
    app = choose(opened(empty), ("a.png", drawn_image(1)), ("b.png", b"no image"))
    tag(app, empty, "rose")
    assert "All tagged **rose**" in texts(app)
    assert "1 file will not be stored: b.png. The images will." in texts(app)
    button(app, "Upload 1 image").click().run()
    finish(app)
    assert {"rose": 1, "tulip": 0} == {each.name: each.image_count for each in store.tags.of_project(empty.id)}
    assert "1 image stored, tagged rose. 1 file refused." in texts(app)
    assert [] == [each.label for each in app.button if each.label.startswith("Upload")]


def test_next_tag_starts_anew(empty: Project, drawn_image: DrawImage) -> None:
    """After an upload Next tag brings an empty form, with the cursor in the tag."""
    app = tag(choose(opened(empty), ("a.png", drawn_image(1))), empty, "rose")
    button(app, "Upload 1 image").click().run()
    button(finish(app), "Next tag").click().run()
    assert [None] == [each.value for each in app.selectbox if (each.key or "").startswith("upload-tags")]
    assert "stored" not in texts(checked(app))
    scripts = [each.proto.body for each in app.get("html")]
    assert any(f".st-key-upload-tags-{empty.id}-" in script and ".focus()" in script for script in scripts)


def test_train_is_offered_when_it_can_begin(store: Store, fill: Fill, drawn_image: DrawImage) -> None:
    """As long as something is missing the next step is the next tag; then it is Train."""
    project = fill(rose=5, tulip=3)
    for number, labels in ((91, ["Next tag", "See them"]), (92, ["Next tag", "See them", "Train"])):
        app = tag(choose(opened(project), (f"{number}.png", drawn_image(number))), project, "tulip")
        button(app, "Upload 1 image").click().run()
        known = {"Next tag", "See them", "Train"}
        assert labels == [each.label for each in finish(app).button if each.label in known]
        button(app, "Next tag").click().run()


def test_an_upload_waits_for_a_good_tag(store: Store, drawn_image: DrawImage) -> None:
    """A name that cannot be a tag's is refused before anything is stored, and the files stay chosen."""
    several = projects.create(store, "Several", classification_type=MULTILABEL)
    app = choose(opened(several), ("a.png", drawn_image(1)))
    app.multiselect(key=f"upload-tags-{several.id}-0").set_value(["rose|tulip"]).run()
    button(app, "Upload 1 image").click().run()
    assert "must not contain |" in texts(app)
    assert 0 == store.images.count(several.id)
    assert button(app, "Upload 1 image")


def test_tags_of_folders_and_zips_are_told_before(empty: Project, drawn_image: DrawImage) -> None:
    """How many images each folder and zip brings for each tag is on the page before anything is sent."""
    files = [("f/rose/1.png", drawn_image(1)), ("f/tulip/2.png", drawn_image(2))]
    app = choose(opened(empty), *files, ("more.zip", zip_of("rose/3.png", "rose/4.png", "notes.txt")))
    assert "2 tags: rose 3, tulip 1" in texts(app)
    assert "1 file will not be stored: notes.txt" in texts(app)
    assert button(app, "Upload 4 images")


def test_two_tags_where_one_is_allowed_are_told_before(store: Store, empty: Project, drawn_image: DrawImage) -> None:
    """In a Multiclass project a tag for all and a folder's own tag do not go together; in Multilabel they do."""
    several = projects.create(store, "Several", classification_type=MULTILABEL)
    app = tag(choose(opened(empty), ("f/rose/1.png", drawn_image(1)), ("f/a/2.png", drawn_image(2))), empty, "tulip")
    assert "In this project an image has one tag" in texts(app)
    app = choose(opened(several), ("f/rose/1.png", drawn_image(1)), ("f/a/2.png", drawn_image(2)))
    app.multiselect(key=f"upload-tags-{several.id}-0").set_value(["tulip"]).run()
    assert "In this project an image has one tag" not in texts(checked(app))


def test_an_upload_goes_on_in_another_window(empty: Project, fill: Fill) -> None:
    """A window loaded again in the middle of an upload sees how far it is, and then what became of it."""
    other = fill("Other", rose=1)
    run = uploads._latest()[empty.id] = uploads.Run(total=4)
    run.add(Upload("<b>.txt", "refused", "no image"))
    app = opened(empty)
    assert ["Upload: 1 of 4 files. This goes on when you leave the page."] == [
        each.proto.text.replace("\\", "") for each in app.get("progress")
    ]
    run.ended_at = time.monotonic()
    assert "1 file refused" in texts(app.run())
    assert "refused" not in texts(opened(other))


def test_a_first_upload_is_in_the_address(store: Store, empty: Project) -> None:
    """A project without images opens on Upload, and its address says so: a reload finds the upload under way."""
    app = open_page("images", empty)
    assert "Upload" == app.segmented_control(key="images-view").value
    scripts = " ".join(each.proto.body for each in app.get("html"))
    assert "images-view" in scripts
    assert "Upload" in scripts


def test_an_unforeseen_error_in_an_upload_is_told(
    empty: Project, store: Store, drawn_image: DrawImage, caplog: pytest.LogCaptureFixture
) -> None:
    """The page says that it went wrong, the log says what, and what was stored until then is no success."""
    run = uploads.start(store, empty, [File("a.png", drawn_image(1)), File("b.png")], [], Limits())
    for thread in threading.enumerate():
        if thread.name == "upload":
            thread.join()
    assert "ZeroDivisionError" in caplog.text
    assert run.is_done
    app = opened(empty)
    assert "An unexpected error: try again; details are in the server's log." in texts(app)
    assert "1 image stored, without a tag." in texts(app)
    assert [] == list(app.success)


def test_every_tag_has_thumbnails(drawn_image: DrawImage) -> None:
    """Of many files a few of each tag are shown, side by side, and every file that is no image comes first."""
    files = [File(f"f/{name}/{number}.png", drawn_image(number)) for name in ("a", "b") for number in range(40)]
    files.append(File("f/notes.txt", b"x"))
    found = chosen_files.contents(files, Limits())
    positions = chosen_files.shown_positions(found, len(files))
    assert chosen_files.SHOWN == len(positions)
    assert 80 == positions[0]
    names = [found.tags_by_position[position] for position in positions[1:]]
    assert sorted(names) == names
    assert {11, 12} == {names.count(("a",)), names.count(("b",))}


def test_names_cannot_act_in_the_style_sheet(drawn_image: DrawImage) -> None:
    """A folder's name is letters on a tile, whatever it holds."""
    hostile = '"; } </style><img src=x onerror=alert(1)> body { display: none'
    files = [File(f"f/{hostile}/1.png", drawn_image(1)), File("f/b/2.png", drawn_image(2))]
    style = chosen_files._chips_style(files, chosen_files.contents(files, Limits()))
    assert 1 == style.count("</style>")
    assert "onerror" not in style
    assert "display: none" not in style


def test_what_changed_an_image_is_told() -> None:
    """An image that was made smaller is stored, and its row says so."""
    row = outcome.table([Upload("<i>.heic", "stored", "", None, "stored smaller")], {})
    assert "<td>stored</td><td>Stored smaller.</td>" in row
    assert "<i>" not in row


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        ({}, "2 images stored, without a tag."),
        ({"rose": 2}, "2 images stored, tagged rose."),
        ({"rose": 1}, "2 images stored: rose 1."),
        ({"rose": 1, "tulip": 2}, "2 images stored: tulip 2, rose 1."),
        ({"*b*": 2}, r"2 images stored, tagged \*b\*."),
    ],
)
def test_the_stored_are_named(tags: dict[str, int], told: str) -> None:
    """The sentence after an upload says how many images there are and how they are tagged."""
    assert told == outcome.summary([Upload("1", "stored"), Upload("2", "stored")], tags)
