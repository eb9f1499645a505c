"""More like this: from any image to the project's images most like it, and the tools for them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cvcore import similar_images
from cvcore.prediction import history
from cvcore.projects import trash
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import FOR_TESTING, Store
from tests.conftest import DrawImage, Fill, Trained
from tests.pages.conftest import button, checked, open_page, texts


@pytest.fixture
def project(store: Store, fill: Fill) -> Project:
    """Six roses; their embeddings turn from one axis towards another, and lie the closer, the later they are added."""
    project = fill(rose=6)
    fingerprint = similar_images.network(store, project).fingerprint
    angles = np.sqrt(np.arange(6))
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    store.embeddings.put(fingerprint, dict(zip(store.images.digests(project.id), vectors, strict=True)))
    return project


def ids(store: Store, project: Project) -> list[str]:
    """The ids of its images, the first added first."""
    return list(store.images.ids_of(project.id, store.images.digests(project.id)).values())


def opened(project: Project, like: str) -> AppTest:
    """The images most like one."""
    return open_page("images", project, like=like)


def shown(app: AppTest) -> list[tuple[str, str]]:
    """The name and the note of each image in the gallery."""
    given = next(data for each in app.get("bidi_component") if "items" in (data := json.loads(each.proto.json)))
    return [(item["caption"].partition(",")[0], item["notes"][0]) for item in given["items"]]


def select(app: AppTest, project: Project, like: str, chosen: list[str]) -> None:
    """Choose images in the gallery."""
    revision = f"{app.session_state['similar-turn']} {like}"
    app.session_state[f"similar-gallery-{project.id}"] = {"selection": {"revision": revision, "ids": chosen}}
    checked(app.run())


def test_the_most_similar_stand_first(store: Store, project: Project) -> None:
    """In the order of their similarity, which stands below each; the image itself is not among them."""
    app = opened(project, ids(store, project)[5])
    assert ["5.png", "4.png", "3.png", "2.png", "1.png"] == [name for name, _ in shown(app)]
    assert "97 % alike" == shown(app)[0][1]


def test_the_tools_work_on_them(store: Store, project: Project) -> None:
    """What is selected is marked for testing, and deleted; deleted images are not shown."""
    images = ids(store, project)
    app = opened(project, images[5])
    select(app, project, images[5], images[3:5])
    checked(button(app, "Use for testing").click().run())
    assert 2 == store.images.count(project.id, FOR_TESTING)
    select(app, project, images[5], images[3:5])
    checked(button(app, "Delete").click().run())
    assert ["3.png", "2.png", "1.png"] == [name for name, _ in shown(app)]


def test_the_way_back(store: Store, project: Project) -> None:
    """A button shows all images again."""
    app = opened(project, ids(store, project)[0])
    checked(button(app, "Show all images").click().run())
    assert "6 images" in texts(app)
    assert "like" not in app.query_params


@pytest.mark.parametrize("like", ["nonsense", "0" * 64, "../../etc/passwd", "<script>"])
def test_an_address_of_nothing(project: Project, like: str) -> None:
    """An image that is gone, or an address that somebody made up, is told, and the way back is there."""
    app = opened(project, like)
    assert "The image that was asked for is no longer there." in texts(app)
    assert button(app, "Show all images")


def test_another_projects_image(store: Store, project: Project, fill: Fill) -> None:
    """An image of another project is no image here."""
    other = fill("Other", tulip=1)
    assert "is no longer there" in texts(opened(project, ids(store, other)[0]))


def test_names_are_shown_as_they_are(store: Store, project: Project) -> None:
    """An image's name does not act as HTML."""
    (image_id, *_) = ids(store, project)
    with store.transaction():
        store.images._db.write("update images set name = ? where id = ?", ["<b>x</b>.png", image_id])
    html = "".join(each.proto.body for each in opened(project, image_id).get("html"))
    assert "&lt;b&gt;x&lt;/b&gt;.png" in html


def test_images_without_an_embedding_are_told(store: Store, project: Project, drawn_image: DrawImage) -> None:
    """While new images are not read yet, the page says so."""
    store.embeddings.delete(store.images.digests(project.id)[0])
    assert "as soon as the training process has read them" in texts(opened(project, ids(store, project)[5]))


def test_from_the_large_view(store: Store, project: Project) -> None:
    """The button there opens the images most like the one that is shown."""
    images = ids(store, project)
    app = open_page("images", project)
    app.session_state[f"gallery-{project.id}"] = {"opened": images[5]}
    checked(app.run())
    app.session_state[f"gallery-{project.id}"] = {}
    checked(button(app, "More like this").click().run())
    assert images[5] in app.query_params["like"]
    assert "5.png" == shown(app)[0][0]
    assert "Delete image" not in [each.label for each in app.button]


def test_from_a_kept_prediction(
    store: Store, fill: Fill, trained: Trained, drawn_image: DrawImage, limits: Limits
) -> None:
    """An image that was only predicted has images like it, too."""
    project = fill(rose=5, tulip=5)
    kept = history.predict_and_keep(store, trained(project), drawn_image(99), application="", limits=limits)
    (vector,) = store.embeddings.get(similar_images.network(store, project).fingerprint, [kept.sha256]).values()
    images = dict.fromkeys(store.images.digests(project.id), -vector)
    images[store.images.digests(project.id)[3]] = vector
    store.embeddings.put(similar_images.network(store, project).fingerprint, images)
    app = opened(project, kept.sha256)
    assert ("4.png", "100 % alike") == shown(app)[0]
    assert "The 10 images most like the tested image" in "".join(each.proto.body for each in app.get("html"))


def test_the_trash_is_not_looked_at(store: Store, project: Project) -> None:
    """What is in the trash is not shown."""
    images = ids(store, project)
    trash.delete_images(store, project, images[:5])
    assert "as soon as" not in texts(opened(project, images[5]))
