"""Odd images: in their view on the Images page, and after an upload."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cvcore import projects
from cvcore.projects import tagging, uploads
from cvcore.projects.uploads import Upload
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.upload.run import Run
from tests.pages.conftest import button, checked, open_page, texts

LIMITS = Limits()


def photo(seed: int, light: float = 1.0, quality: int = 95) -> bytes:
    """Coloured squares with sharp edges, as a JPEG file."""
    squares = np.random.default_rng(seed).integers(0, 256, (8, 8, 3)) * light
    file = io.BytesIO()
    image = Image.fromarray(squares.astype(np.uint8)).resize((96, 96), Image.Resampling.NEAREST)
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def upload(store: Store, project: Project, data: bytes, tag: str) -> Upload:
    """Upload one image with a tag."""
    (made,) = tagging.ensure(store, project, [tag], limits=LIMITS)
    return uploads.add(store, project, "photo.jpg", data, tag_ids=[made.id], limits=LIMITS)


@pytest.fixture
def flowers(store: Store) -> Project:
    """Six good roses, a dark one, and a copy of a rose that is tagged tulip."""
    project = projects.create(store, "flowers")
    for seed in range(6):
        upload(store, project, photo(seed), "rose")
    upload(store, project, photo(6, 0.1), "rose")
    upload(store, project, photo(0, quality=60), "tulip")
    return store.projects.get(project.id)


def opened(project: Project, **query: str) -> AppTest:
    """The view of odd images."""
    return open_page("images", project, **{"images-view": "Quality", **query})


def test_odd_images_are_listed_by_kind(flowers: Project) -> None:
    """The first kind is shown, and its sentence says how many and what to do; the address opens another."""
    assert "1 image is there more than once, with different tags" in texts(opened(flowers))
    shown = texts(opened(flowers, odd="dark"))
    assert "1 of 8 images is very dark: better photos have more light." in shown
    assert "8 images looked at." in shown
    assert "1 of 8 images is very dark" not in texts(opened(flowers, odd="<b>"))


def test_an_odd_image_can_be_deleted(store: Store, flowers: Project) -> None:
    """What is selected is deleted as in the gallery; then its kind is gone."""
    dark = store.images.page(flowers.id, take=2)[1]
    app = opened(flowers, odd="dark")
    app.session_state[f"quality-gallery-{flowers.id}"] = {"selection": {"ids": [dark.id], "revision": "0 dark 1"}}
    checked(app.run())
    button(app, "Delete").click()
    checked(app.run())
    assert store.images.count(flowers.id) == 7
    assert "very dark" not in texts(app)


def test_good_images_are_said_to_be_good(store: Store) -> None:
    """Where nothing is odd, the view says so."""
    project = projects.create(store, "good")
    upload(store, project, photo(1), "rose")
    assert "1 image looked at, nothing odd found." in texts(opened(project))


def test_an_upload_tells_what_is_odd(store: Store, flowers: Project) -> None:
    """After an upload a line for each kind names its own images only, and leads to all of them."""
    result = upload(store, flowers, photo(9, 0.1), "rose")
    run = Run(total=1, results=[result])
    run.tags["rose"] = 1
    run.ended_at = 1.0
    app = open_page("images", flowers, **{"images-view": "Images"})
    app.session_state["uploads"] = {flowers.id: run}
    app.query_params["images-view"] = "Upload"
    app.session_state["images-view"] = "Upload"
    run.is_older_than = lambda seconds: False  # type: ignore[method-assign]
    checked(app.run())
    assert "1 of 1 image is very dark" in texts(app)
    button(app, "Look at them").click()
    checked(app.run())
    assert "2 of 9 images are very dark" in texts(app)
