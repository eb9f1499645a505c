"""A correction changes the images that are still there, all or none, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cvcore import projects
from cvcore.errors import InvalidInput, NotFound, TagsRefused
from cvcore.projects import retagging, tagging, uploads
from cvcore.records import MULTILABEL, Project
from cvcore.settings import Limits
from cvcore.store import Store

LIMITS = Limits()

Fill = Callable[..., Project]


def ids(store: Store, project: Project) -> list[str]:
    """The ids of the project's images, the oldest first."""
    return [image.id for image in store.images.page(project.id, take=99)][::-1]


def tag(store: Store, project: Project, name: str, kind: str = "Regular") -> str:
    """The id of a tag of that name, made where it is missing."""
    known = {each.name: each.id for each in store.tags.of_project(project.id)}
    return known.get(name) or tagging.create(store, project, name, limits=LIMITS, kind=kind).id


def carried(store: Store, image_ids: list[str]) -> list[set[str]]:
    """The names of each image's tags."""
    return [{store.tags.get(tag_id).name for tag_id in image.tag_ids} for image in store.images.with_ids(image_ids)]


def test_in_multiclass_a_tag_takes_the_place_of_the_other(store: Store, fill: Fill) -> None:
    """Those that carry it already are told apart from those that are changed."""
    project = fill(rose=2, tulip=1)
    images, tulip = ids(store, project), tag(store, project, "tulip")
    made = retagging.retag(store, project, images, add=[tulip])
    assert [{"tulip"}] * 3 == carried(store, images)
    assert images[:2] == [change.image_id for change in made.changes]
    assert (images[2:], ()) == (list(made.unchanged), made.gone)


def test_in_multilabel_tags_come_and_go(store: Store, fill: Fill) -> None:
    """One goes on, another comes off, and the rest stays."""
    project = fill(classification_type=MULTILABEL, rose=1, tulip=1)
    images = ids(store, project)
    rose, tulip, red = (tag(store, project, name) for name in ("rose", "tulip", "red"))
    tagging.add_tags(store, project, images, [red])
    retagging.retag(store, project, images, add=[tulip], remove=[rose])
    assert [{"red", "tulip"}, {"red", "tulip"}] == carried(store, images)
    retagging.retag(store, project, images[:1], remove=[red, tulip])
    assert [set(), {"red", "tulip"}] == carried(store, images)


def test_a_negative_tag_makes_way(store: Store, fill: Fill) -> None:
    """An image of nothing that shows a rose after all is no image of nothing any longer, and the other way round."""
    project = fill(classification_type=MULTILABEL, rose=1)
    images = ids(store, project)
    rose, nothing = tag(store, project, "rose"), tag(store, project, "nothing", "Negative")
    retagging.retag(store, project, images, add=[nothing])
    assert [{"nothing"}] == carried(store, images)
    retagging.retag(store, project, images, add=[rose])
    assert [{"rose"}] == carried(store, images)


def test_pictures_that_left_the_workspace_are_told(store: Store, fill: Fill) -> None:
    """One that is gone, one of another project and one that never was do not hold up the others."""
    project, other = fill(rose=2, tulip=1), projects.create(store, "Other")
    images, tulip = ids(store, project), tag(store, project, "tulip")
    uploads.delete(store, images[:1])
    made = retagging.retag(store, project, [*images, "unknown"], add=[tulip])
    assert (images[0], "unknown") == made.gone
    assert [images[1]] == [change.image_id for change in made.changes]
    assert tuple(images) == retagging.retag(store, other, images, add=[]).gone


def test_undo_gives_back_what_was_there(store: Store, fill: Fill) -> None:
    """Each image gets its own tags back, but for those that someone has tagged otherwise or deleted since."""
    project = fill(rose=2, tulip=2)
    images = ids(store, project)
    made = retagging.retag(store, project, images, add=[tag(store, project, "lily")])
    tagging.add_tags(store, project, images[:1], [tag(store, project, "oak")])
    uploads.delete(store, images[3:])
    back = retagging.undo(store, project, made)
    assert [{"oak"}, {"rose"}, {"tulip"}] == carried(store, images[:3])
    assert (images[:1], images[3:]) == (list(back.unchanged), list(back.gone))
    assert images[1:3] == [change.image_id for change in back.changes]


def test_undo_gives_back_several_and_none(store: Store, fill: Fill) -> None:
    """Images that had two tags, or none, have them again."""
    project = fill(classification_type=MULTILABEL, rose=2)
    images, red = ids(store, project), tag(store, project, "red")
    tagging.add_tags(store, project, images[:1], [red])
    tagging.remove_tags(store, project, images[1:])
    made = retagging.retag(store, project, images, add=[tag(store, project, "lily")], remove=[red])
    assert [{"rose", "lily"}, {"lily"}] == carried(store, images)
    retagging.undo(store, project, made)
    assert [{"rose", "red"}, set()] == carried(store, images)


def test_a_tag_that_is_gone_changes_nothing(store: Store, fill: Fill) -> None:
    """All or none: not one image loses its tag for another that cannot be put on."""
    project = fill(rose=2, tulip=1)
    images = ids(store, project)
    with pytest.raises(InvalidInput, match="an image's tags must belong to its project"):
        retagging.retag(store, project, images, add=["deleted"])
    with pytest.raises(TagsRefused, match="must have one tag"):
        retagging.retag(store, project, images, add=[tag(store, project, "rose"), tag(store, project, "tulip")])
    assert [{"rose"}, {"rose"}, {"tulip"}] == carried(store, images)


def test_a_project_that_is_gone(store: Store, fill: Fill) -> None:
    """Someone has deleted it in another tab."""
    project = fill(rose=1)
    images = ids(store, project)
    projects.delete(store, project)
    with pytest.raises(NotFound):
        retagging.retag(store, project, images, add=[])
