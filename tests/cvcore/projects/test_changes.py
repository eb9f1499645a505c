"""What is done with one click is undone with another, as far as nobody has changed it since."""

from __future__ import annotations

import pytest

from cvcore import projects
from cvcore.errors import InvalidInput, NameTaken, NegativeTaken, NotFound, TagsRefused
from cvcore.projects import changes, retagging, tagging, trash
from cvcore.records import MULTICLASS, MULTILABEL, LabelIssue, Project
from cvcore.settings import Limits
from cvcore.store import Store
from tests.conftest import Fill

LIMITS = Limits()


def ids(store: Store, project: Project) -> list[str]:
    """The ids of the project's images, the oldest first."""
    return [image.id for image in store.images.page(project.id, take=99)][::-1]


def tag(store: Store, project: Project, name: str) -> str:
    """The id of a tag of that name, made where it is missing."""
    return tagging.ensure(store, project, [name], limits=LIMITS)[0].id


def carried(store: Store, image_ids: list[str]) -> list[list[str]]:
    """The names of each image's tags, in order."""
    return [[store.tags.get(tag_id).name for tag_id in image.tag_ids] for image in store.images.with_ids(image_ids)]


def test_all_tags_come_back(store: Store, fill: Fill) -> None:
    """Each image has the tags that it had, in their order; one that had none is not counted."""
    project = fill(classification_type=MULTILABEL, rose=2, tulip=1)
    images = ids(store, project)
    tagging.add_tags(store, project, images[:1], [tag(store, project, "red")])
    tagging.remove_tags(store, project, images[2:])
    change = changes.remove_tags(store, project, images)
    assert "Tags removed from 2 images." == change.message
    assert [[], [], []] == carried(store, images)
    assert "Tags restored on 2 images." == change.undo()
    assert [["rose", "red"], ["rose"], []] == carried(store, images)


def test_one_tag_comes_back(store: Store, fill: Fill) -> None:
    """Only the tag that was removed is put back."""
    project = fill(classification_type=MULTILABEL, rose=1)
    images, red = ids(store, project), tag(store, project, "red")
    tagging.add_tags(store, project, images, [red])
    change = changes.remove_tags(store, project, images, [red])
    assert [["rose"]] == carried(store, images)
    change.undo()
    assert [["rose", "red"]] == carried(store, images)


def test_the_tag_that_was_replaced_comes_back(store: Store, fill: Fill) -> None:
    """In Multiclass a new tag replaces the old one, until that is undone; a tag that was made for it goes again."""
    project = fill(rose=2, tulip=1)
    images = ids(store, project)
    change = changes.tag(store, project, images, ["lily"], limits=LIMITS)
    assert "3 images tagged lily." == change.message
    assert [["lily"]] * 3 == carried(store, images)
    assert "Tags restored on 3 images." == change.undo()
    assert [["rose"], ["rose"], ["tulip"]] == carried(store, images)
    assert ["rose", "tulip"] == [each.name for each in store.tags.of_project(project.id)]


def test_a_new_tag_that_is_used_stays(store: Store, fill: Fill) -> None:
    """Somebody else has given it to another image meanwhile."""
    project = fill(rose=2)
    images = ids(store, project)
    change = changes.tag(store, project, images[:1], ["lily"], limits=LIMITS)
    changes.tag(store, project, images[1:], ["lily"], limits=LIMITS)
    change.undo()
    assert [["rose"], ["lily"]] == carried(store, images)


def test_refused_tags_change_nothing(store: Store, fill: Fill) -> None:
    """No tag is made for images that cannot have it."""
    project = fill(rose=1)
    with pytest.raises(TagsRefused):
        changes.tag(store, project, ids(store, project), ["lily", "oak"], limits=LIMITS)
    assert ["rose"] == [each.name for each in store.tags.of_project(project.id)]


def test_what_was_changed_meanwhile_stays(store: Store, fill: Fill) -> None:
    """An image that another window has tagged otherwise or deleted is left as it is, and the message says so."""
    project = fill(rose=4)
    images = ids(store, project)
    change = changes.remove_tags(store, project, images)
    tagging.add_tags(store, project, images[:1], [tag(store, project, "oak")])
    trash.delete_images(store, project, images[1:2])
    assert (
        "Tags restored on 2 images. 2 images were changed or deleted meanwhile and stay as they are." == change.undo()
    )
    assert [["oak"], ["rose"], ["rose"]] == carried(store, [images[0], *images[2:]])


def test_an_old_tag_that_is_gone_takes_nothing(store: Store, fill: Fill) -> None:
    """Undoing never takes a tag off for one that was deleted meanwhile."""
    project = fill(rose=1, tulip=1)
    images = ids(store, project)
    change = changes.tag(store, project, images, ["lily"], limits=LIMITS)
    tagging.delete(store, tagging.find(store, project, "rose"))
    assert "Tags restored on 1 image. 1 image was changed or deleted meanwhile and stays as it is." == change.undo()
    assert [["lily"], ["tulip"]] == carried(store, images)


def test_undone_twice(store: Store, fill: Fill) -> None:
    """A second undoing finds everything changed, and leaves it."""
    project = fill(rose=1)
    images = ids(store, project)
    change = changes.remove_tags(store, project, images)
    change.undo()
    tagging.remove_tags(store, project, images)
    tagging.add_tags(store, project, images, [tag(store, project, "oak")])
    change.undo()
    assert [["oak"]] == carried(store, images)


def test_a_correction_is_undone(store: Store, fill: Fill) -> None:
    """A correction that was made already has its own words."""
    project = fill(rose=1)
    images = ids(store, project)
    made = retagging.retag(store, project, images, add=[tag(store, project, "tulip")])
    change = changes.of_retagging(store, project, made, "Corrected.")
    assert ("Corrected.", "Tags restored on 1 image.") == (change.message, change.undo())
    assert [["rose"]] == carried(store, images)


def test_a_tag_comes_back_as_it_was(store: Store, fill: Fill) -> None:
    """With its id, kind, date, description, images and dismissed label issues."""
    project = fill(classification_type=MULTILABEL, rose=3, tulip=1)
    rose, images = tagging.find(store, project, "rose"), ids(store, project)
    tagging.describe(store, rose, "with thorns")
    issue = LabelIssue(images[3], rose.id, False)
    store.dismissed_issues.dismiss([issue])
    before = store.tags.get(rose.id)
    change = changes.delete_tag(store, project, rose)
    assert "Tag rose deleted. Its 3 images stay." == change.message
    assert [[], [], [], ["tulip"]] == carried(store, images)
    assert "Tag rose is back, on 3 images." == change.undo()
    assert before == store.tags.get(rose.id)
    assert [["rose"], ["rose"], ["rose"], ["tulip"]] == carried(store, images)
    assert [issue] == store.dismissed_issues.of_tag(rose.id)


@pytest.mark.parametrize("classification_type", [MULTICLASS, MULTILABEL])
def test_two_tags_become_one(store: Store, fill: Fill, classification_type: str) -> None:
    """The images of a tag get the other in its place; undoing brings the tag back to them."""
    project = fill(classification_type=classification_type, rose=2, tulip=2, daisy=1)
    rose, tulip = (tagging.find(store, project, name) for name in ("rose", "tulip"))
    images = ids(store, project)
    change = changes.merge_tag(store, project, rose, tulip)
    assert "rose is one with tulip: 2 images moved." == change.message
    assert [["tulip"]] * 4 + [["daisy"]] == carried(store, images)
    assert ["daisy", "tulip"] == [each.name for each in store.tags.of_project(project.id)]
    assert "Tag rose is back, on 2 images." == change.undo()
    assert [["rose"], ["rose"], ["tulip"], ["tulip"], ["daisy"]] == carried(store, images)
    assert rose == store.tags.get(rose.id)


def test_an_image_with_both_tags_keeps_one(store: Store, fill: Fill) -> None:
    """In Multilabel an image that had both has the one tag, and both again after undoing."""
    project = fill(classification_type=MULTILABEL, rose=1, tulip=1)
    rose, tulip = (tagging.find(store, project, name) for name in ("rose", "tulip"))
    images = ids(store, project)
    tagging.add_tags(store, project, images[:1], [tulip.id])
    change = changes.merge_tag(store, project, rose, tulip)
    assert [["tulip"], ["tulip"]] == carried(store, images)
    change.undo()
    assert [["rose", "tulip"], ["tulip"]] == [sorted(each) for each in carried(store, images)]


def test_what_cannot_become_one(store: Store, fill: Fill) -> None:
    """A tag is not merged into itself, nor into a negative one where its images have other tags; nothing changes."""
    project = fill(classification_type=MULTILABEL, rose=1, tulip=1)
    rose, tulip = (tagging.find(store, project, name) for name in ("rose", "tulip"))
    images = ids(store, project)
    with pytest.raises(InvalidInput) as refusal:
        changes.merge_tag(store, project, rose, rose)
    assert "a tag must be merged into another tag, got 'rose' twice: choose another" == str(refusal.value)
    nothing = tagging.create(store, project, "nothing", limits=LIMITS, kind="Negative")
    tagging.add_tags(store, project, images[:1], [tulip.id])
    with pytest.raises(TagsRefused):
        changes.merge_tag(store, project, rose, nothing)
    assert [["rose", "tulip"], ["tulip"]] == [sorted(each) for each in carried(store, images)]


def test_a_name_that_was_taken_meanwhile(store: Store, fill: Fill) -> None:
    """The message says what to do; once that is done, the tag comes back."""
    project = fill(rose=1)
    change = changes.delete_tag(store, project, tagging.find(store, project, "rose"))
    other = tagging.create(store, project, "rose", limits=LIMITS)
    with pytest.raises(NameTaken) as refusal:
        change.undo()
    assert str(refusal.value) == (
        "the tag's name must be unique, 'rose' is taken meanwhile: rename that tag, then undo"
    )
    tagging.rename(store, other, "dog rose", limits=LIMITS)
    change.undo()
    assert [["rose"]] == carried(store, ids(store, project))


def test_a_negative_tag_that_was_replaced_meanwhile(store: Store, fill: Fill) -> None:
    """There is one negative tag at most: the deleted one does not come back beside it."""
    project = fill(classification_type=MULTILABEL, rose=1)
    nothing = tagging.create(store, project, "nothing", limits=LIMITS, kind="Negative")
    change = changes.delete_tag(store, project, nothing)
    tagging.create(store, project, "none", limits=LIMITS, kind="Negative")
    with pytest.raises(NegativeTaken):
        change.undo()
    assert ["none", "rose"] == [each.name for each in store.tags.of_project(project.id)]


def test_test_marks(store: Store, fill: Fill) -> None:
    """Only images whose mark was changed are changed back, and only if it still is as it was set."""
    project = fill(rose=3)
    images = ids(store, project)
    tagging.mark_for_testing(store, project, images[:1], True)
    change = changes.mark_for_testing(store, project, images, True)
    assert "2 images kept for testing." == change.message
    tagging.mark_for_testing(store, project, images[2:], False)
    assert (
        "1 image kept for training again. 1 image was changed or deleted meanwhile and stays as it is." == change.undo()
    )
    assert [True, False, False] == [image.is_test for image in store.images.with_ids(images)]


def test_a_project_that_is_gone(store: Store, fill: Fill) -> None:
    """Nothing comes back into a project that was deleted meanwhile, and it is said."""
    project = fill(rose=1)
    images = ids(store, project)
    undoings = [
        changes.remove_tags(store, project, images).undo,
        changes.delete_tag(store, project, tagging.find(store, project, "rose")).undo,
        trash.delete_images(store, project, images).undo,
    ]
    projects.delete(store, project)
    for undo in undoings:
        with pytest.raises(NotFound):
            undo()
