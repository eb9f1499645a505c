"""A pupil may store as many images, and as much, as the teacher allows."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from cvcore import archive, classroom, projects
from cvcore.errors import ArchiveRefused
from cvcore.files import blobs
from cvcore.projects import uploads
from cvcore.settings import MEBIBYTE, Limits
from cvcore.store import ClassLimits, Pupil, Store
from tests.conftest import draw_image, fill_in


@pytest.fixture
def anna(store: Store) -> Pupil:
    """A pupil who may store two images of one megabyte together."""
    classroom.set_password(store, "chalk and sponge")
    school_class = classroom.open_class(store, "4b", limits=ClassLimits(2, 1))
    return classroom.join(store, school_class.code, "Anna")[0]


def test_no_more_images_than_allowed(store: Store, anna: Pupil) -> None:
    """In all projects together; an image that is there already, and one in place of a deleted one, still come in."""
    own, limits = classroom.store_of(store, anna), classroom.limits_of(store, anna, Limits())
    first, second = projects.create(own, "A"), projects.create(own, "B")
    kept = [uploads.add(own, first, f"{number}.png", draw_image(number), limits=limits) for number in (1, 2)]
    refused = uploads.add(own, second, "3.png", draw_image(3), limits=limits)
    assert "you may store 2 images, you have 2: delete some, or ask the teacher for more" == refused.reason
    assert "stored" == uploads.add(own, second, "1.png", draw_image(1), limits=limits).status
    uploads.delete(own, [kept[1].image_id or ""])
    assert "stored" == uploads.add(own, second, "3.png", draw_image(3), limits=limits).status


def test_no_more_megabytes_than_allowed(store: Store, anna: Pupil) -> None:
    """Counted by the files as they are stored."""
    own = classroom.store_of(store, anna)
    project = projects.create(own, "A")
    size = len(draw_image(1)) + len(draw_image(2)) - 1
    limits = Limits(home_bytes=size)
    assert "stored" == uploads.add(own, project, "1.png", draw_image(1), limits=limits).status
    refused = uploads.add(own, project, "2.png", draw_image(2), limits=limits)
    assert refused.reason.startswith("your images may take 0 MB, with this one they take more")
    assert MEBIBYTE == classroom.limits_of(store, anna, Limits()).home_bytes


def test_no_more_with_many_at_once(store: Store, anna: Pupil) -> None:
    """Of ten uploads that come at the same moment, two are stored."""
    limits = classroom.limits_of(store, anna, Limits())
    project = projects.create(classroom.store_of(store, anna), "A")

    def upload(number: int) -> str:
        own = classroom.store_of(store, anna)
        return uploads.add(own, project, f"{number}.png", draw_image(number), limits=limits).status

    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(upload, range(10)))
    own = classroom.store_of(store, anna)
    assert 2 == statuses.count("stored") == own.images.count(project.id)
    assert 2 == sum(path.is_file() for path in (own.home / "originals").rglob("*"))


def test_no_more_by_a_project_zip(store: Store, anna: Pupil, tmp_path: Path) -> None:
    """It is refused as a whole, and nothing of it is stored."""
    packed = archive.pack(store, fill_in(store, rose=3), tmp_path / "project.zip")
    own, limits = classroom.store_of(store, anna), classroom.limits_of(store, anna, Limits())
    with pytest.raises(ArchiveRefused, match="you may store 2 images, you have 0"):
        archive.unpack(own, packed.path, limits=limits)
    assert [] == own.projects.all()
    assert [] == [path for path in (own.home / "originals").rglob("*") if path.is_file()]


def test_no_places_are_stored(store: Store, anna: Pupil) -> None:
    """What the camera noted of the place is removed before a photo is stored; an image without it is as sent."""
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    file = io.BytesIO()
    Image.open(io.BytesIO(draw_image(1))).convert("RGB").save(file, "JPEG", exif=exif)
    own, limits = classroom.store_of(store, anna), classroom.limits_of(store, anna, Limits())
    project = projects.create(own, "A")
    for data in (file.getvalue(), draw_image(2)):
        assert "stored" == uploads.add(own, project, "photo", data, limits=limits).status
    stored = [blobs.read(blobs.original_path(own.home, digest)) for digest in own.images.digests(project.id)]
    assert not Image.open(io.BytesIO(stored[0])).getexif().get_ifd(0x8825)
    assert draw_image(2) == stored[1]
