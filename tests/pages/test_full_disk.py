"""A full disk is told in one sentence by whatever page is used, nothing is lost, and all goes on once there is room."""

from __future__ import annotations

from collections.abc import Callable

from cvcore.files import disks
from tests.cvcore.conftest import on_small_disk

__all__ = ["on_small_disk"]

FULL = f"{disks.HOME_FULL[0].upper()}{disks.HOME_FULL[1:]}."


def test_the_pages_on_a_full_disk(on_small_disk: Callable[[str, str], list[str]]) -> None:
    """Uploading, tagging, training and a quick test each say the sentence, then work when they are tried again."""
    assert [
        *("trained done", "full"),
        *(f"{done} {[FULL]} []" for done in ("tag", "delete", "upload", "train", "quick test")),
        *("14 images, 7 roses, 1 iterations, 0 predictions", "room"),
        *(f"{done} [] []" for done in ("tag", "delete", "upload", "train", "quick test")),
        "14 images, 9 roses, 2 iterations, 1 predictions",
    ] == on_small_disk("size=60m", _PAGES)


_PAGES = """
import logging, os, threading
os.environ["TAGWISE_HOME"] = str(disk / "home")
logging.disable(logging.WARNING)
from cvcore import training
from cvcore.store import Store
from cvcore.training import worker
from tests.conftest import draw_image, fill_in
from tests.pages.conftest import button, open_page
from tests.pages.test_images_page import select

store = Store(disk / "home")
project = fill_in(store, rose=7, tulip=7)
rose, tulip = store.tags.of_project(project.id)
print("trained", worker.finish_job(store, training.start(store, project)).status)

def said(what, app):
    print(what, [each.value.replace("\\\\", "") for each in app.error], [each.message for each in app.exception])

def choose(app, number):
    app.get("file_uploader")[0].upload(f"{number}.png", draw_image(number))
    app.run()

def tag():
    select(images, project, store.images.page(project.id, tag_id=tulip.id, take=1))
    images.selectbox(key=f"browser-retag-{project.id}-0").set_value("rose").run()
    button(images, "Tag selected").click().run()
    said("tag", images)

def delete():
    select(images, project, store.images.page(project.id, tag_id=tulip.id, take=1))
    button(images, "Delete").click().run()
    said("delete", images)

def upload():
    choose(new, 99)
    next(each for each in new.selectbox if each.key.startswith("upload-tags")).set_value("rose").run()
    button(new, "Upload 1 image").click().run()
    for thread in threading.enumerate():
        if thread.name == "upload":
            thread.join()
    said("upload", new.run())

def train():
    button(train_page, "Train").click().run()
    said("train", train_page)

def numbers():
    roses = store.images.count(project.id, tag_id=rose.id)
    iterations, kept = len(store.iterations.of_project(project.id)), store.predictions.count(project.id)
    print(f"{store.images.count(project.id)} images, {roses} roses, {iterations} iterations, {kept} predictions")

images, train_page, quick_test = (open_page(name, project) for name in ("images", "train", "quick_test"))
new = open_page("images", project, **{"images-view": "Upload"})
fill()
print("full")
tag()
delete()
upload()
train()
choose(quick_test, 98)
said("quick test", quick_test)
numbers()
(disk / "filler").unlink()
print("room")
tag()
delete()
button(new, "Next tag").click().run()
upload()
train()
said("quick test", quick_test.run())
numbers()
"""
