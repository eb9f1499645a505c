"""Keys in the order of their bytes, in pages, folded at a delimiter: against a plain second implementation."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from cvcore import buckets
from cvcore.buckets import folders, listing, local
from cvcore.buckets.listing import Keys, Page
from cvcore.errors import BucketNotFound, InvalidInput
from cvcore.files import blobs
from cvcore.settings import Settings
from tests.cvcore.buckets.conftest import BUCKET

Put = Callable[..., None]


def pages(settings: Settings, prefix: str, delimiter: str, most: int) -> list[Page]:
    """Every page of a listing."""
    found = []
    after = ""
    while not found or found[-1].last:
        keys = Keys(settings.home, BUCKET, prefix, after)
        found.append(listing.page(keys, prefix=prefix, delimiter=delimiter, most=most))
        after = found[-1].last
    return found


def slowly(keys: set[str], prefix: str, delimiter: str) -> tuple[list[str], list[str]]:
    """Keys and prefixes as S3's manual defines them."""
    plain, prefixes = set(), set()
    for key in keys:
        if key.startswith(prefix):
            place = key.find(delimiter, len(prefix)) if delimiter else -1
            if place < 0:
                plain.add(key)
            else:
                prefixes.add(key[: place + len(delimiter)])
    return sorted(plain, key=str.encode), sorted(prefixes, key=str.encode)


KEYS = st.sets(st.text("ab/-0ä\U0001f600", min_size=1, max_size=7), max_size=12)


@given_settings(max_examples=40, deadline=None)
@given(KEYS, st.text("ab/", max_size=3), st.sampled_from(["", "/", "a", "//", "b/"]), st.integers(1, 4))
def test_pages_have_every_key_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, keys: set[str], prefix: str, delimiter: str, most: int
) -> None:
    """All pages together are what the manual defines, none is longer than asked for, and only the last is short."""
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    (settings.home / "buckets" / BUCKET).mkdir(parents=True)
    for key in keys:
        buckets.write(settings, BUCKET, key, b"", "")
    found = pages(settings, prefix, delimiter, most)
    expected = slowly(keys, prefix, delimiter)
    assert expected == (
        [key for page in found for key in page.keys],
        [each for page in found for each in page.prefixes],
    )
    assert all(len(page.keys) + len(page.prefixes) == most for page in found[:-1])


def test_files_copied_by_hand_are_listed(settings: Settings, folder: Path) -> None:
    """Everything in the folder is listed, but links, names that are no text, and what is being written."""
    for name in ("b/2.jpg", "a.jpg", ".hidden", "b/.x/y", ".tagwise-incoming/half"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (folder / "link").symlink_to(folder / "a.jpg")
    (folder / "dir").symlink_to(folder / "b")
    (folder / "empty" / "folder").mkdir(parents=True)
    Path(str(folder / "no-text-") + "\udcff").touch()
    assert list(Keys(settings.home, BUCKET)) == [".hidden", "a.jpg", "b/.x/y", "b/2.jpg"]


@pytest.mark.parametrize("prefix", ["../", "../photos/", "/", "b/../", "\0", "x" * 2000, "link/", "./"])
def test_a_hostile_prefix_finds_nothing(settings: Settings, folder: Path, prefix: str) -> None:
    """A prefix leads nowhere outside the bucket."""
    (folder / "b").mkdir()
    (folder / "b" / "1").touch()
    (folder / "link").symlink_to(folder.parent)
    assert list(Keys(settings.home, BUCKET, prefix)) == []


def test_a_page_of_no_keys_is_the_last(settings: Settings, put: Put) -> None:
    """Asked for nothing there is nothing more to ask for, as S3 has it."""
    put("a")
    assert listing.page(Keys(settings.home, BUCKET), most=0) == Page((), (), "")


def test_stored_images_are_listed(settings: Settings) -> None:
    """Each stored image is a key that reads it."""
    digest = blobs.sha256(b"jpeg")
    blobs.write(blobs.original_path(settings.home, digest), b"jpeg")
    assert list(Keys(settings.home, "tagwise-images")) == [f"{digest}/image"]
    assert list(Keys(settings.home, "tagwise-images", after=f"{digest}/image")) == []


def test_buckets_are_listed_made_and_deleted(settings: Settings, folder: Path) -> None:
    """Every folder with a bucket's name is one, and goes with it; the stored images' bucket is not listed."""
    (settings.home / "buckets" / "My Photos").mkdir()
    assert folders.create(settings.home, "second")
    assert not folders.create(settings.home, "second")
    assert not folders.create(settings.home, "tagwise-images")
    assert ["photos", "second"] == [bucket.name for bucket in folders.all_of(settings.home)]
    (folder / "empty" / "deep").mkdir(parents=True)
    assert folders.delete(settings.home, BUCKET)
    assert not folder.exists()
    with pytest.raises(InvalidInput, match="a bucket's name must be"):
        folders.create(settings.home, "Upper")
    with pytest.raises(BucketNotFound):
        folders.delete(settings.home, BUCKET)


def test_a_bucket_was_made_when_it_was_created(settings: Settings) -> None:
    """Objects that come later do not change that."""
    folders.create(settings.home, "second")
    made = folders.all_of(settings.home)[1].created_at
    os.utime(settings.home / "buckets" / "second", (1, 1))
    assert folders.all_of(settings.home)[1].created_at == made


def test_a_bucket_with_anything_in_it_is_not_deleted(settings: Settings, folder: Path, put: Put) -> None:
    """Objects keep their bucket, and so does a link that somebody made in the folder."""
    put("a/b")
    put("a//b")
    assert not folders.delete(settings.home, BUCKET)
    folders.create(settings.home, "links")
    (folder.parent / "links" / "link").symlink_to(folder)
    assert not folders.delete(settings.home, "links")
    assert (folder / "a" / "b").exists()


def test_a_new_bucket_does_not_have_the_old_ones_objects(settings: Settings, put: Put) -> None:
    """What lay beside a bucket is deleted with it."""
    put("a//b")
    local.delete(settings.home, BUCKET, "a//b")
    assert folders.delete(settings.home, BUCKET)
    assert not (settings.home / "buckets" / ".objects" / BUCKET).exists()
