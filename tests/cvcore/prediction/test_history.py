"""What was asked is kept for 30 days, and no longer than that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from cvcore import imaging, projects, training
from cvcore.errors import ImageRefused, InvalidInput
from cvcore.files import blobs
from cvcore.prediction import history
from cvcore.projects import trash
from cvcore.records import Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store
from tests.conftest import ROOT

LIMITS = Limits()


@pytest.fixture
def iteration(fill: Callable[..., Project], trained: Callable[..., Iteration]) -> Iteration:
    """A trained iteration."""
    return trained(fill(rose=5, tulip=5))


def test_a_question_is_kept(store: Store, iteration: Iteration, drawn_image: Callable[[int], bytes]) -> None:
    """Answer and image are found again until they are forgotten, the file too."""
    kept = history.predict_and_keep(store, iteration, drawn_image(50), application="app", limits=LIMITS)
    assert [kept] == store.predictions.of_project(iteration.project_id, application="app")
    assert ["tulip", "rose"] == [each.tag for each in kept.predictions]
    assert drawn_image(50) == history.image_bytes(store, kept)
    history.delete(store, projects.find(store, "Flowers"), [kept.id])
    assert {} == store.predictions.with_ids(iteration.project_id, [kept.id])
    assert not blobs.original_path(store.home, kept.sha256).exists()


def test_a_picture_of_the_project_stays(
    store: Store, iteration: Iteration, drawn_image: Callable[[int], bytes]
) -> None:
    """An image that the project holds as well outlives its prediction, and the other way round."""
    kept = history.predict_and_keep(store, iteration, drawn_image(1), application="", limits=LIMITS)
    history.delete(store, projects.find(store, "Flowers"), [kept.id])
    assert blobs.original_path(store.home, kept.sha256).exists()


def test_old_questions_go(store: Store, iteration: Iteration, drawn_image: Callable[[int], bytes]) -> None:
    """What is older than 30 days goes with its image and embedding, though nobody asks again."""
    kept = history.predict_and_keep(store, iteration, drawn_image(50), application="", limits=LIMITS)
    history.purge(store, kept.created_at + timedelta(days=30))
    assert [kept] == store.predictions.of_project(iteration.project_id)
    history.purge(store, datetime.now(UTC) + timedelta(days=30))
    assert [] == store.predictions.of_project(iteration.project_id)
    assert not blobs.original_path(store.home, kept.sha256).exists()
    assert [kept.sha256] == store.embeddings.missing(iteration.fingerprint, [kept.sha256])


def test_old_pictures_of_the_project_stay(
    store: Store, iteration: Iteration, drawn_image: Callable[[int], bytes]
) -> None:
    """The end of a prediction is not the end of an image that the project holds."""
    kept = history.predict_and_keep(store, iteration, drawn_image(1), application="", limits=LIMITS)
    history.purge(store, datetime.now(UTC) + timedelta(days=31))
    assert 0 == store.predictions.count(iteration.project_id)
    assert drawn_image(1) == history.image_bytes(store, kept)


def test_the_embedding_is_kept(store: Store, iteration: Iteration, drawn_image: Callable[[int], bytes]) -> None:
    """What the network made of an image is there for whoever looks how new it is, or trains with it."""
    kept = history.predict_and_keep(store, iteration, drawn_image(50), application="", limits=LIMITS)
    assert [] == store.embeddings.missing(iteration.fingerprint, [kept.sha256])


def test_asked_once(store: Store, iteration: Iteration, drawn_image: Callable[[int], bytes]) -> None:
    """The same image is kept once for each iteration, and an image of the project is not kept."""
    keep = partial(history.predict_and_keep_once, store, iteration, application=history.QUICK_TEST, limits=LIMITS)
    kept = keep(drawn_image(50))
    assert kept == keep(drawn_image(50))
    assert [kept] == store.predictions.of_project(iteration.project_id)
    assert keep(drawn_image(1)) is None
    assert 1 == store.predictions.count(iteration.project_id)


def test_a_picture_is_forgotten_with_all_that_was_said_of_it(
    store: Store, iteration: Iteration, drawn_image: Callable[[int], bytes]
) -> None:
    """However often it was asked about, nothing stays once the trash is emptied."""
    kept = [
        history.predict_and_keep(store, iteration, drawn_image(50), application="", limits=LIMITS) for _ in range(2)
    ]
    history.delete_images(store, projects.find(store, "Flowers"), [kept[0].sha256])
    assert 0 == store.predictions.count_of_iteration(iteration.id)
    trash.empty(store, datetime.now(UTC) + trash.KEPT)
    assert not blobs.original_path(store.home, kept[0].sha256).exists()


def test_deleted_predictions_come_back(store: Store, iteration: Iteration, drawn_image: Callable[[int], bytes]) -> None:
    """All that was predicted for the image is back as it was; after a day, or without the iteration, it is not."""
    project = projects.find(store, "Flowers")
    kept = [
        history.predict_and_keep(store, iteration, drawn_image(50), application="", limits=LIMITS) for _ in range(2)
    ]
    change = history.delete_images(store, project, [kept[0].sha256])
    assert ([], "1 image deleted.") == (store.predictions.of_project(project.id), change.message)
    assert "1 image restored." == change.undo()
    assert {each.id: each for each in kept} == store.predictions.with_ids(project.id, [each.id for each in kept])
    change = history.delete_images(store, project, [kept[0].sha256])
    training.delete_iteration(store, iteration)
    assert not blobs.original_path(store.home, kept[0].sha256).exists()
    assert "0 images restored. 2 predictions can no longer be restored." == change.undo()


def test_heic_is_kept_as_jpeg(store: Store, iteration: Iteration) -> None:
    """What is kept can be shown by every browser, and is kept once."""
    data = (ROOT / "tests" / "data" / "drawn.heic").read_bytes()
    kept = history.predict_and_keep(store, iteration, data, application="", limits=LIMITS)
    assert "image/jpeg" == imaging.media_type(history.image_bytes(store, kept))
    assert kept == history.predict_and_keep_once(store, iteration, data, application="", limits=LIMITS)


def test_what_is_refused_leaves_nothing(store: Store, iteration: Iteration) -> None:
    """Neither a file that is no image nor an application of a thousand letters is kept."""
    with pytest.raises(ImageRefused):
        history.predict_and_keep(store, iteration, b"no picture", application="", limits=LIMITS)
    with pytest.raises(InvalidInput, match="an application's name must have at most 128 letters"):
        history.predict_and_keep(store, iteration, b"", application="x" * 129, limits=LIMITS)
    assert [] == store.predictions.of_project(iteration.project_id)


def test_an_iteration_takes_its_questions_along(
    store: Store, iteration: Iteration, drawn_image: Callable[[int], bytes]
) -> None:
    """With an iteration go the predictions it made, and their images."""
    kept = history.predict_and_keep(store, iteration, drawn_image(50), application="", limits=LIMITS)
    training.delete_iteration(store, iteration)
    assert [] == store.predictions.of_project(iteration.project_id)
    assert not blobs.original_path(store.home, kept.sha256).exists()


def test_a_project_takes_its_questions_along(
    store: Store, iteration: Iteration, drawn_image: Callable[[int], bytes]
) -> None:
    """With a project go the images that it was asked about."""
    kept = history.predict_and_keep(store, iteration, drawn_image(50), application="", limits=LIMITS)
    projects.delete(store, projects.find(store, "Flowers"))
    assert not blobs.original_path(store.home, kept.sha256).exists()
