"""The nearest images: as an exact search finds them, of the workspace only, whatever came and went."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cvcore import projects, similar_images
from cvcore.array_types import Float32s
from cvcore.errors import ImageRefused
from cvcore.files import blobs
from cvcore.networks import backbones
from cvcore.projects import trash, uploads
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.similar_images import index, reduction, search
from cvcore.store import Store
from tests.conftest import DrawImage
from tests.cvcore.conftest import AtOnce

FINGERPRINT = backbones.built_in().fingerprint


@pytest.fixture
def project(store: Store) -> Project:
    """An empty project, its images compared by the built-in network."""
    return projects.create(store, "Many", domain="Built-in")


def drawn(rows: int, seed: int = 0) -> Float32s:
    """Embeddings in some directions, as networks give them."""
    random = np.random.default_rng(seed)
    directions = np.random.default_rng(99).standard_normal((30, 64))
    vectors = random.standard_normal((rows, 30)) @ directions + 0.5 * random.standard_normal((rows, 64))
    return vectors.astype(np.float32)


def add(store: Store, project: Project, vectors: Float32s, start: int = 0) -> list[str]:
    """Images with those embeddings, named by their number; their ids."""
    digests = [blobs.sha256(str(start + number).encode()) for number in range(len(vectors))]
    store.embeddings.put(FINGERPRINT, dict(zip(digests, vectors, strict=True)))
    return add_rows(store, project, digests)


def add_rows(store: Store, project: Project, digests: list[str]) -> list[str]:
    """Images with those contents, without files."""
    with store.transaction():
        return [
            store.images.add(project.id, each, name="a.png", width=9, height=9, size_bytes=9, signature=bytes(192))[0]
            for each in digests
        ]


def found(store: Store, project: Project, vector: Float32s, count: int = 5) -> list[str]:
    return [each.image_id for each in similar_images.nearest(store, project, vector, count)]


def exact(vectors: Float32s, ids: list[str], vector: Float32s, count: int = 5) -> list[str]:
    """The same from the definition: all cosines, sorted."""
    cosines = [float(each @ vector / np.linalg.norm(each) / np.linalg.norm(vector)) for each in vectors]
    return [ids[place] for place in sorted(range(len(ids)), key=lambda place: -cosines[place])[:count]]


def test_nearest_by_hand(store: Store, project: Project) -> None:
    """The same direction is 1, a right angle 0, the opposite -1, whatever the lengths."""
    ids = add(store, project, np.array([[0, 2, 0], [5, 0, 0], [-1, 0, 0], [1, 1, 0]], np.float32))
    nearest = similar_images.nearest(store, project, np.array([3, 0, 0], np.float32), 4)
    assert [ids[1], ids[3], ids[0], ids[2]] == [each.image_id for each in nearest]
    assert [1, 0.7071, 0, -1] == pytest.approx([each.similarity for each in nearest], abs=1e-4)


def test_they_are_those_of_an_exact_search(store: Store, project: Project) -> None:
    """Of 50 at least 48 are the true ones, for images of the project and for new ones."""
    vectors = drawn(3000)
    ids = add(store, project, vectors)
    for vector in (*vectors[:5], *drawn(5, seed=7)):
        true = exact(vectors, ids, vector, 50)
        assert len(set(true) & set(found(store, project, vector, 50))) >= 48


def test_an_image_can_be_left_out(store: Store, project: Project) -> None:
    """The image that was asked for is not its own neighbour."""
    vectors = drawn(10)
    ids = add(store, project, vectors)
    nearest = similar_images.nearest(store, project, vectors[3], 20, without=blobs.sha256(b"3"))
    assert set(ids) - {ids[3]} == {each.image_id for each in nearest}


def test_nothing_to_compare(store: Store, project: Project) -> None:
    """A project without images, or whose images have no embedding yet, has no nearest images."""
    assert [] == found(store, project, drawn(1)[0])
    add_rows(store, project, [blobs.sha256(b"new")])
    assert [] == found(store, project, drawn(1)[0])


def test_images_that_come_later(store: Store, project: Project) -> None:
    """An image is found as soon as it has an embedding, one at a time or many at once."""
    vectors = drawn(40)
    ids = add(store, project, vectors[:20])
    for number in range(20, 34):
        ids += add(store, project, vectors[number : number + 1], number)
        assert ids[number] == found(store, project, vectors[number])[0]
    ids += add_rows(store, project, [blobs.sha256(str(number).encode()) for number in range(34, 40)])
    assert ids[35] not in found(store, project, vectors[35], 40)
    store.embeddings.put(FINGERPRINT, {blobs.sha256(str(each).encode()): vectors[each] for each in range(34, 40)})
    assert exact(vectors, ids, vectors[35]) == found(store, project, vectors[35])


def test_many_come_late(store: Store, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """More images without an embedding than are looked for at every question are found, too, when theirs arrive."""
    monkeypatch.setattr(search, "_MISSING_FEW", 3)
    vectors = drawn(20)
    add(store, project, vectors[:5])
    digests = [blobs.sha256(str(number).encode()) for number in range(5, 20)]
    later = add_rows(store, project, digests)
    assert not set(later) & set(found(store, project, vectors[7], 20))
    store.embeddings.put(FINGERPRINT, dict(zip(digests, vectors[5:], strict=True)))
    assert later[2] == found(store, project, vectors[7])[0]


def test_deleted_images_are_never_found(store: Store, project: Project) -> None:
    """Neither in the trash nor deleted for good, and those brought back are found again."""
    vectors = drawn(300)
    ids = add(store, project, vectors)
    assert ids[0] == found(store, project, vectors[0])[0]
    change = trash.delete_images(store, project, ids[:250])
    uploads.delete(store, ids[250:260])
    assert set(found(store, project, vectors[0], 300)) == set(ids[260:])
    change.undo()
    assert ids[0] == found(store, project, vectors[0])[0]


def test_a_worn_index_is_made_anew(store: Store, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once many of its images are gone, the files no longer hold them."""
    monkeypatch.setattr(search, "_STALE_MOST", 5)
    vectors = drawn(40)
    ids = add(store, project, vectors)
    found(store, project, vectors[0])
    uploads.delete(store, ids[:20])
    assert exact(vectors[20:], ids[20:], vectors[0]) == found(store, project, vectors[0])
    kept = index.read(folder(store, project))
    assert kept is not None
    assert 20 == len(kept.digests)


def test_other_projects_images_are_not_found(store: Store, project: Project) -> None:
    """Two projects with the same contents have each their own images."""
    other = projects.create(store, "Other", domain="Built-in")
    vectors = drawn(6)
    ids, others = add(store, project, vectors), add(store, other, vectors[:3])
    assert set(others) == set(found(store, other, vectors[0], 10))
    assert set(ids) == set(found(store, project, vectors[0], 10))


def folder(store: Store, project: Project) -> Path:
    """Where the index is."""
    return next(blobs.similar_folder(store.home, project.id).iterdir())


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 nothing"])
def test_a_damaged_file_is_made_anew(store: Store, project: Project, damage: bytes) -> None:
    """The index can be lost: it is made from the embeddings again."""
    vectors = drawn(8)
    ids = add(store, project, vectors)
    found(store, project, vectors[0])
    next(folder(store, project).glob("*.npz")).write_bytes(damage)
    search._opened.cache_clear()  # as after a restart
    assert ids[2] == found(store, project, vectors[2])[0]


def test_a_killed_process_leaves_what_is_read_once(store: Store, project: Project) -> None:
    """Where it died between writing joined rows and deleting the old ones, no image is found twice."""
    vectors = drawn(9)
    ids = add(store, project, vectors[:5])
    found(store, project, vectors[0])
    ids += add(store, project, vectors[5:], 5)
    found(store, project, vectors[0])
    first, second = index.names(folder(store, project))
    (folder(store, project) / "0001-0002.npz").write_bytes((folder(store, project) / second).read_bytes())
    assert ("0001-0000.npz", "0001-0001.npz", "0001-0002.npz") == index.names(folder(store, project))
    assert sorted(ids) == sorted(found(store, project, vectors[0], 50))
    assert "0001-0000.npz" == first


def test_files_do_not_pile_up(store: Store, project: Project) -> None:
    """However often images come, the later ones are joined in few files."""
    vectors = drawn(60)
    ids = add(store, project, vectors[:40])
    for number in range(40, 60):
        found(store, project, vectors[0])
        ids += add(store, project, vectors[number : number + 1], number)
    assert exact(vectors, ids, vectors[59]) == found(store, project, vectors[59])
    assert len(index.names(folder(store, project))) <= index.FILES_MOST + 1


def test_processes_at_once(store: Store, project: Project, at_once: AtOnce) -> None:
    """Two processes that make the index at the same time find the same images."""
    vectors = drawn(200)
    ids = add(store, project, vectors)
    script = """
        from cvcore import similar_images
        store = Store(home)
        project = store.projects.all()[0]
        vector = store.embeddings.get(FINGERPRINT, [DIGEST])[DIGEST]
        print(*[each.image_id for each in similar_images.nearest(store, project, vector, 5)])
    """.replace("FINGERPRINT", repr(FINGERPRINT)).replace("DIGEST", repr(blobs.sha256(b"4")))
    expected = " ".join(exact(vectors, ids, vectors[4]))
    assert [expected, expected] == at_once(script, store.home, processes=2)


def test_a_deleted_project_leaves_no_index(store: Store, project: Project) -> None:
    """With the project goes what was computed from its images."""
    add(store, project, drawn(3))
    found(store, project, drawn(1)[0])
    projects.delete(store, project)
    assert not blobs.similar_folder(store.home, project.id).exists()


def test_the_embedding_of_an_image_is_computed_when_it_is_needed(
    store: Store, project: Project, drawn_image: DrawImage, limits: Limits
) -> None:
    """For bytes, or an image whose embedding is not stored, it is the same; a stored one is taken."""
    upload = uploads.add(store, project, "a.png", drawn_image(1), limits=limits)
    digest = store.images.get(upload.image_id or "").sha256
    by_bytes = similar_images.embedding_of(store, project, drawn_image(1), limits=limits)
    assert np.array_equal(by_bytes, similar_images.embedding_of(store, project, digest, limits=limits))
    store.embeddings.put(FINGERPRINT, {digest: by_bytes + 1})
    assert np.array_equal(by_bytes + 1, similar_images.embedding_of(store, project, digest, limits=limits))


def test_what_is_no_image_is_refused(store: Store, project: Project, limits: Limits) -> None:
    """Bytes that are no image have no embedding."""
    with pytest.raises(ImageRefused):
        similar_images.embedding_of(store, project, b"text", limits=limits)


def test_the_network_is_the_projects(store: Store, project: Project, fill: Callable[..., Project]) -> None:
    """It is that of the domain, and the built-in one as long as that is not prepared."""
    assert FINGERPRINT == similar_images.network(store, project).fingerprint
    general = projects.create(store, "General", domain="General")
    assert FINGERPRINT == similar_images.network(store, general).fingerprint


def test_reduction_is_small(store: Store, project: Project) -> None:
    """An image takes 160 bytes in the index, not thousands."""
    add(store, project, np.random.default_rng(0).standard_normal((500, 1280)).astype(np.float32))
    found(store, project, np.ones(1280, np.float32))
    kept = index.read(folder(store, project))
    assert kept is not None
    assert reduction.DIMENSIONS == kept.vectors[0][0].nbytes
