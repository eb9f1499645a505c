"""The sample project comes whole or not at all, and is made in one step of the database."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from cvcore import languages, projects, training
from cvcore.files import blobs
from cvcore.projects import samples
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training.readiness import readiness

LIMITS = Limits()


def test_a_sample_is_never_seen_half_made(store: Store) -> None:
    """Whoever looks while it is made sees no project; as soon as there is one, a training has all 120 images."""
    seen: list[int] = []

    def look(_: int) -> None:
        seen.append(len(store.projects.all()))

    project = samples.make_sample(store, limits=LIMITS, on_image=look)
    assert [0] * samples.IMAGES == seen
    assert samples.IMAGES == len(readiness(store, project).images)
    iteration = training.start(store, project).iteration_id
    assert samples.IMAGES == len(store.iterations.images(iteration or ""))


def test_a_sample_that_cannot_be_stored_leaves_nothing(on_small_disk: Callable[[str, str], list[str]]) -> None:
    """On a disk that is too small there is neither a project nor an image's file."""
    told = on_small_disk(
        "size=2m",
        """
from cvcore.projects import samples
from cvcore.settings import Limits
from cvcore.store import Store

store = Store(disk / "home")
with refusals():
    samples.make_sample(store, limits=Limits())
print(store.projects.all(), [path for path in (disk / "home" / "originals").rglob("*") if path.is_file()])
""",
    )
    assert told == [
        "StorageFull the disk that holds the home folder is full: free some space on it and try again",
        "[] []",
    ]


def test_drawing_ahead_draws_once(store: Store) -> None:
    """What was drawn ahead is what the sample has: two samples have the same files."""
    samples.draw_ahead()
    for thread in threading.enumerate():
        if thread.name == "sample":
            thread.join()
    first, second = (samples.make_sample(store, limits=LIMITS) for _ in range(2))
    assert sorted(store.images.digests(first.id)) == sorted(store.images.digests(second.id))
    projects.delete(store, first)
    assert all(blobs.original_path(store.home, digest).exists() for digest in store.images.digests(second.id))


def test_a_sample_is_called_as_its_maker_speaks(store: Store) -> None:
    """Its name, description and tags are of their language; files keep their names."""
    with languages.using("de"):
        project = samples.make_sample(store, limits=LIMITS)
    assert project.name == "Beispiel: drei Schulen der Malerei"
    assert project.description.startswith("Gezeichnete Bilder")
    tags = {tag.name: tag.image_count for tag in store.tags.of_project(project.id)}
    assert {"Farbfeld": 40, "Farbtropfen": 40, "Raster in Grundfarben": 40} == tags
    assert "primary-grid-40.jpg" in {image.name for image in store.images.page(project.id, take=3)}


@pytest.mark.parametrize("code", languages.LANGUAGES)
def test_tags_have_one_order(code: str) -> None:
    """A training splits images by the order of tags: in every language it gives the numbers that lessons print."""
    with languages.using(code):
        assert sorted(samples.PLAIN.tags) == sorted(samples.PLAIN.tags, key=languages.t)
    assert set(samples.WITH_TRAP.tags) < set(samples.PLAIN.tags)
