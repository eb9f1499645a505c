"""What is known of files is read at their upload, and by the worker where it was not."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import ExifTags, Image

from cvcore import archive, image_facts, imaging, projects
from cvcore.files import blobs
from cvcore.imaging import measures
from cvcore.progress import Stopped
from cvcore.projects import uploads
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import FileFacts, Store
from tests.conftest import DrawImage

KNOWN = ("JPEG", "Pixel 7", "2026-05-31")


def photo(side: int = 64) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "Pixel 7"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:05:31 10:11:12"
    file = io.BytesIO()
    Image.effect_noise((side, side), 60).convert("RGB").save(file, "JPEG", exif=exif)
    return file.getvalue()


def stored(store: Store, project: Project) -> FileFacts:
    """What is known of the file of the project's only image."""
    (sha256,) = store.images.digests(project.id)
    return store.file_facts.get(measures.VERSION, [sha256])[sha256]


def known(facts: FileFacts) -> tuple[str, str, str]:
    return facts.file_type, facts.camera, facts.day


def test_an_upload_is_read(store: Store, project: Project) -> None:
    """Camera, day, kind of file and measures are kept with the upload."""
    data = photo()
    uploads.add(store, project, "1.jpg", data, limits=Limits())
    facts = stored(store, project)
    assert KNOWN == known(facts)
    np.testing.assert_array_equal(imaging.read(data, Limits()).measures, facts.numbers)


def test_a_photo_that_is_stored_smaller_keeps_them(store: Store, project: Project, tmp_path) -> None:
    """The original says them, the stored file does not; reading it again or packing it into a zip loses nothing."""
    limits = replace(Limits(), side_max_px=1100)
    upload = uploads.add(store, project, "1.jpg", photo(1200), limits=limits)
    assert "stored smaller" in upload.note
    assert KNOWN == known(stored(store, project))
    (sha256,) = store.images.digests(project.id)
    store.file_facts.put(measures.VERSION - 1, {sha256: stored(store, project)})
    image_facts.fill(store, [sha256])
    assert KNOWN == known(stored(store, project))
    archive.pack(store, project, tmp_path / "p.zip")
    projects.delete(store, project)
    assert {} == store.file_facts.get(measures.VERSION, [sha256])
    assert KNOWN == known(stored(store, archive.unpack(store, tmp_path / "p.zip", limits=Limits())))


def test_a_refused_upload_leaves_nothing(store: Store, project: Project) -> None:
    """What was read is kept in the transaction of the upload."""

    def fail(image_id: str, is_new: bool) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        uploads.add(store, project, "1.jpg", photo(), limits=Limits(), on_stored=fail)
    assert 0 == store._connections.value("select count(*) from file_facts")


def test_images_stored_before_are_read_later(store: Store, project: Project, drawn_image: DrawImage) -> None:
    """What is missing is read from the stored files; one that is missing or damaged is left out."""
    for number in range(3):
        uploads.add(store, project, f"{number}.png", drawn_image(number), limits=Limits())
    whole, damaged, missing = store.images.digests(project.id)
    before = store.file_facts.get(measures.VERSION, [whole])[whole]
    for sha256 in (whole, damaged, missing):
        store.file_facts.delete(sha256)
    blobs.write(blobs.original_path(store.home, damaged), b"\x89PNG")
    blobs.delete(blobs.original_path(store.home, missing))
    assert {project.id: {whole, damaged, missing}} == {
        key: set(each) for key, each in image_facts.unread(store).items()
    }
    image_facts.fill(store, [whole, damaged, missing, whole])
    (found,) = store.file_facts.get(measures.VERSION, [whole, damaged, missing]).values()
    assert known(before) == known(found)
    np.testing.assert_array_equal(before.numbers, found.numbers)


def test_reading_can_be_stopped(store: Store, project: Project, drawn_image: DrawImage) -> None:
    """A reading that is asked to stop does so between images, and goes on later."""
    uploads.add(store, project, "1.png", drawn_image(1), limits=Limits())
    (sha256,) = store.images.digests(project.id)
    store.file_facts.delete(sha256)

    def stop(stage: str, fraction: float) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        image_facts.fill(store, [sha256], stop)
    assert [sha256] == image_facts.unread(store)[project.id]
