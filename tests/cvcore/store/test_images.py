"""Rows of images: in the workspace, held by iterations, or gone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cvcore.errors import NotFound
from cvcore.records import MULTILABEL, Image, Project
from cvcore.store import FOR_TESTING, UNTAGGED, Store
from cvcore.store.database import CHUNK

AddRows = Callable[[Project, int], list[str]]


def add(store: Store, project: Project, sha256: str, name: str = "1.png") -> tuple[str, bool]:
    return store.images.add(project.id, sha256, name=name, width=4, height=3, size_bytes=9, signature=bytes(192))


def hold(store: Store, project: Project, *image_ids: str) -> str:
    """The id of a new iteration that holds these images."""
    return store.iterations.add(project, "digest", [], store.images.with_ids(image_ids)).id


def ids(images: list[Image]) -> list[str]:
    return [image.id for image in images]


def test_an_image_is_kept_as_given(store: Store, project: Project) -> None:
    """A new image's row says what it was given, untagged and of now."""
    image_id, is_new = add(store, project, "a" * 64, "rose.png")
    found = store.images.get(image_id)
    assert is_new
    assert found == Image(image_id, project.id, "a" * 64, "rose.png", 4, 3, 9, found.created_at, ())
    assert store.images.with_ids([image_id]) == store.images.page(project.id, take=1) == [found]


def test_the_same_content_is_one_image_of_a_project(store: Store, project: Project) -> None:
    """The same content again gives the image that is there, unchanged; another project has its own."""
    first, _ = add(store, project, "a" * 64, "first.png")
    assert add(store, project, "a" * 64, "second.png") == (first, False)
    assert store.images.get(first).name == "first.png"
    other = store.projects.add("trees", description="", classification_type=MULTILABEL, domain_id="general")
    second, is_new = add(store, other, "a" * 64)
    assert is_new
    assert second != first


def test_what_is_known_of_files_comes_at_once(store: Store, project: Project) -> None:
    """Size, bytes and signature of many images are read together; unknown ids are left out."""
    image_id, _ = add(store, project, "a" * 64)
    assert list(store.images.files([image_id, "nowhere"])) == [(image_id, "a" * 64, 4, 3, 9, bytes(192))]


def test_an_unknown_image_is_not_found(store: Store) -> None:
    """Asking for an id that is not there says so; of several the unknown ones are left out."""
    with pytest.raises(NotFound) as refusal:
        store.images.get("nowhere")
    assert str(refusal.value) == "there is no image 'nowhere': it may have been deleted"
    assert store.images.with_ids(["nowhere"]) == []


def test_some_come_in_the_order_asked_for(store: Store, project: Project, add_rows: AddRows) -> None:
    """However many are asked for, more than one statement can bind too, they come in that order."""
    images = add_rows(project, 3)
    asked = [images[2], *(f"unknown {number}" for number in range(2 * CHUNK)), images[0]]
    assert ids(store.images.with_ids(asked)) == [images[2], images[0]]


def test_which_are_present(store: Store, project: Project, add_rows: AddRows) -> None:
    """An image that only an iteration holds is not in the workspace, and neither is one that never was."""
    images = add_rows(project, 3)
    hold(store, project, *images)
    store.images.remove(images[:1])
    assert store.images.present([*images, "unknown"]) == set(images[1:])
    assert store.images.present([]) == set()


def test_pages_are_newest_first_and_leave_none_out(store: Store, project: Project, add_rows: AddRows) -> None:
    """Leafing through gives every image once, the newest first, and nothing after the last."""
    images = add_rows(project, 5)
    pages = [ids(store.images.page(project.id, take=2, skip=skip)) for skip in (0, 2, 4, 6)]
    assert pages == [images[:2:-1], images[2:0:-1], images[:1], []]


def test_pages_are_filtered_by_tag(store: Store, project: Project, add_rows: AddRows) -> None:
    """A tag's images, the untagged ones, and all: each page and its count agree."""
    images = add_rows(project, 4)
    rose, red = (store.tags.add(project.id, name).id for name in ("rose", "red"))
    store.tags.attach(images[:2], [rose])
    store.tags.attach(images[1:3], [red])
    expected = {None: images, rose: images[:2], red: images[1:3], UNTAGGED: images[3:], "unknown": []}
    for tag_id, chosen in expected.items():
        assert ids(store.images.page(project.id, tag_id=tag_id, take=9)) == chosen[::-1]
        assert store.images.count(project.id, tag_id) == len(chosen)
    assert ids(store.images.with_many_tags(project.id)) == [images[1]]


def test_tagged_images_come_by_content(store: Store, project: Project) -> None:
    """Those that carry a tag come in the order of their SHA-256, whatever order they were uploaded in."""
    images = {digit: add(store, project, digit * 64)[0] for digit in "cab"}
    tag = store.tags.add(project.id, "rose")
    store.tags.attach([images["c"], images["a"]], [tag.id])
    assert ids(store.images.tagged(project.id)) == [images["a"], images["c"]]
    assert store.images.digests(project.id) == ["c" * 64, "a" * 64, "b" * 64]


def test_removing_forgets_what_nobody_holds(store: Store, project: Project, add_rows: AddRows) -> None:
    """An image in no iteration is gone with its tags, and its content is told; removing it again tells nothing."""
    images = add_rows(project, 2)
    tag = store.tags.add(project.id, "rose")
    store.tags.attach(images, [tag.id])
    assert store.images.remove(images[:1]) == [f"{0:064x}"]
    assert store.images.remove(images[:1]) == []
    assert ids(store.images.page(project.id, take=9)) == images[1:]
    assert store.tags.get(tag.id).image_count == 1
    assert not store.images.is_known(f"{0:064x}")
    with pytest.raises(NotFound):
        store.images.get(images[0])


def test_removing_keeps_what_an_iteration_holds(store: Store, project: Project, add_rows: AddRows) -> None:
    """An image of an iteration leaves the workspace, untagged, and stays known and readable."""
    (image,) = add_rows(project, 1)
    tag = store.tags.add(project.id, "rose")
    store.tags.attach([image], [tag.id])
    hold(store, project, image)
    assert store.images.remove([image]) == []
    assert store.images.count(project.id) == 0
    assert store.images.digests(project.id) == store.images.tagged(project.id) == []
    assert store.tags.get(tag.id).image_count == 0
    assert store.images.get(image).tag_ids == ()
    assert store.images.is_known(f"{0:064x}")


def test_a_held_image_comes_back(store: Store, project: Project) -> None:
    """Uploaded again, an image that an iteration held is the newest, with its new name and without its old tags."""
    image, _ = add(store, project, "a" * 64, "old.png")
    other, _ = add(store, project, "b" * 64)
    tag = store.tags.add(project.id, "rose")
    store.tags.attach([image], [tag.id])
    hold(store, project, image)
    store.images.remove([image])
    assert add(store, project, "a" * 64, "new.png") == (image, True)
    assert ids(store.images.page(project.id, take=9)) == [image, other]
    assert (store.images.get(image).name, store.images.get(image).tag_ids) == ("new.png", ())


def test_removing_many_is_one_act(store: Store, project: Project, add_rows: AddRows) -> None:
    """However many are removed, all that nobody holds are told."""
    images = add_rows(project, 3)
    asked = [images[0], *(f"unknown {number}" for number in range(CHUNK)), images[2]]
    assert store.images.remove(asked) == [f"{0:064x}", f"{2:064x}"]
    assert store.images.count(project.id) == 1


def test_a_content_is_known_while_any_project_holds_it(store: Store, project: Project) -> None:
    """A SHA-256 is known as long as one project's workspace or iteration has it."""
    other = store.projects.add("trees", description="", classification_type=MULTILABEL, domain_id="general")
    first, second = add(store, project, "a" * 64)[0], add(store, other, "a" * 64)[0]
    store.images.remove([first])
    assert store.images.is_known("a" * 64)
    store.images.remove([second])
    assert not store.images.is_known("a" * 64)


def test_images_are_kept_for_testing(store: Store, project: Project, add_rows: AddRows) -> None:
    """They say so, are found by it, and go back to training."""
    first, second, _ = add_rows(project, 3)
    store.images.mark_for_testing([first, second], True)
    store.images.mark_for_testing([first], True)
    assert [second, first] == ids(store.images.page(project.id, tag_id=FOR_TESTING, take=9))
    assert 2 == store.images.count(project.id, FOR_TESTING)
    store.images.mark_for_testing([first], False)
    assert [False, True] == [image.is_test for image in store.images.with_ids([first, second])]


def test_a_snapshot_keeps_what_was_for_testing(store: Store, project: Project, add_rows: AddRows) -> None:
    """What is marked afterwards is of the next training; and an image deleted is for testing no longer."""
    first, second = add_rows(project, 2)
    store.images.mark_for_testing([first], True)
    iteration_id = hold(store, project, first, second)
    store.images.mark_for_testing([second], True)
    store.images.remove([first])
    store.images.mark_for_testing([first], True)
    assert [True, False] == [image.is_test for image in store.iterations.images(iteration_id)]
    assert [False, True] == [image.is_test for image in store.images.with_ids([first, second])]


def test_a_copied_workspace_keeps_its_test_set(store: Store, project: Project, add_rows: AddRows) -> None:
    """A project's copy holds the same images for testing, under ids of their own."""
    first, _ = add_rows(project, 2)
    store.images.mark_for_testing([first], True)
    copy = store.projects.add("copy", description="", classification_type=MULTILABEL, domain_id="general")
    store.whole_projects.add(copy, store.whole_projects.read(project), store.whole_projects.measured(project.id))
    assert ["0.png"] == [image.name for image in store.images.page(copy.id, tag_id=FOR_TESTING, take=9)]
