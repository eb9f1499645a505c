"""The Publish page: names given and moved, what programs need, exports as they go on, many images at once."""

from __future__ import annotations

import importlib.util
import io
import json
import re
import threading
import time
import zipfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cvcore import settings
from cvcore.evaluation import saved_thresholds
from cvcore.exports import background, formats
from cvcore.files import api_keys, blobs
from cvcore.prediction import publishing
from cvcore.prediction.batches import ImageAnswer
from cvcore.records import Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.publish import batch_panel
from tests.conftest import DrawImage, Fill, Trained
from tests.pages.conftest import button, checked, open_page, texts


@pytest.fixture
def project(fill: Fill) -> Project:
    return fill(rose=5, tulip=5)


@pytest.fixture
def iterations(project: Project, trained: Trained) -> list[Iteration]:
    """Two, the newest first, which the page opens with."""
    return [trained(project), trained(project)][::-1]


@pytest.fixture
def app(project: Project, iterations: list[Iteration]) -> AppTest:
    """The page of that project."""
    return open_page("publish", project)


def view(app: AppTest, name: str) -> AppTest:
    return checked(app.segmented_control(key="publish-view").set_value(name).run())


def publish(app: AppTest, name: str) -> AppTest:
    next(each for each in app.text_input if each.label == "Name").set_value(name)
    return checked(next(each for each in app.button if each.label.startswith("Publish")).click().run())


def test_names_are_given_moved_and_taken_away(
    app: AppTest, store: Store, project: Project, iterations: list[Iteration]
) -> None:
    """Several names at once, each moved and unpublished on its own, without a touch on the others."""
    assert "Nothing is published yet" in texts(app)
    publish(publish(app, "garden"), "field")
    assert "**garden** answers with Iteration 2" in texts(app)
    checked(app.selectbox(key="publish-iteration").select("1").run())
    checked(app.button(key="move-garden").click().run())
    assert iterations[1] == publishing.find(store, project, "garden")
    assert iterations[0] == publishing.find(store, project, "field")
    checked(app.button(key="unpublish-garden").click().run())
    assert ["field"] == [each.name for each in store.publications.of_project(project.id)]


def test_moving_and_unpublishing_are_undone(
    app: AppTest, store: Store, project: Project, iterations: list[Iteration]
) -> None:
    """The toast says what happened, and a press on Undo gives the name back to the iteration that had it."""
    for name in ("garden", "field"):
        publishing.publish(store, iterations[1], name)
    checked(app.run())
    checked(app.button(key="move-garden").click().run())
    assert "garden answers with Iteration 2 now." in texts(app)
    checked(app.button(key="undo").click().run())
    assert iterations[1] == publishing.find(store, project, "garden")
    checked(app.button(key="unpublish-garden").click().run())
    assert "Unpublished: garden. Programs that use it get an error." in texts(app)
    checked(app.button(key="undo").click().run())
    assert iterations[1] == publishing.find(store, project, "garden")
    checked(button(app, "Unpublish all").click().run())
    assert 2 == len(store.publications.of_project(project.id)), "it asks first"


def test_a_name_in_use_is_not_taken_unasked(
    app: AppTest, store: Store, project: Project, iterations: list[Iteration]
) -> None:
    """Publishing under another iteration's name asks first, and says whose it is."""
    publishing.publish(store, iterations[1], "garden")
    publish(app, "garden")
    assert "**garden** answers with Iteration 1 now." in texts(app)
    assert iterations[1] == publishing.find(store, project, "garden")


def test_an_impossible_name_is_refused(app: AppTest) -> None:
    """With the rule that it breaks, and it stays there to be corrected."""
    publish(app, "a/b")
    assert "A published name must have no slash, got 'a/b': choose another." in texts(app)
    assert "a/b" == next(each.value for each in app.text_input if each.label == "Name")


def test_the_key_is_shown_when_asked_for(app: AppTest, home: Path, project: Project) -> None:
    """Until then neither it nor a snippet with it is sent to the browser; address and project are there at once."""
    publish(app, "garden")
    key = api_keys.load(settings.load()).prediction
    codes = [each.value for each in app.code]
    assert not [each for each in codes if key in each]
    assert project.id in codes
    assert codes[0].endswith(f"/customvision/v3.0/Prediction/{project.id}/classify/iterations/garden/image")
    checked(app.toggle(key="key-shown").set_value(True).run())
    assert 4 == sum(key in each.value for each in app.code)
    checked(app.segmented_control(key="asked-of").set_value("url").run())
    assert app.code[0].value.endswith("/garden/url")


def test_amazon_s_clients_find_what_they_need(app: AppTest, home: Path, iterations: list[Iteration]) -> None:
    """ARN and key id are there at once, in each snippet too; the secret only when it is asked for."""
    view(app, "Rekognition")
    keys = api_keys.load_aws(settings.load())
    codes = [each.value for each in app.code]
    assert not [each for each in codes if keys.secret_access_key in each]
    assert keys.access_key_id in codes
    (arn,) = (each for each in codes if re.fullmatch("arn:aws:rekognition:.*/version/.*", each))
    assert 4 == sum(arn in each for each in codes)
    checked(app.toggle(key="secret-shown").set_value(True).run())
    assert 4 == sum(keys.secret_access_key in each.value for each in app.code)


def test_every_export_is_offered_by_its_names(app: AppTest, iterations: list[Iteration]) -> None:
    """Each format has a row with Custom Vision's name for it; one that this computer cannot make says what it needs."""
    view(app, "Export")
    offered = {name for name in formats.NAMES if f"make-{name}-{iterations[0].id}" in {each.key for each in app.button}}
    can_be_made = {each.name for each in formats.FORMATS if all(map(importlib.util.find_spec, each.packages))}
    assert can_be_made == offered
    for name in ("TensorFlow, TensorFlowSavedModel", "TensorFlow, TensorFlowJs", "ONNX, OnnxFloat16", "CoreML"):
        assert f"In Custom Vision: {name}" in texts(app)
    for name in set(formats.NAMES) - can_be_made:
        assert f"The {name} export needs packages that are not installed" in texts(app)


def test_an_export_that_cannot_be_run_here_says_so(app: AppTest, store: Store, iterations: list[Iteration]) -> None:
    """Core ML's zip has no agreement; its row says why."""
    path = blobs.iteration_folder(store.home, iterations[0].id) / "exports" / f"coreml-{'0' * 32}.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.json", json.dumps({"tags": [{"threshold": 0.5}] * 2, "agreement": None}))
    view(app, "Export")
    assert "It was not run, because only a Mac can: its input, output and tags were read back." in texts(app)


def test_exports_as_they_go_on(
    app: AppTest, store: Store, iterations: list[Iteration], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One under way shows its stage, one that failed its reason and another try, one done how well it agrees."""
    newest = iterations[0]
    path = blobs.iteration_folder(store.home, newest.id) / "exports" / f"tflite_int8-{'0' * 32}.zip"
    path.parent.mkdir()
    about = {
        "tags": [{"threshold": 0.5}] * 2,
        "agreement": {"pictures": 10, "difference": 0.25, "changed": 2},
    }
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.json", json.dumps(about))
    monkeypatch.setitem(background._runs, (newest.id, "keras"), background._Run("Converting to keras", 0.3))
    failed = background._Run(error="it must agree to 0.001, it differs by 0.2")
    monkeypatch.setitem(background._runs, (newest.id, "tflite"), failed)
    view(app, "Export")
    (bar,) = app.get("progress")
    assert bar.proto.text.startswith("Converting to keras")
    assert "It must agree to 0.001, it differs by 0.2." in texts(app)
    assert "it differs from the page by at most 0.250000 and gives 2 other answers." in texts(app)
    assert "Make again" == app.button(key=f"make-tflite-{newest.id}").label
    (link,) = app.get("link_button")
    assert f"/customvision/files/export/{newest.id}/{path.name}" == link.proto.url
    saved_thresholds.save(store, newest, 0.7)
    checked(app.run())
    assert "Other thresholds were saved after this export." in texts(app)
    assert "Make again" == app.button(key=f"make-tflite-int8-{newest.id}").label


def test_many_images(app: AppTest, project: Project, drawn_image: DrawImage) -> None:
    """Each has its answer in the table; a broken one is named with its reason, also after the page is left."""
    view(app, "Many images")
    assert "Choose images of up to 50 MB each, or zips of them." in texts(app)
    uploader = app.get("file_uploader")[0]
    uploader.upload("=a.png", drawn_image(1)).upload("b.png", b"no image").upload("c.png", drawn_image(2))
    app.run()
    checked(button(app, "Predict 3 files").click().run())
    for thread in threading.enumerate():
        if thread.name == "batch":
            thread.join()
    checked(app.run())
    assert "2 images predicted by Iteration 2: tulip 2." in texts(app)
    assert "1 file could not be read." in texts(app)
    body = next(each.proto.body for each in app.get("html") if "tagwise-numbers" in each.proto.body)
    for name in ("=a.png", "c.png"):
        row = next(row for row in re.findall("<tr>.*?</tr>", body) if f"<bdi>{name}</bdi>" in row)
        assert '<img src="data:image/webp;base64,UklGR' in row
        assert '<td class="text">tulip</td>' in row
    assert [] == list(app.dataframe)
    run = batch_panel._latest()[project.id]
    assert ["image,answer,rose,tulip", "'=a.png,tulip", "c.png,tulip"] == [
        line.strip() if number == 0 else ",".join(line.split(",")[:2]) for number, line in enumerate(run.lines)
    ]


def test_a_batch_under_way_is_seen_by_all(app: AppTest, project: Project) -> None:
    """A window that is loaded again in the middle sees how far it is."""
    run = batch_panel.Run(iteration="Iteration 2", total=4)
    run.add(ImageAnswer("a.png", refusal="it is damaged"), ["rose"])
    batch_panel._latest()[project.id] = run
    view(app, "Many images")
    assert ["Predictions: 1 of 4 images. This goes on when you leave the page."] == [
        each.proto.text.replace("\\", "") for each in app.get("progress")
    ]
    run.ended_at, run.stopped = time.monotonic(), "a zip must be complete, this one is damaged"
    checked(app.run())
    assert "A zip must be complete, this one is damaged." in texts(app)


def test_an_unforeseen_error_in_a_batch_is_told(
    app: AppTest,
    store: Store,
    project: Project,
    iterations: list[Iteration],
    drawn_image: DrawImage,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The page says that it went wrong, the log says what, and what was answered until then is no success."""

    class Broken(io.BytesIO):
        name = "b.png"

        def read(self, size: int | None = -1, /) -> bytes:
            raise ZeroDivisionError(size)

    first = io.BytesIO(drawn_image(1))
    first.name = "a.png"
    run = batch_panel.start(store, project, iterations[0], [first, Broken()], 0.5, Limits())
    for thread in threading.enumerate():
        if thread.name == "batch":
            thread.join()
    assert "ZeroDivisionError" in caplog.text
    assert run.is_done
    view(app, "Many images")
    assert "An unexpected error: try again; details are in the server's log." in texts(app)
    assert [] == list(app.success)
