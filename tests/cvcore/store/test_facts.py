"""What is known of images and of their files comes back as it was stored."""

from __future__ import annotations

import numpy as np

from cvcore.projects import registry, uploads
from cvcore.store import FileFacts, Store
from cvcore.store.database import CHUNK

FACTS = FileFacts("JPEG", "Pixel 7", "2026-05-31", np.array([0.25, np.nan], np.float32))


def test_facts_of_a_file_come_back(store: Store) -> None:
    """Texts and measures are kept exactly, by content; what is put later replaces them."""
    store.file_facts.put(1, {"a" * 64: FACTS})
    found = store.file_facts.get(1, ["b" * 64, "a" * 64])
    assert ["a" * 64] == list(found)
    assert ("JPEG", "Pixel 7", "2026-05-31") == (found["a" * 64].file_type, found["a" * 64].camera, found["a" * 64].day)
    np.testing.assert_array_equal(FACTS.numbers, found["a" * 64].numbers)
    store.file_facts.put(1, {"a" * 64: FileFacts("PNG", "", "", FACTS.numbers)})
    assert "PNG" == store.file_facts.get(1, ["a" * 64])["a" * 64].file_type


def test_another_version_does_not_count(store: Store) -> None:
    """Measures of another version are missing; the missing come in the order given, however many."""
    store.file_facts.put(1, {"a" * 64: FACTS})
    assert {} == store.file_facts.get(2, ["a" * 64])
    digests = ["a" * 64, *(f"{number:064x}" for number in range(CHUNK + 2))]
    assert digests == store.file_facts.missing(2, digests)
    assert digests[1:] == store.file_facts.missing(1, digests)


def test_facts_go_with_the_file(store: Store) -> None:
    """When no project has a content any more, what was read of it is deleted."""
    store.file_facts.put(1, {"a" * 64: FACTS})
    uploads.forget(store, ["a" * 64])
    assert {} == store.file_facts.get(1, ["a" * 64])


def test_where_images_came_from(store: Store) -> None:
    """Keys are set one by one; they are not among the metadata, and go with the image."""
    project = registry.create(store, "flowers")
    image_id, _ = store.images.add(
        project.id, "a" * 64, name="a.jpg", width=1, height=1, size_bytes=1, signature=bytes(192)
    )
    store.image_facts.put([image_id], {"folder": "garden"})
    store.image_facts.put([image_id], {"upload": "2026-05-31 10:00"})
    assert {image_id: {"folder": "garden", "upload": "2026-05-31 10:00"}} == store.image_facts.of_images([image_id])
    assert {} == store.metadata.of_images([image_id])
    store.images.remove([image_id])
    assert {} == store.image_facts.of_images([image_id])
