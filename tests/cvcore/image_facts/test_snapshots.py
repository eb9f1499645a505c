"""What is known of an iteration's images is what the columns of these images say, read from the database or a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from cvcore import image_facts
from cvcore.files import blobs
from cvcore.image_facts import Column, snapshots
from cvcore.imaging import measures
from cvcore.projects import uploads
from cvcore.records import Iteration
from cvcore.settings import Limits
from cvcore.store import FileFacts, Store
from tests.conftest import DrawImage, Fill, Trained


@pytest.fixture
def iteration(store: Store, fill: Fill, trained: Trained) -> Iteration:
    """An iteration of images of which something is known: of each, of some, and of none."""
    project = fill(rose=8, tulip=8)
    images = store.images.tagged(project.id)
    ids = [image.id for image in images]
    store.metadata.put(ids[::2], {"room": "12", "size": "XL"})
    store.metadata.put(ids[1:4], {"room": "9", "empty": " "})
    store.image_facts.put(ids[:4], {"folder": "garden", "upload": "2026-05-31 10:00"})
    store.image_facts.put(ids[4:6], {"folder": "Balcony"})
    dark, other = (np.full(len(measures.NAMES), number, np.float32) for number in (0.1, 0.5))
    store.file_facts.put(measures.VERSION, {images[3].sha256: FileFacts("JPEG", "Pixel 7", "2026-05-31", dark)})
    store.file_facts.put(measures.VERSION, {images[5].sha256: FileFacts("PNG", "", "", other)})
    store.images.mark_for_testing(list({image.tag_ids: image.id for image in images}.values()), True)
    return trained(project, evaluation_method="test-set")


def told(columns: Mapping[str, Column]) -> list[Any]:
    return [(key, column.values, column.codes.tolist()) for key, column in columns.items()]


def of_images(store: Store, iteration: Iteration) -> list[Any]:
    return told(image_facts.columns(store, store.iterations.images(iteration.id)))


def ids_in(store: Store, iteration: Iteration) -> set[str]:
    return {image.image_id for image in store.iterations.images(iteration.id)}


def test_as_the_columns_of_its_images(store: Store, iteration: Iteration) -> None:
    """Keys, values, codes and their order are those of the images one by one, and so they are from the files."""
    expected = of_images(store, iteration)
    assert {"room", "metadata: size", "folder", "camera", "day", "brightness", "test image"} <= {
        key for key, _, _ in expected
    }
    assert expected == told(image_facts.of_iteration(store, iteration))
    folder = blobs.iteration_folder(store.home, iteration.id)
    assert not (folder / snapshots.FACTS_FILE).exists()
    for _ in range(2):
        assert expected == told(image_facts.of_iteration(store, iteration, kept_from=0))
        assert (folder / snapshots.FACTS_FILE).exists()


def test_a_change_is_found_at_once(store: Store, iteration: Iteration) -> None:
    """Edited metadata are read again, and only they; what is read of a file later is found, too."""
    image_facts.of_iteration(store, iteration, kept_from=0)
    facts = blobs.iteration_folder(store.home, iteration.id) / snapshots.FACTS_FILE
    written_at = facts.stat().st_mtime_ns
    images = store.iterations.images(iteration.id)
    store.metadata.put([images[-1].image_id], {"room": "attic"})
    assert "attic" in image_facts.of_iteration(store, iteration, kept_from=0)["room"].values
    assert written_at == facts.stat().st_mtime_ns
    read = FileFacts("WEBP", "", "", np.full(len(measures.NAMES), 0.9, np.float32))
    store.file_facts.put(measures.VERSION, {images[0].sha256: read})
    assert "WEBP" in image_facts.of_iteration(store, iteration, kept_from=0)["file type"].values
    assert of_images(store, iteration) == told(image_facts.of_iteration(store, iteration, kept_from=0))


def test_only_changes_of_trained_images_of_the_project_count(
    store: Store, iteration: Iteration, fill: Fill, trained: Trained, drawn_image: DrawImage
) -> None:
    """Images of another project and new ones leave the files as they are; a change of its own images is found."""
    folder = blobs.iteration_folder(store.home, iteration.id)

    def written_at() -> tuple[int, int]:
        image_facts.of_iteration(store, iteration, kept_from=0)
        metadata, facts = (
            (folder / name).stat().st_mtime_ns for name in (snapshots.METADATA_FILE, snapshots.FACTS_FILE)
        )
        return metadata, facts

    other = fill("Other", rose=8, tulip=8)
    before = written_at()
    trained(other)
    project = store.projects.get(iteration.project_id)
    uploads.add(store, project, "new.png", drawn_image(99), limits=Limits())
    new = {image_id for image_id, _, _ in store.images.workspace(project.id)} - ids_in(store, iteration)
    assert 1 == len(new)
    for ids in ([image.id for image in store.images.tagged(other.id)], list(new)):
        store.metadata.put(ids, {"room": "cellar"})
        store.metadata.remove(ids, "room")
        store.image_facts.put(ids, {"folder": "shed"})
    assert before == written_at()
    store.image_facts.put(sorted(ids_in(store, iteration))[:1], {"folder": "shed"})
    after_facts = written_at()
    assert (before[0], True) == (after_facts[0], before[1] < after_facts[1])
    store.metadata.remove(sorted(ids_in(store, iteration)), "room")
    after_metadata = written_at()
    assert (True, after_facts[1]) == (after_facts[0] < after_metadata[0], after_metadata[1])
    assert of_images(store, iteration) == told(image_facts.of_iteration(store, iteration, kept_from=0))


def test_a_damaged_file_is_made_again(store: Store, iteration: Iteration) -> None:
    """A file that is cut short is written anew."""
    expected = told(image_facts.of_iteration(store, iteration, kept_from=0))
    for name in (snapshots.METADATA_FILE, snapshots.FACTS_FILE):
        path = blobs.iteration_folder(store.home, iteration.id) / name
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        assert expected == told(image_facts.of_iteration(store, iteration, kept_from=0))
        assert whole == path.read_bytes()


def test_an_iteration_that_was_deleted(store: Store, iteration: Iteration) -> None:
    """Of its images nothing is known any more, and it gets no folder back."""
    gone = dataclasses.replace(iteration, id="gone")
    assert {} == image_facts.of_iteration(store, gone, kept_from=0)
    assert not blobs.iteration_folder(store.home, "gone").exists()
