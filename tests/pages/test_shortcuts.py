"""The view of shortcuts on the Performance page."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from cvcore import projects
from cvcore.projects import tagging, uploads
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import Store
from tests.conftest import Trained
from tests.pages.conftest import open_page, texts

LIMITS = Limits()


def photo(seed: int, light: float) -> bytes:
    """Coloured squares in some light, as a PNG file."""
    squares = np.random.default_rng(seed).integers(60, 200, (16, 16, 3)) * light
    file = io.BytesIO()
    Image.fromarray(squares.astype(np.uint8)).resize((64, 64), Image.Resampling.NEAREST).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def dim(store: Store) -> Project:
    """Twelve roses in daylight, and as many tulips in dim light."""
    project = projects.create(store, "light")
    for number in range(24):
        (tag,) = tagging.ensure(store, project, [("rose", "tulip")[number % 2]], limits=LIMITS)
        data = photo(number, (1.0, 0.4)[number % 2])
        uploads.add(store, project, f"{number}.png", data, tag_ids=[tag.id], limits=LIMITS)
    return store.projects.get(project.id)


def test_the_light_is_named(store: Store, dim: Project, trained: Trained) -> None:
    """A tag whose images are darker is named, with what to do; beside it stands how often each family is right."""
    trained(dim)
    app = open_page("performance", dim, view="Shortcuts")
    shown = texts(app)
    assert "rose and tulip can be told apart 100 % of the time" in shown
    assert "by brightness alone: take both in the same light." in shown
    table = "".join(each.proto.body for each in app.get("html"))
    assert "Told from other tags" in table
    assert "rose, tulip: 100.0 %" in table


def test_nothing_to_find_is_said(store: Store, dim: Project, trained: Trained) -> None:
    """Few images of a tag are no finding, and the page says so."""
    trained(dim)
    few = projects.create(store, "few")
    for number in range(12):
        (tag,) = tagging.ensure(store, few, [("rose", "tulip")[number % 2]], limits=LIMITS)
        uploads.add(store, few, f"{number}.png", photo(number, 1), tag_ids=[tag.id], limits=LIMITS)
    trained(few)
    shown = texts(open_page("performance", few, view="Shortcuts"))
    assert "No tag is told apart by light, colour, background, size or file alone." in shown
    assert "tags with at least 10 of them" in shown


def test_images_that_are_not_measured_are_asked_for(store: Store, dim: Project, trained: Trained) -> None:
    """What an older Tagwise stored is measured by the worker, and until then counted as left out."""
    iteration = trained(dim)
    for image in store.iterations.images(iteration.id):
        store.file_facts.delete(image.sha256)
    shown = texts(open_page("performance", dim, view="Shortcuts"))
    assert "Left out, because they are not measured yet: 24 images." in shown
    job = store.jobs.latest(dim.id, "facts")
    assert job is not None
    assert job.is_active
