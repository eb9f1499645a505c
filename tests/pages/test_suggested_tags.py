"""Suggested tags and the camera on the Images page, as the browser would tell of decisions and shots."""

from __future__ import annotations

import base64

import pytest
from streamlit.testing.v1 import AppTest

from cvcore import projects, training
from cvcore.projects import tagging, uploads
from cvcore.records import MULTILABEL, Project
from cvcore.store import UNTAGGED, Store
from tests.conftest import DrawImage, Fill, Trained
from tests.pages.conftest import button, checked, open_page, texts


@pytest.fixture
def flowers(store: Store, fill: Fill, trained: Trained) -> Project:
    """A trained project with three untagged images."""
    project = fill(rose=8, tulip=5)
    trained(project)
    roses = store.tags.of_project(project.id)[0].id
    free = store.images.page(project.id, tag_id=roses, take=3)
    tagging.remove_tags(store, project, [each.id for each in free])
    return project


def opened(project: Project, view: str = "Suggested tags") -> AppTest:
    """The Images page of a project, at a view."""
    return open_page("images", project, **{"images-view": view})


def send(
    app: AppTest, project: Project, decided: dict[str, list[str]], aside: tuple[str, ...] = (), turn: int = 0
) -> None:
    """Save a batch."""
    told = {"turn": turn, "decided": [list(each) for each in decided.items()], "aside": list(aside)}
    app.session_state[f"suggestions-{project.id}"] = {"sent": told}
    checked(app.run())


def untagged(store: Store, project: Project) -> list[str]:
    """The ids of the untagged images, the newest first."""
    return [each.id for each in store.images.page(project.id, tag_id=UNTAGGED, take=99)]


def test_nothing_is_tagged_before_it_is_saved(store: Store, flowers: Project) -> None:
    """Looking changes nothing; a batch is tagged at once, once, and one click takes it back."""
    app = opened(flowers)
    assert "3 untagged images. Nothing is tagged before you save." in texts(app)
    images, (rose, tulip) = untagged(store, flowers), (tag.id for tag in store.tags.of_project(flowers.id))
    assert 3 == len(images)
    send(app, flowers, {images[0]: [rose], images[1]: [tulip]})
    assert "2 images tagged." in texts(app)
    assert images[2:] == untagged(store, flowers)
    assert (tulip,) == store.images.get(images[1]).tag_ids
    checked(app.run())
    checked(app.button(key="undo").click().run())
    assert "2 images untagged again." in texts(app)
    assert images == untagged(store, flowers)


def test_order_and_iteration_are_in_the_address(flowers: Project, trained: Trained) -> None:
    """A link opens the order and the iteration that it names, and the page puts both into its address."""
    first = trained(flowers)
    trained(flowers)
    app = open_page("images", flowers, **{"images-view": "Suggested tags", "order": "least-sure", "by": first.name})
    assert first.id == app.selectbox(key=f"suggested-by-{flowers.id}").value
    assert "Least sure first" == app.segmented_control(key=f"suggested-order-{flowers.id}").value
    scripts = [each.proto.body for each in app.get("html") if '"by"' in each.proto.body]
    assert f'"{first.name}"], ["order", "least-sure"]' in scripts[0]


def test_what_others_did_meanwhile_is_told(store: Store, flowers: Project) -> None:
    """One tagged and one deleted in another tab are left alone, in one sentence."""
    app = opened(flowers)
    images, (rose, tulip) = untagged(store, flowers), (tag.id for tag in store.tags.of_project(flowers.id))
    tagging.add_tags(store, flowers, images[:1], [rose])
    uploads.delete(store, images[1:2])
    send(app, flowers, {image: [tulip] for image in images})
    assert "1 image tagged. 1 left unchanged because it was tagged or its tag deleted meanwhile. 1 deleted" in texts(
        app
    )
    assert (rose,) == store.images.get(images[0]).tag_ids
    assert "Every image has a tag." in texts(app)


def test_skipped_images_come_again_when_asked_for(store: Store, flowers: Project) -> None:
    """They make room for others, and when only they are left the page says so and offers them."""
    app = opened(flowers)
    send(app, flowers, {}, tuple(untagged(store, flowers)))
    assert "All untagged images were skipped." in texts(app)
    checked(button(app, "Look again at 3 skipped").click().run())
    assert "3 untagged images." in texts(app)


def test_a_refused_batch_stays(store: Store, flowers: Project) -> None:
    """Two tags for an image of a Multiclass project are refused in a sentence, and nothing is tagged."""
    app = opened(flowers)
    images, tags = untagged(store, flowers), [tag.id for tag in store.tags.of_project(flowers.id)]
    send(app, flowers, {images[0]: tags, images[1]: tags[:1]})
    assert "must have one tag" in texts(app)
    assert images == untagged(store, flowers)


def test_what_is_missing_for_suggestions(store: Store, fill: Fill, flowers: Project) -> None:
    """Without an iteration the way to one is shown, also when the last was deleted in another tab."""
    assert "Every image has a tag." in texts(opened(fill("Tagged", rose=1)))
    app = opened(flowers)
    for iteration in store.iterations.of_project(flowers.id):
        training.delete_iteration(store, iteration)
    checked(app.run())
    assert "3 untagged images, but no trained iteration that can suggest tags" in texts(app)
    assert "No images yet" in texts(opened(projects.create(store, "Empty")))


def shoot(app: AppTest, project: Project, images: list[str]) -> None:
    """Send the first shots of the camera."""
    app.session_state[f"camera-{project.id}"] = {"shots": {"turn": 0, "images": images}}
    checked(app.run())


def test_shots_of_the_camera(store: Store, drawn_image: DrawImage) -> None:
    """They are stored once, like any upload, under the tag chosen, which stays chosen for the next ones."""
    project = projects.create(store, "Empty", classification_type=MULTILABEL)
    app = opened(project, "Upload")
    checked(app.segmented_control(key="upload-way").set_value("Camera").run())
    app.multiselect[0].set_value(["rose"]).run()
    shoot(app, project, [base64.b64encode(drawn_image(number)).decode() for number in range(3)])
    assert "3 images stored, tagged rose." in texts(app)
    assert {"rose": 3} == {tag.name: tag.image_count for tag in store.tags.of_project(project.id)}
    assert all(each.name.startswith("camera 20") for each in store.images.page(project.id, take=9))
    assert ["rose"] == app.multiselect[0].value
    checked(app.run())
    assert 3 == store.images.count(project.id)


@pytest.mark.parametrize(("shots", "words"), [(["!"], "must arrive completely"), ([""] * 31, "most 30 shots")])
def test_refused_shots(store: Store, shots: list[str], words: str) -> None:
    """Too many, or one cut short, are refused in a sentence and none is stored."""
    project = projects.create(store, "Empty")
    app = opened(project, "Upload")
    checked(app.segmented_control(key="upload-way").set_value("Camera").run())
    shoot(app, project, shots)
    assert words in texts(app)
    assert 0 == store.images.count(project.id)
