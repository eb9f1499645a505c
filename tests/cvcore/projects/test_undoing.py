"""A change of very many images is made and undone in batches, wholly or not at all."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from cvcore.errors import TagsRefused
from cvcore.progress import Progress
from cvcore.projects import changes, tagging, trash
from cvcore.projects.undoing import Change
from cvcore.records import MULTICLASS, MULTILABEL, Image, Project
from cvcore.settings import Limits
from cvcore.store import FOR_TESTING, ImageSearch, Store
from tests.conftest import Fill


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvcore.projects.undoing.batches.BATCH", 2)


def images(store: Store, project: Project) -> list[Image]:
    return store.images.page(project.id, take=99)


@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
def test_every_change_is_undone_batch_by_batch(store: Store, fill: Fill, kind: str) -> None:
    """Tags, several old ones among them, test marks and the trash: the sentence counts all, and all comes back."""
    project = fill(classification_type=kind, rose=3, tulip=2)
    rose = store.tags.of_project(project.id)[0]
    before = images(store, project)
    ids = store.searches.ids(ImageSearch(project.id))
    acts: dict[str, tuple[Callable[[Progress], Change], str]] = {
        "5 images tagged lily, iris." if kind == MULTILABEL else "5 images tagged lily.": (
            lambda progress: changes.tag(
                store,
                project,
                ids,
                ["lily", "iris"] if kind == MULTILABEL else ["lily"],
                limits=Limits(),
                progress=progress,
            ),
            "Tags restored on 5 images.",
        ),
        "Tags removed from 3 images.": (
            lambda progress: changes.remove_tags(store, project, ids, [rose.id], progress=progress),
            "Tags restored on 3 images.",
        ),
        "5 images kept for testing.": (
            lambda progress: changes.mark_for_testing(store, project, ids, True, progress=progress),
            "5 images kept for training again.",
        ),
        "5 images deleted.": (
            lambda progress: trash.delete_images(store, project, ids, progress=progress),
            "5 images restored.",
        ),
    }
    for said, (act, undone) in acts.items():
        told: list[tuple[str, float]] = []
        change = act(lambda stage, fraction, told=told: told.append((stage, fraction)))  # type: ignore[misc]
        assert said == change.message
        assert [("0 of 5 images", 0.0), ("2 of 5 images", 0.4), ("4 of 5 images", 0.8)] == told
        assert before != images(store, project)
        assert change.undo_long is not None
        assert undone == change.undo_long(lambda stage, fraction: None)
        assert before == images(store, project)
    assert ["rose", "tulip"] == [tag.name for tag in store.tags.of_project(project.id)]


def test_a_refusal_in_a_later_batch_changes_nothing(store: Store, fill: Fill) -> None:
    """Batches before it are undone, and the tag that was made for it is gone."""
    project = fill(classification_type=MULTILABEL, nothing=1, rose=4)
    nothing = next(tag for tag in store.tags.of_project(project.id) if tag.name == "nothing")
    tagging.set_kind(store, project, nothing, "Negative")
    before = images(store, project)
    last = [image.id for image in before if nothing.id in image.tag_ids]
    ids = [image.id for image in before if image.id not in last] + last
    with pytest.raises(TagsRefused):
        changes.tag(store, project, ids, ["lily"], limits=Limits())
    assert before == images(store, project)
    assert ["nothing", "rose"] == [tag.name for tag in store.tags.of_project(project.id)]


def test_what_was_changed_meanwhile_is_counted_over_all_batches(store: Store, fill: Fill) -> None:
    """What somebody changed or deleted since stays as it is, and the sentence says of how many images."""
    project = fill(rose=5)
    ids = store.searches.ids(ImageSearch(project.id))
    change = changes.mark_for_testing(store, project, ids, True)
    store.images.mark_for_testing([ids[0]], False)
    trash.delete_images(store, project, [ids[4]])
    assert (
        "3 images kept for training again. 2 images were changed or deleted meanwhile and stay as they are."
        == change.undo()
    )
    assert 0 == store.images.count(project.id, FOR_TESTING)


def test_nothing_is_a_change_of_no_image(store: Store, project: Project) -> None:
    """Without images it says so, and undoing it does nothing."""
    change = partial(trash.delete_images, store, project)([])
    assert "0 images deleted." == change.message
    assert "0 images restored." == change.undo()
