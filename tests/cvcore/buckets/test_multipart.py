"""Uploads in parts become one object, or nothing."""

from __future__ import annotations

import hashlib
import os

import pytest

from cvcore import buckets
from cvcore.buckets import checksums, local, multipart
from cvcore.buckets.multipart import Part, Upload
from cvcore.buckets.records import Attributes
from cvcore.errors import UploadNotFound
from cvcore.settings import Settings
from tests.cvcore.buckets.conftest import BUCKET


def begin(settings: Settings, algorithm: str = "", *, is_composite: bool = True) -> Upload:
    attributes = Attributes("image/png", metadata={"by": "me"})
    return multipart.create(
        settings.home, Upload("", BUCKET, "deep/key", 0, attributes, algorithm, is_composite=is_composite)
    )


def send(settings: Settings, upload: Upload, number: int, data: bytes) -> Part:
    wanted = [upload.algorithm] if upload.algorithm else []
    with multipart.new_part(settings.home, upload, wanted) as incoming:
        incoming.write(data)
        incoming.finish()
        return multipart.store_part(settings.home, upload, number, incoming, wanted)


def test_parts_become_one_object(settings: Settings) -> None:
    """The object is the chosen parts in order, with the attributes of the beginning and an ETag of the parts' MD5s."""
    upload = begin(settings)
    second, first = send(settings, upload, 2, b"two"), send(settings, upload, 1, b"one")
    assert [first, second] == multipart.parts(settings.home, upload)
    found = multipart.complete(settings.home, upload, [first, second])
    assert buckets.read(settings, BUCKET, "deep/key") == b"onetwo"
    digests = hashlib.md5(b"one").digest() + hashlib.md5(b"two").digest()
    assert found.record.etag == f"{hashlib.md5(digests).hexdigest()}-2"
    assert (found.content_type, found.record.attributes.metadata) == ("image/png", {"by": "me"})
    assert found.record.attributes.part_bytes == (3, 3)
    assert local.get(settings.home, BUCKET, "deep/key") == found
    assert multipart.all_of(settings.home, BUCKET) == []


def test_a_part_sent_again_replaces_the_earlier_one(settings: Settings) -> None:
    """Of two parts with one number the later counts."""
    upload = begin(settings)
    send(settings, upload, 1, b"wrong")
    part = send(settings, upload, 1, b"right")
    multipart.complete(settings.home, upload, multipart.parts(settings.home, upload))
    assert buckets.read(settings, BUCKET, "deep/key") == b"right"
    assert part.etag == hashlib.md5(b"right").hexdigest()


def test_checksums_of_the_whole_and_of_its_parts(settings: Settings) -> None:
    """A checksum is of all bytes or of the parts' checksums, as was said at the beginning."""
    for is_composite, expected in (
        (False, checksums.of(b"onetwo", "crc64nvme")),
        (
            True,
            checksums.composite([checksums.of(b"one", "crc64nvme"), checksums.of(b"two", "crc64nvme")], "crc64nvme"),
        ),
    ):
        upload = begin(settings, "crc64nvme", is_composite=is_composite)
        chosen = [send(settings, upload, 1, b"one"), send(settings, upload, 2, b"two")]
        found = multipart.complete(settings.home, upload, chosen)
        assert found.record.attributes.checksums == {"crc64nvme": expected}


def test_an_upload_that_was_given_up_is_gone(settings: Settings) -> None:
    """Its parts are deleted, and its id is not known any more; nor is one that leads elsewhere."""
    upload = begin(settings)
    part = send(settings, upload, 1, b"one")
    multipart.delete(settings.home, upload)
    with pytest.raises(UploadNotFound, match=r"there is no upload .* it was completed or given up"):
        multipart.get(settings.home, BUCKET, "deep/key", upload.id)
    with pytest.raises(UploadNotFound):
        multipart.complete(settings.home, upload, [part])
    with pytest.raises(UploadNotFound, match="the upload was completed or given up meanwhile: begin another"):
        multipart.new_part(settings.home, upload, [])
    for hostile in ("", "..", "../../../x", "\0", "a" * 5000):
        with pytest.raises(UploadNotFound):
            multipart.get(settings.home, BUCKET, "deep/key", hostile)
    assert local.find(settings.home, BUCKET, "deep/key") is None


def test_an_upload_belongs_to_its_key(settings: Settings) -> None:
    """With another key the id is not known."""
    upload = begin(settings)
    assert multipart.get(settings.home, BUCKET, "deep/key", upload.id) == upload
    with pytest.raises(UploadNotFound):
        multipart.get(settings.home, BUCKET, "other", upload.id)


def test_an_upload_left_a_week_ago_is_deleted(settings: Settings) -> None:
    """The next upload to the bucket deletes what nobody will complete."""
    left, young = begin(settings), begin(settings)
    os.utime(settings.home / "buckets" / ".objects" / BUCKET / "uploads" / left.id, (1, 1))
    new = begin(settings)
    assert {young.id, new.id} == {upload.id for upload in multipart.all_of(settings.home, BUCKET)}
