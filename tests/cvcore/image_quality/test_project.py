"""Tests of what is said of a project's images."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from cvcore import projects
from cvcore.image_quality import TWO_TAGS, Group, quality, quality_json, sentence
from cvcore.projects import tagging, uploads
from cvcore.records import MULTICLASS, MULTILABEL, Project
from cvcore.settings import Limits
from cvcore.store import Store

LIMITS = Limits()


@pytest.fixture
def flowers(store: Store) -> Project:
    """An empty Multiclass project."""
    return store.projects.add("flowers", description="", classification_type=MULTICLASS, domain_id="general")


def photo(seed: int, light: float = 1.0) -> Image.Image:
    """Coloured squares with sharp edges."""
    squares = np.random.default_rng(seed).integers(0, 256, (8, 8, 3)) * light
    return Image.fromarray(squares.astype(np.uint8)).resize((160, 160), Image.Resampling.NEAREST)


def encoded(image: Image.Image, quality: int = 95) -> bytes:
    """The image as a JPEG file."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def upload(store: Store, project: Project, data: bytes, *tags: str) -> str:
    """The id of an uploaded image with these tags."""
    ids = [tag.id for tag in tagging.ensure(store, project, tags, limits=LIMITS)]
    added = uploads.add(store, project, "1.jpg", data, tag_ids=ids, limits=LIMITS)
    assert added.image_id
    return added.image_id


def test_one_dark_image_is_named(store: Store, flowers: Project) -> None:
    """Among good images the dark one is found, of all that were looked at."""
    for seed in range(9):
        upload(store, flowers, encoded(photo(seed)), "rose")
    dark = upload(store, flowers, encoded(photo(9, 0.1)), "rose")
    assert quality(store, flowers).groups == (Group("dark", (dark,), 10),)
    assert quality_json(quality(store, flowers), {dark: "9.jpg"}) == {
        "groups": [
            {
                "kind": "dark",
                "images": [{"id": dark, "name": "9.jpg"}],
                "is_common": False,
                "sentence": "1 of 10 images is very dark: better photos have more light.",
            }
        ],
        "looked_at": 10,
        "not_measured": 0,
    }


def test_a_set_that_is_dark_is_told_once(store: Store, flowers: Project) -> None:
    """Where many images are alike, as X-rays are, it is said that this may be meant so."""
    for seed in range(8):
        upload(store, flowers, encoded(photo(seed, 0.1)), "lung")
    (group,) = quality(store, flowers).groups
    assert (group.kind, group.is_common, len(group.image_ids)) == ("dark", True, 8)


def test_only_the_images_asked_for_are_told(store: Store, flowers: Project) -> None:
    """After an upload its own images count, and an id that is not in the project does not."""
    upload(store, flowers, encoded(photo(0, 0.1)), "rose")
    new = upload(store, flowers, encoded(photo(1)), "rose")
    assert quality(store, flowers, [new, "nowhere"]).groups == ()
    assert quality(store, flowers, [new, "nowhere"]).images == 1


def test_a_copy_with_another_tag_is_found(store: Store, flowers: Project) -> None:
    """An image saved again with another tag is found, also if only the copy was asked for; one with the same is not."""
    first = upload(store, flowers, encoded(photo(0)), "rose")
    second = upload(store, flowers, encoded(photo(0), 60), "tulip")
    upload(store, flowers, encoded(photo(1)), "rose")
    same = upload(store, flowers, encoded(photo(1), 60), "rose")
    (group,) = quality(store, flowers, [second]).groups
    assert (group.kind, set(group.image_ids), group.copies) == (TWO_TAGS, {first, second}, 1)
    assert quality(store, flowers, [same]).groups == ()


def test_a_copy_without_a_tag_is_still_to_be_tagged(store: Store, flowers: Project) -> None:
    """An image and its untagged copy do not contradict each other."""
    upload(store, flowers, encoded(photo(0)), "rose")
    upload(store, flowers, encoded(photo(0), 60))
    assert quality(store, flowers).groups == ()


def test_copies_of_a_multilabel_project_have_all_their_tags(store: Store) -> None:
    """With several tags an image, copies whose tags differ in one are found."""
    project = projects.create(store, "fruit", classification_type=MULTILABEL)
    upload(store, project, encoded(photo(0)), "apple", "pear")
    upload(store, project, encoded(photo(0), 60), "apple")
    assert [group.kind for group in quality(store, project).groups] == [TWO_TAGS]


def test_images_that_were_not_measured_are_counted(store: Store, flowers: Project) -> None:
    """What an older Tagwise stored is not measured yet, and said so."""
    image_id = upload(store, flowers, encoded(photo(0, 0.1)), "rose")
    store.file_facts.delete(store.images.get(image_id).sha256)
    found = quality(store, flowers)
    assert (found.groups, found.images, found.unmeasured) == ((), 1, 1)


def test_an_empty_project_has_nothing_to_tell(store: Store, flowers: Project) -> None:
    """Without images there is no group."""
    assert quality(store, flowers).groups == ()


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (
            Group(TWO_TAGS, ("a", "b"), 9, copies=1),
            "1 image is there more than once, with different tags: keep the right tag, and delete the copies.",
        ),
        (
            Group(TWO_TAGS, tuple("abcd"), 9, copies=2),
            "2 images are there more than once, with different tags: keep the right tag, and delete the copies.",
        ),
        (
            Group("blurred", ("a", "b"), 1200),
            "2 of 1,200 images are blurred: better photos are in focus, and the camera is held still.",
        ),
    ],
)
def test_sentences(group: Group, words: str) -> None:
    """Each group says how many of how many, and what to do."""
    assert sentence(group) == words
