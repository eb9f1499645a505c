"""What is known of images comes as columns: users' metadata, where images came from, what was read of their files."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cvcore import image_facts
from cvcore.image_facts.column import of_texts
from cvcore.imaging import measures
from cvcore.records import Image, Project
from cvcore.store import FileFacts, SnapshotImage, Store

AddRows = Callable[[Project, int], list[str]]


def texts(store: Store, images: list[Image]) -> dict[str, list[str | None]]:
    """Each column's text of each image, None where it has none."""
    return {
        key: [column.values[code] if code >= 0 else None for code in column.codes]
        for key, column in image_facts.columns(store, images).items()
    }


def numbers(**named: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array([named.get(name, 0.5) for name in measures.NAMES], np.float32)


def workspace(store: Store, project: Project) -> list[Image]:
    """The images of the workspace, the oldest first."""
    return store.images.page(project.id, take=100)[::-1]


def test_everything_known_is_a_column(store: Store, project: Project, add_rows: AddRows) -> None:
    """Users' keys come first, by name, then facts; images of which a thing is not known have none of its texts."""
    ids = add_rows(project, 3)
    store.metadata.put(ids[:2], {"room": "12"})
    store.metadata.put(ids[1:2], {"day of week": "Monday"})
    store.image_facts.put(ids[1:], {"folder": "garden", "upload": "2026-05-31 10:00"})
    dark = FileFacts("JPEG", "Pixel 7", "2026-05-31", numbers(brightness=0.1, edge_1=0.4, edge_4=0.5))
    store.file_facts.put(measures.VERSION, {f"{0:064x}": dark})
    store.images.mark_for_testing(ids[2:], True)
    assert {
        "day of week": [None, "Monday", None],
        "room": ["12", "12", None],
        "folder": [None, "garden", "garden"],
        "upload": [None, "2026-05-31 10:00", "2026-05-31 10:00"],
        "camera": ["Pixel 7", None, None],
        "day": ["2026-05-31", None, None],
        "file type": ["JPEG", None, None],
        "size": ["tiny (under 64 px)"] * 3,
        "shape": ["wide (from 2:1)"] * 3,
        "brightness": ["dark (under 33 %)", None, None],
        "sharpness": ["sharp (from 70 %)", None, None],
        "test image": ["no", "no", "yes"],
    } == texts(store, workspace(store, project))


def test_a_users_key_hides_no_fact(store: Store, project: Project, add_rows: AddRows) -> None:
    """A key with the name of a fact, or that begins as such a key is called, is beside it and can be told back."""
    ids = add_rows(project, 1)
    store.metadata.put(ids, {"size": "XL", "metadata: size": "S", "Size": "M"})
    found = texts(store, workspace(store, project))
    assert (["XL"], ["S"], ["M"], ["tiny (under 64 px)"]) == (
        found["metadata: size"],
        found["metadata: metadata: size"],
        found["Size"],
        found["size"],
    )
    for key in ("size", "metadata: size", "Size"):
        assert key == image_facts.users_key(image_facts.shown_key(key))


def test_a_snapshot_has_the_current_metadata(store: Store, project: Project, add_rows: AddRows) -> None:
    """Images of a snapshot come in its order, with today's metadata, also those that left the workspace."""
    ids = add_rows(project, 2)
    iteration = store.iterations.add(project, "s", [], store.images.with_ids(ids))
    snapshot = store.iterations.images(iteration.id)[::-1]
    assert "room" not in image_facts.columns(store, snapshot)
    store.images.remove(ids[:1])
    store.metadata.put(ids[:1], {"room": "12"})
    column = image_facts.columns(store, snapshot)["room"]
    assert (("12",), [-1, 0]) == (column.values, column.codes.tolist())


def test_every_change_is_seen(store: Store, project: Project, add_rows: AddRows) -> None:
    """What was read is kept only until a value, a fact, a measure or a size changes, also by another process."""
    ids = add_rows(project, 100)
    other = Store(store.home)
    images = workspace(store, project)
    assert image_facts.columns(store, images) is image_facts.columns(store, workspace(store, project))
    for value in ("1", "2"):
        other.metadata.put(ids[:1], {"room": value})
        assert value == texts(store, images)["room"][0]
    other.metadata.remove(ids, "room")
    assert "room" not in texts(store, images)
    other.image_facts.put(ids, {"folder": "a"})
    assert "a" == texts(store, images)["folder"][0]
    other.images.measure(images[0].sha256, width=500, height=500, signature=bytes(192))
    assert "medium (224 to 1,023 px)" == texts(store, images)["size"][0]
    other.file_facts.put(measures.VERSION, {images[0].sha256: FileFacts("PNG", "", "", numbers())})
    assert "PNG" == texts(store, images)["file type"][0]
    store.images.mark_for_testing(ids[:1], True)
    assert "yes" == texts(store, workspace(store, project))["test image"][0]


def test_an_edit_reads_the_metadata_alone(store: Store, project: Project, add_rows: AddRows) -> None:
    """What Tagwise itself knows of the images stays in memory while users edit their keys."""
    ids = add_rows(project, 100)
    store.image_facts.put(ids, {"folder": "a"})
    images = workspace(store, project)
    before = image_facts.columns(store, images)
    store.metadata.put(ids[:1], {"room": "1"})
    after = image_facts.columns(store, images)
    assert ("room" in after, before["folder"]) == (True, after["folder"])
    store.image_facts.put(ids[:1], {"folder": "b"})
    assert ("a", "b") == image_facts.columns(store, images)["folder"].values


def test_only_so_many_keys(store: Store, project: Project, add_rows: AddRows) -> None:
    """Of thousands of keys those that most images have are columns, so that memory has a bound."""
    ids = add_rows(project, 2)
    store.metadata.put(ids[:1], {f"key {number}": "x" for number in range(image_facts.METADATA_MOST + 5)})
    store.metadata.put(ids, {"z": "x"})
    users = [key for key in texts(store, workspace(store, project)) if key not in image_facts.FACTS]
    assert (image_facts.METADATA_MOST, "z") == (len(users), users[-1])


def test_blank_values_are_none(store: Store, project: Project, add_rows: AddRows) -> None:
    """A value of spaces alone is no value; without images there are no columns."""
    ids = add_rows(project, 1)
    store.metadata.put(ids, {"room": " ", "floor": ""})
    assert {"size", "shape"} == set(texts(store, workspace(store, project)))
    assert {} == image_facts.columns(store, list[SnapshotImage]())


def test_numbers_are_ordered_as_numbers() -> None:
    """Values with digits come as people count them, whatever stands around."""
    values = of_texts("k", {text: [0] for text in ["10", "9", "1.5", "room 12", "room 3", "b", "B", "é"]}, 1).values
    assert ("1.5", "9", "10", "B", "b", "room 3", "room 12", "é") == values


def test_columns_do_not_depend_on_the_order(store: Store, project: Project, add_rows: AddRows) -> None:
    """Images in another order have the same texts in that order."""
    ids = add_rows(project, 9)
    for place, image_id in enumerate(ids):
        store.metadata.put([image_id], {"room": str(place % 4)})
    images = workspace(store, project)
    order = np.random.default_rng(0).permutation(9)
    straight, mixed = (image_facts.columns(store, each)["room"] for each in (images, [images[i] for i in order]))
    assert straight.values == mixed.values
    np.testing.assert_array_equal(straight.codes[order], mixed.codes)
