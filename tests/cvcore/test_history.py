"""What programs asked is kept for 30 days, and no longer than that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from cvcore import blobs, history, projects, training
from cvcore.errors import ImageRefused, InvalidInput
from cvcore.records import Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store

LIMITS = Limits()


@pytest.fixture
def iteration(fill: Callable[..., Project], trained: Callable[..., Iteration]) -> Iteration:
    """A trained iteration."""
    return trained(fill(rose=5, tulip=5))


def test_a_question_is_kept(store: Store, iteration: Iteration, picture: Callable[[int], bytes]) -> None:
    """Answer and picture are found again until they are forgotten, the file too."""
    kept = history.ask(store, iteration, picture(50), application="app", limits=LIMITS)
    assert [kept] == store.predictions.of_project(iteration.project_id, application="app")
    assert ["tulip", "rose"] == [each.tag for each in kept.predictions]
    assert picture(50) == history.picture(store, kept)
    history.forget(store, projects.find(store, "Flowers"), [kept.id])
    assert {} == store.predictions.some(iteration.project_id, [kept.id])
    assert not blobs.original_path(store.home, kept.sha256).exists()


def test_a_picture_of_the_project_stays(store: Store, iteration: Iteration, picture: Callable[[int], bytes]) -> None:
    """A picture that the project holds as well outlives its prediction, and the other way round."""
    kept = history.ask(store, iteration, picture(1), application="", limits=LIMITS)
    history.forget(store, projects.find(store, "Flowers"), [kept.id])
    assert blobs.original_path(store.home, kept.sha256).exists()


def test_old_questions_go(store: Store, iteration: Iteration, picture: Callable[[int], bytes]) -> None:
    """What is older than the limit goes with its picture."""
    kept = history.ask(store, iteration, picture(50), application="", limits=LIMITS)
    assert [] == store.predictions.remove_older(kept.created_at)
    assert [kept.sha256] == store.predictions.remove_older(datetime.now(UTC))


def test_what_is_refused_leaves_nothing(store: Store, iteration: Iteration) -> None:
    """Neither a file that is no picture nor an application of a thousand letters is kept."""
    with pytest.raises(ImageRefused):
        history.ask(store, iteration, b"no picture", application="", limits=LIMITS)
    with pytest.raises(InvalidInput, match="an application's name must have at most 128 letters"):
        history.ask(store, iteration, b"", application="x" * 129, limits=LIMITS)
    assert [] == store.predictions.of_project(iteration.project_id)


def test_an_iteration_takes_its_questions_along(
    store: Store, iteration: Iteration, picture: Callable[[int], bytes]
) -> None:
    """With an iteration go the predictions it made, and their pictures."""
    kept = history.ask(store, iteration, picture(50), application="", limits=LIMITS)
    training.delete(store, iteration)
    assert [] == store.predictions.of_project(iteration.project_id)
    assert not blobs.original_path(store.home, kept.sha256).exists()


def test_a_project_takes_its_questions_along(
    store: Store, iteration: Iteration, picture: Callable[[int], bytes]
) -> None:
    """With a project go the pictures that it was asked about."""
    kept = history.ask(store, iteration, picture(50), application="", limits=LIMITS)
    projects.delete(store, projects.find(store, "Flowers"))
    assert not blobs.original_path(store.home, kept.sha256).exists()
