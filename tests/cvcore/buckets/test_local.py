"""Objects of buckets in the home folder: plain files where their keys can be paths, and never outside the bucket."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from cvcore import buckets
from cvcore.buckets import folders, local, records
from cvcore.buckets.records import Attributes
from cvcore.errors import BucketNotFound, InvalidInput, ObjectNotFound
from cvcore.files import blobs
from cvcore.settings import Settings
from tests.cvcore.buckets.conftest import BUCKET

Put = Callable[..., None]


def files(folder: Path) -> list[str]:
    """The paths of all files and links in a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def test_an_object_is_a_plain_file(settings: Settings, folder: Path, put: Put) -> None:
    """What is written at a key lies at that path in the bucket's folder, and nothing else does."""
    put("cats/1.jpg", b"cat")
    assert (folder / "cats" / "1.jpg").read_bytes() == b"cat"
    assert names(folder) == ["cats"]


def test_a_copied_folder_is_a_bucket(settings: Settings) -> None:
    """Files that somebody copied into the home folder are objects, with an ETag and a type."""
    path = settings.home / "buckets" / "copied" / "deep" / "a.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"jpeg")
    found = local.get(settings.home, "copied", "deep/a.jpg")
    assert (found.record.etag, found.content_type) == (md5(b"jpeg"), "image/jpeg")
    assert buckets.read(settings, "copied", "deep/a.jpg") == b"jpeg"


def test_what_was_deleted_by_hand_is_gone(settings: Settings, folder: Path, put: Put) -> None:
    """A file's record does not outlive the file."""
    put("a.jpg")
    (folder / "a.jpg").unlink()
    with pytest.raises(ObjectNotFound, match=r"the bucket 'photos' has no object 'a.jpg'"):
        buckets.read(settings, BUCKET, "a.jpg")


def test_a_file_changed_by_hand_gets_a_new_etag(
    settings: Settings, folder: Path, put: Put, etag: Callable[[str], str]
) -> None:
    """ETag and size are those of the bytes that are there now."""
    put("a.jpg", b"old")
    assert etag("a.jpg") == md5(b"old")
    (folder / "a.jpg").write_bytes(b"new one")
    assert etag("a.jpg") == md5(b"new one")
    assert local.get(settings.home, BUCKET, "a.jpg").record.size_bytes == 7


def test_a_file_from_a_backup_keeps_its_record(settings: Settings, folder: Path) -> None:
    """The same bytes with another time of change keep metadata and the ETag of an upload in parts."""
    with local.new(settings.home, BUCKET) as incoming:
        incoming.write(b"bytes")
        incoming.finish()
        local.store(settings.home, BUCKET, "a", incoming, Attributes(metadata={"by": "me"}), etag="ab-2")
    os.utime(folder / "a", (1, 1))
    record = local.get(settings.home, BUCKET, "a").record
    assert (record.etag, record.attributes.metadata, record.modified_ns) == ("ab-2", {"by": "me"}, 10**9)


def test_a_damaged_record_is_made_again(settings: Settings, put: Put, etag: Callable[[str], str]) -> None:
    """A record that cannot be read does not hide its object."""
    put("a", b"a")
    for path in (settings.home / "buckets" / ".objects").rglob("*.json"):
        path.write_text("{")
    assert etag("a") == md5(b"a")


HOSTILE = [
    "../escaped",
    "../../escaped",
    "a/../../escaped",
    "/etc/escaped",
    "//",
    "a//b",
    "a/",
    ".",
    "..",
    "a/./b",
    "nul\0byte",
    "x" * 300,
    "x/" * 500,
    ".tagwise-incoming/x",
    "back\\slash",
    "line\nbreak",
    "\u202egnp",
    "ä" * 200,
]


@pytest.mark.parametrize("key", HOSTILE)
def test_a_hostile_key_is_a_key_like_any_other(settings: Settings, put: Put, key: str) -> None:
    """It is written, read and deleted, and no file appears outside the bucket and what is kept beside it."""
    put(key, b"bytes")
    assert buckets.read(settings, BUCKET, key) == b"bytes"
    assert {path.split("/")[0] for path in files(settings.home.parent)} == {"home"}
    assert names(settings.home) == ["buckets"]
    assert names(settings.home / "buckets") == [".objects", BUCKET]
    local.delete(settings.home, BUCKET, key)
    assert files(settings.home) == []


@given_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.dictionaries(st.text("aAbB./\\\0-ä", min_size=1, max_size=6), st.binary(max_size=4), max_size=8))
def test_keys_do_not_meet(tmp_path_factory: pytest.TempPathFactory, objects: dict[str, bytes]) -> None:
    """Whatever keys a bucket has, each keeps its own bytes, and when all are deleted the folder is empty."""
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    (settings.home / "buckets" / BUCKET).mkdir(parents=True)
    for key, data in objects.items():
        buckets.write(settings, BUCKET, key, data, "")
    assert {key: buckets.read(settings, BUCKET, key) for key in objects} == objects
    for key in objects:
        local.delete(settings.home, BUCKET, key)
        assert local.find(settings.home, BUCKET, key) is None
    assert names(settings.home / "buckets" / BUCKET) == []
    assert files(settings.home) == []


@pytest.mark.parametrize("keys", [("a", "a/b"), ("a/b", "a"), ("a", "a/b/c/d")])
def test_a_file_and_a_folder_of_one_name(settings: Settings, put: Put, keys: tuple[str, str]) -> None:
    """A key can be another's beginning: both are there, whichever came first."""
    for key in keys:
        put(key)
    assert [buckets.read(settings, BUCKET, key) for key in keys] == [key.encode() for key in keys]


def test_an_object_that_lay_aside_is_replaced_by_a_plain_file(settings: Settings, folder: Path, put: Put) -> None:
    """When the path is free again the next write takes it, and the older bytes are not found any more."""
    put("a")
    put("a/b", b"aside")
    local.delete(settings.home, BUCKET, "a")
    put("a/b", b"plain")
    assert (folder / "a" / "b").read_bytes() == b"plain"
    local.delete(settings.home, BUCKET, "a/b")
    assert local.find(settings.home, BUCKET, "a/b") is None


@pytest.mark.parametrize("key", ["link", "dir/secret"])
def test_links_are_not_followed(settings: Settings, folder: Path, put: Put, key: str) -> None:
    """A link in a bucket's folder leads nowhere; a write replaces it or lies aside, and its target stays."""
    outside = settings.home / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (folder / "link").symlink_to(outside / "secret")
    (folder / "dir").symlink_to(outside)
    with pytest.raises(ObjectNotFound):
        buckets.read(settings, BUCKET, key)
    put(key, b"mine")
    assert buckets.read(settings, BUCKET, key) == b"mine"
    local.delete(settings.home, BUCKET, key)
    assert files(outside) == ["secret"]
    assert (outside / "secret").read_bytes() == b"secret"


def test_empty_folders_go_with_their_last_object(settings: Settings, folder: Path, put: Put) -> None:
    """Folders are not objects: none is left when the last object below it was deleted."""
    put("a/b/c.jpg")
    put("a/d.jpg")
    local.delete(settings.home, BUCKET, "a/b/c.jpg")
    assert files(folder) == ["a/d.jpg"]
    assert not (folder / "a" / "b").exists()


def test_many_write_and_delete_at_once(settings: Settings, folder: Path, put: Put) -> None:
    """Writers beside others that delete in the same folder always succeed, and leave one object's bytes whole."""
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(15):
                put("deep/er/same", bytes([number]) * 1000)
                put(f"deep/er/{number}", b"own")
                local.delete(settings.home, BUCKET, f"deep/er/{number}")
                if turn % 5 == 0:
                    local.delete(settings.home, BUCKET, "deep/er/same")
        except BaseException as error:  # told by the main thread
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    data = buckets.read(settings, BUCKET, "deep/er/same")
    assert data == data[:1] * 1000
    assert files(folder) == ["deep/er/same"]


def test_an_upload_that_fails_leaves_nothing(settings: Settings, folder: Path) -> None:
    """A block that ends in an error leaves neither object nor temporary file."""

    def fail() -> None:
        with local.new(settings.home, BUCKET) as incoming:
            incoming.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert names(folder) == []


def test_what_a_killed_process_left_is_deleted_a_day_later(settings: Settings, folder: Path) -> None:
    """Temporary files of yesterday go with the next upload; those of today stay."""
    for name, age in (("old", 2 * 86_400), ("young", 3600)):
        path = folder / ".tagwise-incoming" / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    with local.new(settings.home, BUCKET):
        pass
    assert files(folder) == [".tagwise-incoming/young"]


def test_a_check_can_forbid_a_write(settings: Settings, put: Put, etag: Callable[[str], str]) -> None:
    """What `check` raises keeps the object that is there, which it is given."""
    put("a", b"first")

    def check(found: records.Object | None) -> None:
        raise InvalidInput(found.record.etag if found else "none")

    with local.new(settings.home, BUCKET) as incoming:
        incoming.finish()
        with pytest.raises(InvalidInput, match=md5(b"first")):
            local.store(settings.home, BUCKET, "a", incoming, Attributes(), check=check)
    assert buckets.read(settings, BUCKET, "a") == b"first"


def test_a_bucket_that_is_deleted_meanwhile(settings: Settings) -> None:
    """An upload to it fails, and does not bring it back."""
    with local.new(settings.home, BUCKET) as incoming:
        incoming.finish()
        assert folders.delete(settings.home, BUCKET)
        with pytest.raises(BucketNotFound):
            local.store(settings.home, BUCKET, "a/b", incoming, Attributes())
    assert names(settings.home / "buckets") == []


def test_an_object_that_is_too_large_is_refused(settings: Settings, put: Put) -> None:
    """A limit on the bytes to read is told with the object's address."""
    put("a", b"12345")
    assert buckets.read(settings, BUCKET, "a", limit_bytes=5) == b"12345"
    with pytest.raises(InvalidInput, match=r"s3://photos/a must have at most 4 bytes, it has more"):
        buckets.read(settings, BUCKET, "a", limit_bytes=4)


def test_a_bucket_that_is_not_there(settings: Settings) -> None:
    """Reading from it and writing to it tell that it must be created."""
    for act in (
        lambda: buckets.read(settings, "other", "a"),
        lambda: buckets.write(settings, "other", "a", b"", ""),
    ):
        with pytest.raises(BucketNotFound, match="there is no bucket 'other': create it first"):
            act()


def test_stored_images_are_objects(settings: Settings) -> None:
    """An image's address reads the bytes as they were uploaded, and the type comes from its name."""
    digest = blobs.sha256(b"jpeg")
    blobs.write(blobs.original_path(settings.home, digest), b"jpeg")
    assert buckets.read(settings, *buckets.parse(buckets.image_address(digest, "cat.jpg"))) == b"jpeg"


@pytest.mark.parametrize("key", ["0" * 64 + "/a", "0" * 64, "../x", f"{'0' * 62}..//a", "A" * 64 + "/a"])
def test_an_image_that_is_not_stored(settings: Settings, key: str) -> None:
    """The bucket of images has only stored images."""
    with pytest.raises(ObjectNotFound, match="the bucket tagwise-images has the stored images at SHA256/NAME"):
        buckets.read(settings, "tagwise-images", key)


def test_the_bucket_of_images_is_read_only(settings: Settings) -> None:
    """Nothing is written beside the stored images."""
    with pytest.raises(InvalidInput, match="the bucket tagwise-images has the stored images, and is read only"):
        buckets.write(settings, "tagwise-images", "a", b"", "")


def test_a_full_disk_is_told_and_nothing_half_written_stays(on_small_disk: Callable[[str, str], list[str]]) -> None:
    """An object that does not fit is refused, and the objects that are there stay as they are."""
    script = """
from cvcore import buckets
from cvcore.settings import Settings
settings = Settings(home=disk)
(disk / "buckets" / "photos").mkdir(parents=True)
buckets.write(settings, "photos", "a", b"first", "")
for size_bytes in (10_000_000, 70_000):
    with refusals():
        buckets.write(settings, "photos", "a", bytes(size_bytes), "")
print(buckets.read(settings, "photos", "a"), [path.name for path in (disk / "buckets" / "photos").iterdir()])
"""
    told = on_small_disk("size=64k", script)
    assert told[-1] == "b'first' ['a']"
    assert len(told) == 3
    assert all("the disk that holds the home folder is full" in line for line in told[:-1])
