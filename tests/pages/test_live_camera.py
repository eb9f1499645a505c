"""The live camera's pages: which models can be shown, and which frames are kept."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from cvcore import classroom
from cvcore.errors import InvalidInput, Locked
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.quick_test import live_test
from pages.parts.widgets.live_camera import Frame
from tests.conftest import DrawImage, Fill, Trained, fill_in
from tests.pages.conftest import checked, open_page, texts


def test_quick_test_has_a_live_camera(fill: Fill, trained: Trained) -> None:
    """It takes the place of the image and its bars; iteration and threshold stay."""
    project = fill(rose=5, tulip=5)
    trained(project)
    app = open_page("quick_test", project, **{"image-from": "Live camera"})
    assert ["Iteration"] == [each.label for each in app.selectbox if each.key != "choice"]
    assert ["Probability threshold"] == [each.label for each in app.slider]
    assert "Choose an image" not in texts(app)


def projector(home: str) -> None:
    """The live camera of the page Class, as the teacher sees it."""
    from pathlib import Path

    from cvcore.store import Store
    from pages.parts.quick_test import class_camera

    class_camera.show(Store(Path(home)))


def test_the_projector_shows_trained_projects(store: Store, fill: Fill, trained: Trained) -> None:
    """The teacher chooses among them; without one the page says what to do."""
    app = AppTest.from_function(projector, args=(str(store.home),), default_timeout=30)
    project = fill(rose=5, tulip=5)
    fill("Untrained", rose=5)
    assert "No iteration is trained yet." in texts(checked(app.run()))
    trained(project)
    checked(app.run())
    assert [["Flowers"], ["Iteration 1"]] == [each.options for each in app.selectbox]
    assert 50 == app.slider[0].value


def test_a_frame_that_is_refused_is_told(store: Store, fill: Fill, drawn_image: DrawImage, limits: Limits) -> None:
    """What a pupil may store, a deleted tag and what is an image are the rules of uploads, and so are the words."""
    project = fill(rose=5)
    (tag,) = store.tags.of_project(project.id)
    frame = Frame(tag.id, b64encode(drawn_image(99)).decode())
    few = replace(limits, home_images=5)
    assert "you may store 5 images" in live_test.keep(store, project, [frame], few)[0]
    assert "must belong to its project" in live_test.keep(store, project, [Frame("gone", frame.image)], limits)[0]
    assert "an image must be" in live_test.keep(store, project, [Frame(tag.id, "bm8gaW1hZ2U=")], limits)[0]
    with pytest.raises(InvalidInput, match="must arrive completely"):
        live_test.keep(store, project, [Frame(tag.id, "?")], limits)
    assert 5 == store.images.count(project.id)


def test_a_locked_pupil_keeps_no_frame(store: Store, drawn_image: DrawImage, limits: Limits) -> None:
    """They see the bars, and are told who can unlock their work."""
    classroom.set_password(store, "chalk and sponge")
    pupil = classroom.join(store, classroom.open_class(store, "4b").code, "Anna")[0]
    own = classroom.store_of(store, pupil, as_pupil=True)
    project = fill_in(own, rose=1)
    (tag,) = own.tags.of_project(project.id)
    store.pupils.set_locked(pupil.id, True)
    with pytest.raises(Locked, match="the teacher has locked it"):
        live_test.keep(own, project, [Frame(tag.id, b64encode(drawn_image(99)).decode())], limits)
    assert 1 == own.images.count(project.id)
