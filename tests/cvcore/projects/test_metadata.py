"""Metadata of many images change at once, within limits, and every change can be undone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cvcore.errors import Conflict, InvalidInput, NotFound
from cvcore.projects import metadata
from cvcore.records import Project
from cvcore.store import Store

AddRows = Callable[[Project, int], list[str]]


def rooms(store: Store, ids: list[str]) -> list[str | None]:
    known = store.metadata.of_images(ids)
    return [known.get(image_id, {}).get("room") for image_id in ids]


def test_a_key_is_set_and_undone(store: Store, project: Project, add_rows: AddRows) -> None:
    """All images get the value; undoing gives each its own back, or none."""
    ids = add_rows(project, 3)
    store.metadata.put(ids[:1], {"room": "1", "day": "Monday"})
    store.metadata.put(ids[1:2], {"room": "12"})
    change = metadata.put(store, project, ids, " room ", "12\x00 ")
    assert ("room set to 12 on 2 images.", ["12"] * 3) == (change.message, rooms(store, ids))
    assert "room restored on 2 images." == change.undo()
    assert ["1", "12", None] == rooms(store, ids)
    assert "Monday" == store.metadata.of_images(ids)[ids[0]]["day"]


def test_a_key_is_removed_and_undone(store: Store, project: Project, add_rows: AddRows) -> None:
    """The key is gone from all images, and back with the values they had."""
    ids = add_rows(project, 3)
    store.metadata.put(ids[:1], {"room": "1"})
    store.metadata.put(ids[1:2], {"room": "2"})
    change = metadata.remove(store, project, ids, "room")
    assert ("room removed from 2 images.", [None] * 3) == (change.message, rooms(store, ids))
    change.undo()
    assert ["1", "2", None] == rooms(store, ids)


def test_what_others_changed_stays(store: Store, project: Project, add_rows: AddRows) -> None:
    """Undoing leaves images alone that were changed or deleted since, and says so."""
    ids = add_rows(project, 3)
    change = metadata.put(store, project, ids, "room", "1")
    store.metadata.put(ids[:1], {"room": "2"})
    store.images.remove(ids[1:2])
    assert "room restored on 1 image. 2 images were changed or deleted meanwhile and stay as they are." == change.undo()
    assert ["2", None, None] == rooms(store, ids)


def test_only_images_of_the_project(store: Store, project: Project, add_rows: AddRows) -> None:
    """Images of other projects and images that are gone are not changed; a project that is gone is told."""
    other = store.projects.add("other", description="", classification_type="Multilabel", domain_id="general")
    ids = [*add_rows(project, 1), *add_rows(other, 1), "gone"]
    assert "room set to 1 on 1 image." == metadata.put(store, project, ids, "room", "1").message
    assert ["1", None, None] == rooms(store, ids)
    store.projects.delete(other.id)
    with pytest.raises(NotFound):
        metadata.put(store, other, ids, "room", "1")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (" \x00", "1", "a key must have 1 to 256 letters, got 0: choose another"),
        ("x" * 257, "1", "a key must have 1 to 256 letters, got 257: choose another"),
        ("room", " ", "a value must have 1 to 512 letters, got 0: type one, or remove the key"),
        ("room", "x" * 513, "a value must have 1 to 512 letters, got 513: shorten it"),
    ],
)
def test_limits_of_keys_and_values(
    store: Store, project: Project, add_rows: AddRows, key: str, value: str, message: str
) -> None:
    """Keys and values have the limits of Custom Vision's API."""
    with pytest.raises(InvalidInput) as refusal:
        metadata.put(store, project, add_rows(project, 1), key, value)
    assert message == str(refusal.value)


def test_an_image_has_so_many_keys_at_most(store: Store, project: Project, add_rows: AddRows) -> None:
    """The fifty-first key is refused for all images if one has fifty; a known key can still be changed."""
    ids = add_rows(project, 2)
    store.metadata.put(ids[:1], {f"key {number}": "x" for number in range(50)})
    with pytest.raises(Conflict) as refusal:
        metadata.put(store, project, ids, "room", "1")
    assert "an image can have at most 50 keys, 1 image would have more: remove some" == str(refusal.value)
    assert [None, None] == rooms(store, ids)
    metadata.put(store, project, ids, "key 7", "y")
    assert {"y"} == {texts["key 7"] for texts in store.metadata.of_images(ids).values()}
