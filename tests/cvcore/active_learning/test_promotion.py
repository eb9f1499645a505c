"""Kept predictions become training images, with the tags asked for and no others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cvcore import projects
from cvcore.active_learning import promotion
from cvcore.errors import NameRefused, TagsRefused
from cvcore.files import blobs
from cvcore.prediction import history
from cvcore.prediction.history import predict_and_keep
from cvcore.projects import tagging, uploads
from cvcore.records import MULTILABEL, Iteration, Project, StoredPrediction
from cvcore.settings import Limits
from cvcore.store import Store

LIMITS = Limits()
Picture = Callable[[int], bytes]


@pytest.fixture
def iteration(fill: Callable[..., Project], trained: Callable[..., Iteration]) -> Iteration:
    """A trained iteration of Flowers."""
    return trained(fill(rose=5, tulip=5))


@pytest.fixture
def project(store: Store, iteration: Iteration) -> Project:
    """Its project."""
    return projects.find(store, "Flowers")


@pytest.fixture
def kept(store: Store, iteration: Iteration, drawn_image: Picture) -> list[StoredPrediction]:
    """Three questions about new images."""
    return [
        predict_and_keep(store, iteration, drawn_image(50 + n), application="kiosk", limits=LIMITS) for n in range(3)
    ]


def counts(store: Store, project: Project) -> dict[str, int]:
    return {tag.name: tag.image_count for tag in store.tags.of_project(project.id)}


def test_pictures_join_with_their_tags(store: Store, project: Project, kept: list[StoredPrediction]) -> None:
    """Each gets its own tags, new ones are made, and what was added is no longer among the predictions."""
    fates = promotion.promote(store, project, {kept[0].id: ["rose"], kept[1].id: ["poppy"]}, limits=LIMITS).uploads
    assert ["stored", "stored"] == [fate.status for fate in fates]
    assert fates[0].name.startswith("kiosk ")
    assert {"poppy": 1, "rose": 6, "tulip": 5} == counts(store, project)
    assert [kept[2]] == store.predictions.of_project(project.id)
    assert blobs.thumbnail_path(store.home, kept[0].sha256).exists()
    assert "embed" in [job.kind for job in store.jobs.active()]


def test_all_questions_about_it_go(store: Store, project: Project, iteration: Iteration, drawn_image: Picture) -> None:
    """An image that was asked about twice leaves the predictions as a whole."""
    first, _ = (predict_and_keep(store, iteration, drawn_image(60), application="", limits=LIMITS) for _ in range(2))
    promotion.promote(store, project, {first.id: ["rose"]}, limits=LIMITS)
    assert 0 == store.predictions.count(project.id)


def test_what_is_gone_is_left_out(store: Store, project: Project, kept: list[StoredPrediction]) -> None:
    """What another window has deleted or added meanwhile is neither added nor does it make a tag."""
    history.delete(store, project, [kept[0].id])
    assert () == promotion.promote(store, project, {kept[0].id: ["poppy"]}, limits=LIMITS).uploads
    assert {"rose": 5, "tulip": 5} == counts(store, project)


def test_a_lost_file_is_told(store: Store, project: Project, kept: list[StoredPrediction]) -> None:
    """One whose file is missing stays where it is, with the reason, and the others are added."""
    blobs.delete(blobs.original_path(store.home, kept[0].sha256))
    fates = promotion.promote(store, project, {each.id: ["rose"] for each in kept}, limits=LIMITS).uploads
    assert ["refused", "stored", "stored"] == [fate.status for fate in fates]
    assert "missing from the home folder" in fates[0].reason
    assert [kept[0]] == store.predictions.of_project(project.id)


def test_what_is_there_already(
    store: Store, project: Project, iteration: Iteration, kept: list[StoredPrediction], drawn_image: Picture
) -> None:
    """An image that somebody uploaded meanwhile keeps its own tag, which is said."""
    rose = store.tags.of_project(project.id)[0]
    uploads.add(store, project, "mine.png", drawn_image(50), tag_ids=[rose.id], limits=LIMITS)
    (fate,) = promotion.promote(store, project, {kept[0].id: ["tulip"]}, limits=LIMITS).uploads
    assert "duplicate" == fate.status
    assert "its tags were not changed" in fate.reason
    assert {"rose": 6, "tulip": 5} == counts(store, project)


def test_refused_tags_change_nothing(store: Store, project: Project, kept: list[StoredPrediction]) -> None:
    """Two tags in Multiclass, or a name that cannot be a tag's: nothing is added and no tag is made."""
    with pytest.raises(TagsRefused):
        promotion.promote(store, project, {kept[0].id: ["rose", "poppy"]}, limits=LIMITS)
    with pytest.raises(NameRefused):
        promotion.promote(store, project, {kept[0].id: ["poppy"], kept[1].id: ["a|b"]}, limits=LIMITS)
    assert {"rose": 5, "tulip": 5} == counts(store, project)
    assert 3 == store.predictions.count(project.id)


def test_several_tags_in_multilabel(
    store: Store, fill: Callable[..., Project], trained: Callable[..., Iteration], drawn_image: Picture
) -> None:
    """An image takes several tags where the project allows it; a negative one stands alone."""
    project = fill("Garden", classification_type=MULTILABEL, rose=5, tulip=5)
    iteration = trained(project)
    one, other = (predict_and_keep(store, iteration, drawn_image(n), application="", limits=LIMITS) for n in (50, 51))
    promotion.promote(store, project, {one.id: ["rose", "tulip"]}, limits=LIMITS)
    assert {"rose": 6, "tulip": 6} == counts(store, project)
    tagging.create(store, project, "nothing", limits=LIMITS, kind="Negative")
    with pytest.raises(TagsRefused):
        promotion.promote(store, project, {other.id: ["rose", "nothing"]}, limits=LIMITS)


def test_all_of_it_is_undone(store: Store, project: Project, kept: list[StoredPrediction]) -> None:
    """The images leave the project, the predictions come back as they were, and a tag made for them goes."""
    images = store.images.count(project.id)
    added = promotion.promote(store, project, {kept[0].id: ["rose"], kept[1].id: ["poppy"]}, limits=LIMITS)
    assert "2 images back among the predictions." == added.undo()
    assert {"rose": 5, "tulip": 5} == counts(store, project)
    assert images == store.images.count(project.id)
    assert {each.id: each for each in kept} == store.predictions.with_ids(project.id, [each.id for each in kept])
    assert blobs.original_path(store.home, kept[0].sha256).exists()


def test_what_was_changed_meanwhile_stays(
    store: Store, project: Project, kept: list[StoredPrediction], drawn_image: Picture
) -> None:
    """An image that was tagged otherwise since stays in the project; one that was there before loses only the tag."""
    first = store.images.page(project.id, take=99)[-1]
    tagging.remove_tags(store, project, [first.id])
    iteration = store.iterations.trained(project.id)[0]
    known = predict_and_keep(store, iteration, drawn_image(1), application="", limits=LIMITS)
    added = promotion.promote(store, project, {kept[0].id: ["rose"], known.id: ["rose"]}, limits=LIMITS)
    assert ["stored", "duplicate"] == [each.status for each in added.uploads]
    image_id = added.uploads[0].image_id
    assert image_id is not None
    tagging.add_tags(store, project, [image_id], [tagging.find(store, project, "tulip").id])
    assert added.undo() == (
        "1 image back among the predictions. 1 image was changed or deleted meanwhile and stays as it is."
    )
    assert () == store.images.get(first.id).tag_ids
    assert {"rose": 4, "tulip": 6} == counts(store, project)
    assert known.id in store.predictions.with_ids(project.id, [known.id])
